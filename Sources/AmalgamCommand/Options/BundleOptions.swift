import ArgumentParser
import Bundles
import Foundation
import Training

/// Which bundle, and which of its heads.
struct BundleOptions: ParsableArguments {
    @Option(help: "The bundle to use.") var bundle: String
    @OptionGroup var language: LanguageOption
    @Option(help: "The name of the head. (default: the head of the task, or the only head)") var head: String?
    @Option(help: "Maximum length in tokens; longer texts are truncated. (default: as in training)") var maxLength: Int?
    @OptionGroup var precision: PrecisionOption
    @Flag(help: "Allow a bundle that was trained on a different model, if all shapes match.") var force = false
    @Flag(help: "Read a bundle even if it was modified after Amalgam wrote it.") var allowChanged = false

    func read() throws -> AdapterBundle {
        try BundleFile.read(URL(fileURLWithPath: bundle), allowChanged: allowChanged)
    }

    /// - Parameter task: what is scored; nil: texts without a task.
    func predictor(_ bundle: AdapterBundle, session: Session, task: HeadTask?) throws -> Predictor {
        try bundle.check(for: session, file: self.bundle, force: force)
        let predictor = try Predictor(
            session, bundle: bundle, file: self.bundle, language: try language.read(for: session, force: force),
            head: head, task: task, maxLength: maxLength, precision: try precision.value())
        predictor.warnings.forEach { Console.warn($0) }
        return predictor
    }
}
