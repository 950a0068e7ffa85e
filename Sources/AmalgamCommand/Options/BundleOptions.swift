import Amalgam
import ArgumentParser
import Foundation

/// Which bundle, and which of its heads.
struct BundleOptions: ParsableArguments {
    @Option(help: "The bundle to use.") var bundle: String?
    @OptionGroup var composition: ComposeOption
    @OptionGroup var language: LanguageOption
    @Option(help: "The name of the head. (default: the head of the task, or the only head)") var head: String?
    @Option(help: "Maximum length in tokens; longer texts are truncated. (default: as in training)") var maxLength: Int?
    @OptionGroup var answers: AnswerFlags
    @Option(
        help: ArgumentHelp(
            "Drop all adapters in this many of the lowest layers (AdapterDrop): faster, with other predictions.",
            valueName: "layers"))
    var dropLayers = 0
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
    func files() throws -> [String] { try bundle.map { [$0] } ?? composition.files() }

    /// Prints warnings of a composition.
    func read() throws -> AdapterBundle {
        if let bundle {
            return try AdapterBundle(contentsOf: URL(fileURLWithPath: bundle), allowsChanges: allowChanged)
        }
        guard let parts = try composition.composition(allowChanged: allowChanged) else {
            throw ValidationError("--compose: give an expression")
        }
        let bundle = try AdapterBundle(composing: parts, name: name, allowsOtherModel: force)
        Console.warn(bundle.warnings)
        return bundle
    }

    /// Prints the predictor's warnings.
    /// - Parameter task: what is scored; nil: texts without a task.
    func predictor(_ bundle: AdapterBundle, on model: Model, for task: TextTask? = nil) throws -> Predictor {
        let predictor = try Predictor(model, bundle, options: options(for: task))
        Console.warn(predictor.warnings)
        return predictor
    }

    /// All heads of parallel adapters, if the user has not chosen one; nil for other bundles. Prints its warnings.
    func headsPredictor(_ bundle: AdapterBundle, on model: Model) throws -> HeadsPredictor? {
        guard head == nil, bundle.isParallel else { return nil }
        let predictor = try HeadsPredictor(model, bundle, options: options())
        Console.warn(predictor.warnings)
        return predictor
    }

    /// The heads of a bundle with several, each for the records of its task, if the user has not chosen one; nil for other
    /// bundles. Prints its warnings.
    /// - Parameter isAsked: whether also parallel adapters, which would answer together, shall answer for their own records
    func taskPredictor(_ bundle: AdapterBundle, on model: Model, isAsked: Bool) throws -> TaskPredictor? {
        guard head == nil, bundle.heads.count > 1, isAsked || !bundle.isParallel else { return nil }
        let predictor = try TaskPredictor(model, bundle, options: options())
        Console.warn(predictor.warnings)
        return predictor
    }

    private func options(for task: TextTask? = nil) throws -> PredictorOptions {
        var options = PredictorOptions()
        options.head = head
        options.task = task
        options.language = try language.bundle()
        options.maxLength = maxLength
        options.droppedLayers = dropLayers
        options.answers = answers.options()
        options.precision = try precision.value()
        options.allowsOtherModel = force
        return options
    }
}
