import Bundles
import Foundation
import Training

extension AdapterBundle {
    /// Refuses a session's model that the bundle does not fit, and prints warnings.
    /// - Throws: `BundleError`
    func check(for session: Session, file: String, force: Bool) throws {
        try session.check(self, file: file, force: force).forEach { Console.warn($0) }
    }

    /// A bundle's file, checked so.
    static func read(_ file: String, for session: Session, force: Bool = false) throws -> AdapterBundle {
        let bundle = try BundleFile.read(URL(fileURLWithPath: file))
        try bundle.check(for: session, file: file, force: force)
        return bundle
    }
}
