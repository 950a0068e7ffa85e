import ArgumentParser
import Bundles
import Foundation
import Training

/// Which bundle, and which of its heads.
struct BundleOptions: ParsableArguments {
    @Option(help: "The bundle.") var bundle: String
    @OptionGroup var language: LanguageOption
    @Option(help: "The head, by its task's name. (default: the task's, or the only one)") var head: String?
    @Option(help: "Pieces a text is cut at. (default: as in training)") var maxLength: Int?
    @OptionGroup var precision: PrecisionOption
    @Flag(help: "Use a bundle that was trained on another model of the same shape.") var force = false
    @Flag(help: "Read a bundle that another program has changed since it was written.") var allowChanged = false

    func read() throws -> AdapterBundle {
        try BundleFile.read(URL(fileURLWithPath: bundle), allowChanged: allowChanged)
    }

    func predictor(_ bundle: AdapterBundle, session: Session, task: String?) throws -> Predictor {
        try bundle.check(for: session, file: self.bundle, force: force)
        let below = try language.read(for: session, force: force)
        if let word = bundle.word(on: below, file: self.bundle) { Console.error("amalgam: \(word)") }
        return try Predictor(
            session, bundle: bundle, language: below, task: head ?? task, maxLength: maxLength,
            precision: try precision.value())
    }
}
