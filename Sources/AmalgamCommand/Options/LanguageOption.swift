import ArgumentParser
import Bundles
import Foundation
import Training

/// The language adapter that a task's adapters stand on.
struct LanguageOption: ParsableArguments {
    @Option(
        help: "A bundle from train-language, for the language of the texts. It stays frozen, below the task adapter.")
    var language: String?

    /// - Returns: nil where none is given
    /// - Throws: what reading throws; `BundleError` where it was trained on another model or is no language adapter
    func read(for session: Session, force: Bool = false) throws -> LanguageAdapter? {
        try language.map { path in
            let bundle = try AdapterBundle.read(path, for: session, force: force)
            let adapter = try LanguageAdapter(bundle)
            if !bundle.heads.isEmpty {
                Console.warn(
                    "\(path): trained for \(bundle.provenance.task), not for a language; give a bundle from train-language"
                )
            }
            return adapter
        }
    }
}
