import ArgumentParser
import Bundles
import Foundation
import Training

/// Which bundle, and which of its heads.
struct BundleOptions: ParsableArguments {
    @Option(help: "The bundle to use.") var bundle: String?
    @OptionGroup var composition: ComposeOption
    @OptionGroup var language: LanguageOption
    @Option(help: "The name of the head. (default: the head of the task, or the only head)") var head: String?
    @Option(help: "Maximum length in tokens; longer texts are truncated. (default: as in training)") var maxLength: Int?
    @OptionGroup var precision: PrecisionOption
    @Flag(help: "Allow a bundle that was trained on a different model, if all shapes match.") var force = false
    @Flag(help: "Read a bundle even if it was modified after Amalgam wrote it.") var allowChanged = false

    func validate() throws {
        guard (bundle == nil) != (composition.compose == nil) else {
            throw ValidationError("--bundle, --compose: give one of the two")
        }
    }

    /// What messages and reports call the bundle.
    var name: String { bundle ?? composition.compose ?? "" }

    /// The files that it is read from.
    /// - Throws: `TrainingError.setting` for an expression with a mistake
    func files() throws -> [String] { try bundle.map { [$0] } ?? composition.expression()?.files ?? [] }

    func read() throws -> AdapterBundle {
        if let bundle { return try BundleFile.read(URL(fileURLWithPath: bundle), allowChanged: allowChanged) }
        return try composition.bundle(force: force, allowChanged: allowChanged)
    }

    /// - Parameter task: what is scored; nil: texts without a task.
    func predictor(_ bundle: AdapterBundle, session: Session, task: HeadTask?) throws -> Predictor {
        try bundle.check(for: session, file: name, force: force)
        let predictor = try Predictor(
            session, bundle: bundle, file: name, language: try language.read(for: session, force: force),
            head: head, task: task, maxLength: maxLength, precision: try precision.value())
        predictor.warnings.forEach { Console.warn($0) }
        return predictor
    }
}
