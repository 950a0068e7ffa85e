import Amalgam
import ArgumentParser
import Foundation

struct FuseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fuse",
        abstract:
            "Put adapters together for a task: attention, learned scales, or their mean. The bundle includes the adapters.",
        discussion: "Methods:\n"
            + (FusionMethod.methods + [
                (Self.auto, "whichever of many ways should score best, judged by the task's own labels")
            ])
            .map { "  \($0.name): \($0.summary)" }.joined(separator: "\n"))

    @OptionGroup var model: ModelOptions
    @Option(help: "A task's YAML, or a folder with train, dev and test files.") var task: String
    @Option(parsing: .upToNextOption, help: "The bundles with the adapters to fuse.") var adapters: [String] = []
    @Option(help: "How the adapters are put together; see above. (default: fusion)") var method: String?
    @OptionGroup var composition: ComposeOption
    @Option(help: "The bundle to write.") var out: String
    @Option(
        help: ArgumentHelp(
            "With --method auto: the tokens that may be spent, in trainings of a fusion on all labels. (default: 6 up to 256 labels, 4 for more)",
            valueName: "fusions"))
    var budget: Double?
    @Option(
        help:
            "Kind of fusion: dynamic (with a value matrix) or static (without one). (default: dynamic, or that of --init-from)"
    )
    var fusion: String?
    @Option(
        help: "Strength of the penalty that keeps the value matrix near the identity; 0 for none. (default: 0.01)")
    var regularization: Double?
    @Option(
        help:
            "Start from this bundle's fusion, of the same adapters; without --adapters, of those in the bundle. The head is new."
    )
    var initFrom: String?
    @Flag(help: "Train the adapters together with the fusion; the bundle has them as they are then.")
    var unfreeze = false
    @Option(
        help:
            "Peak learning rate of the adapters with --unfreeze. (default: \(BundledAdapters.standardLearningRate))")
    var adapterLr: Double?
    @Flag(help: "Allow adapters that were trained on a different model, if all shapes match.") var force = false
    @OptionGroup var language: LanguageOption
    @OptionGroup var training: TrainingFlags
    @OptionGroup var labels: LabelOptions
    @OptionGroup var common: CommonOptions

    private static let attention = "fusion"
    private static let auto = "auto"

    func validate() throws {
        guard adapters.isEmpty || composition.compose == nil,
            !(adapters.isEmpty && composition.compose == nil && initFrom == nil)
        else {
            throw ValidationError("--adapters, --compose: give one of the two")
        }
        if let method {
            guard composition.compose == nil else {
                throw ValidationError(
                    "--method: found \(method) with --compose, whose expression names its blocks; omit it")
            }
            let others = [
                ("--fusion", fusion != nil), ("--regularization", regularization != nil),
                ("--init-from", initFrom != nil),
            ]
            if method != Self.attention, let other = others.first(where: \.1)?.0 {
                throw ValidationError(
                    "\(other): only --method \(Self.attention) has it, found \(method); omit one of the two")
            }
        }
        if adapterLr != nil, !unfreeze { throw ValidationError("--adapter-lr: needs --unfreeze") }
        guard method == Self.auto else {
            if budget != nil { throw ValidationError("--budget: needs --method \(Self.auto)") }
            return
        }
        if unfreeze {
            throw ValidationError("--unfreeze: --method \(Self.auto) does not have it; omit one of the two")
        }
    }

    func run() async throws {
        try await guarded {
            let fusion = try fusionOptions()
            let method = try fusionMethod()
            let run = TrainingRun(common: common, out: out)
            var options = try training.options(seed: common.seed, output: run.output)
            options.allowsOtherModel = force
            let task = try labels.task(task)
            guard self.method != Self.auto else {
                try training.checkForChoice()
                let sources = try adapters.map { try AdapterBundle(contentsOf: URL(fileURLWithPath: $0)) }
                let model = try model.model(common)
                let language = try language.bundle()
                return try await ChoiceRun(common: common, out: out).run {
                    model.chooseFusion(
                        on: task, from: sources, language: language, budget: budget, options: options)
                }
            }
            let start = try initFrom.map { try AdapterBundle(contentsOf: URL(fileURLWithPath: $0)) }
            let state: BundledAdapters = unfreeze ? .trained(learningRate: adapterLr) : .frozen
            let recipe: TrainingRecipe =
                if let composition = try composition.composition() {
                    .composition(composition, fusionStartingFrom: start, adapters: state)
                } else if let method {
                    .fusion(
                        try adapters.map { try AdapterBundle(contentsOf: URL(fileURLWithPath: $0)) }, method: method,
                        adapters: state)
                } else {
                    .fusion(
                        try adapters.map { try AdapterBundle(contentsOf: URL(fileURLWithPath: $0)) }, fusion,
                        startingFrom: start, adapters: state)
                }
            try await run.run(
                recipe, on: [task], model: try model.model(common), language: try language.bundle(), options: options)
        }
    }

    /// nil: attention, whose options are flags.
    private func fusionMethod() throws -> FusionMethod? {
        guard let method, method != Self.attention, method != Self.auto else { return nil }
        let names = FusionMethod.methods.map(\.name) + [Self.auto]
        guard names.contains(method) else {
            throw wrongOption("--method", found: method, expected: names.joined(separator: ", "))
        }
        return try FusionMethod(named: method)
    }

    /// nil: as `--init-from`, or the default.
    private func fusionOptions() throws -> FusionOptions? {
        if let regularization, !(regularization >= 0 && regularization.isFinite) {
            throw wrongOption("--regularization", found: "\(regularization)", expected: "0 or more")
        }
        switch fusion {
        case nil where regularization == nil: return nil
        case nil, "dynamic": return FusionOptions(usesValue: true, regularization: Float(regularization ?? 0.01))
        case "static": return .static
        case let other?: throw wrongOption("--fusion", found: other, expected: "dynamic or static")
        }
    }
}
