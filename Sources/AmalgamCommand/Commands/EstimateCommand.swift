import Amalgam
import ArgumentParser
import Foundation

struct EstimateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "estimate",
        abstract: "Estimate the memory and time of a training that is too large for this machine.",
        discussion: """
            Reads a model's config.json, no weights. Memory is that of one device, by the formulas of ZeRO (Rajbhandari et al. \
            2020) for Adam in mixed precision.
            """)

    @Option(help: "A Hugging Face config.json (LLaMA, BERT and the other families of train-adapter and tune).")
    var config: String
    @Option(help: "What is trained: full, lora, qlora or adapter.") var method = "full"
    @Option(help: "Another adapter than the method's own: a name or a YAML file.") var adapter: String?
    @Option(
        name: .customLong("set"), parsing: .singleValue,
        help: "Override a field of the adapter's configuration: field=value, for example rank=64.")
    var overrides: [String] = []
    @Option(help: "ZeRO's stage: 0 divides nothing, 1 the optimizer's states, 2 also gradients, 3 also weights.")
    var zero = 0
    @Option(help: "Devices.") var ranks = 1
    @Option(help: "Sequences per batch and device.") var batch = 1
    @Option(help: "Tokens per sequence.") var length = 2048
    @Flag(help: "Compute each layer again for the backward pass, to keep fewer activations.") var recompute = false
    @Option(help: "Training tokens.") var tokens = 1e9
    @Option(help: "Peak operations per second of a device. (default: an A100's in bfloat16)") var flops = 312e12
    @Option(help: "The share of --flops that the training reaches, up to 1.") var utilization = 0.4
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await guarded {
            var setup = TrainingEstimate.Setup()
            guard let method = TrainingEstimate.Method(rawValue: method) else {
                throw wrongOption("--method", found: method, expected: TrainingEstimate.Method.names(" or "))
            }
            setup.method = method
            let presets: [TrainingEstimate.Method: String] = [.lora: "lora", .qlora: "lora", .adapter: "seq_bn"]
            if adapter != nil || !overrides.isEmpty {
                guard let preset = presets[method] else {
                    throw wrongOption(
                        adapter == nil ? "--set" : "--adapter", found: "a value",
                        expected: "none: all weights are trained")
                }
                setup.configuration = try AdapterConfiguration(adapter ?? preset, overrides: overrides)
            }
            (setup.zero, setup.ranks, setup.batch, setup.length) = (zero, ranks, batch, length)
            (setup.recomputes, setup.tokens) = (recompute, tokens)
            (setup.flops, setup.utilization) = (flops, utilization)
            let estimate = try TrainingEstimate(config: URL(fileURLWithPath: config), setup)
            if common.json { return Console.print(json: estimate.values) }
            Console.write(estimate.report.terminalText)
        }
    }
}
