import Bundles
import Foundation
import Training

extension AdapterBundle {
    /// Refuses a session's model that the bundle does not go with, and says what a user should know.
    /// - Throws: `BundleError.base`
    func check(for session: Session, file: String, force: Bool) throws {
        if let word = try check(model: session.model, fingerprint: session.fingerprint, file: file, force: force) {
            Console.error("amalgam: \(word)")
        }
    }

    /// A bundle's file, checked so.
    static func read(_ file: String, for session: Session, force: Bool = false) throws -> AdapterBundle {
        let bundle = try BundleFile.read(URL(fileURLWithPath: file))
        try bundle.check(for: session, file: file, force: force)
        return bundle
    }
}
