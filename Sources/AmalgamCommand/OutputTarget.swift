import Amalgam
import Foundation

/// What an output must not replace.
enum OutputTarget {
    /// Refuses outputs that are inputs of the same command, or each other.
    /// - Parameters:
    ///   - outputs: by their flags
    ///   - inputs: what the command reads
    static func check(_ outputs: [(flag: String, path: String?)], inputs: [String]) throws(AmalgamError) {
        func canonical(_ path: String) -> String {
            URL(fileURLWithPath: path).standardizedFileURL.resolvingSymlinksInPath().path
        }
        var taken = Set(inputs.map(canonical))
        for (flag, path) in outputs {
            guard let path, !taken.insert(canonical(path)).inserted else { continue }
            throw wrongOption(
                flag, found: "\(path), which this command also reads or writes", expected: "a file of its own")
        }
    }
}
