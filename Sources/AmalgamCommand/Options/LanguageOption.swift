import Amalgam
import ArgumentParser
import Foundation

/// The language adapter that a task's adapters stand on.
struct LanguageOption: ParsableArguments {
    @Option(
        help: "A bundle from train-language, for the language of the texts. It stays frozen, below the task adapter.")
    var language: String?

    /// - Returns: nil where none is given
    func bundle() throws -> AdapterBundle? {
        try language.map { try AdapterBundle(contentsOf: URL(fileURLWithPath: $0)) }
    }
}
