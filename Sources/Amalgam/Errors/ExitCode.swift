import Adapters
import Bundles
import Corpora
import Files
import Foundation
import Text

extension AmalgamError {
    /// The exit code of the command `amalgam` where it does not follow from the kind. Scripts rely on it: 64 for usage, 65 for
    /// bad data, 66 for missing input, 74 for input and output.
    static func exitCode(of error: any Error) -> Int32? {
        switch error {
        case is AdapterError: 64
        case BundleError.merge(file: .some, _, _, _, _): 65
        case BundleError.members, FileError.library, TextError.noMerges, is CocoaError: 65
        case CorporaError.nothing: 66
        case FileError.system(_, _, let code): code == ENOENT || code == ENOTDIR ? nil : 74
        default: nil
        }
    }
}
