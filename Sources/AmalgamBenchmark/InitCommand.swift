import Adapters
import ArgumentParser
import Bundles
import Corpora
import Foundation
import Models
import Numerics
import Training

/// Start bundles for the rows. All their weights are moved off where training starts: at initialisation a wrong formula
/// often gives the right number.
struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Write bundles with initial weights.",
        discussion: "adapter.h5, tagging.h5, qa.h5, lora.h5, prefix.h5, multitask.h5, fusion.h5 and head.h5.")

    @Option(help: "A Hugging Face folder, or the name of a fetched model.") var model: String
    @Option(help: "The output folder.") var out: String
    @Option(help: "Number of adapters in the fusion.") var adapters = 8
    @Option(parsing: .upToNextOption, help: "Number of labels of each task.") var labels = [2, 3, 4, 2, 3, 4, 2, 3]
    @Option(help: "Number of tags of tagging.h5.") var tags = 9
    @Option(help: "Seed for all random numbers.") var seed = 1
    @Option(help: "Standard deviation of the noise that is added to each weight.") var spread = 0.02

    func run() throws {
        guard adapters >= 1, seed >= 0, tags >= 2, !labels.isEmpty, labels.allSatisfy({ $0 >= 2 }) else {
            throw BenchmarkError.option(
                name: "--adapters, --seed, --tags, --labels", found: "\(adapters), \(seed), \(tags), \(labels)",
                expected: "at least 1, 0, 2, and 2 for each task")
        }
        let model = try EncoderModel(folder: ModelStore().resolve(model))
        let folder = URL(fileURLWithPath: out, isDirectory: true)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let heads = RowTarget.labels(.first).heads(labels)
        func shared(_ preset: String) throws -> Member { Member(name: "shared", configuration: try .resolve(preset)) }
        let adapter = try shared("seq_bn")
        let fused = try (0..<adapters).map { Member(name: "a\($0)", configuration: try .resolve("seq_bn")) }
        let base = BaseIdentity(name: model.name, fingerprint: nil, shape: model.configuration)

        func write(_ file: String, _ bundle: AdapterBundle) throws {
            try BundleFile.write(filled(bundle), to: folder.appendingPathComponent(file))
        }
        for (file, adapter, heads) in [
            ("adapter.h5", adapter, [heads[0]]), ("tagging.h5", adapter, RowTarget.tags.heads([tags])),
            // The layer of a head for spans as one for tags, which can be exported
            ("qa.h5", adapter, RowTarget.tags.heads([2])), ("lora.h5", try shared("lora"), [heads[0]]),
            ("prefix.h5", try shared("prefix_tuning_flat"), [heads[0]]), ("multitask.h5", adapter, heads),
        ] {
            try write(
                file,
                AdapterBundle(
                    name: adapter.name, base: base, members: [adapter],
                    composition: .leaf(adapter.name),
                    heads: heads))
        }
        try write(
            "fusion.h5",
            AdapterBundle(
                name: "fusion", base: base, members: fused.sorted { $0.name < $1.name },
                composition: .fuse(fused.map(\.name)), heads: [heads[0]]))
        try write("head.h5", AdapterBundle(name: heads[0].name, base: base, heads: [heads[0]]))
    }

    private func filled(_ bundle: AdapterBundle) throws -> AdapterBundle {
        var bundle = bundle
        let specs = try bundle.specs()
        let start = try ParameterBuffer(specs, seed: UInt64(seed))
        // Parameters point into the buffer and do not keep it alive
        withExtendedLifetime(start) {
            bundle.tensors = start.parameters.map { parameter in
                let key = Randomness.key(UInt64(seed), 0x5EED, Randomness.hash(parameter.name))
                return NamedTensor(
                    parameter.name, parameter.shape,
                    parameter.array.enumerated().map { $1 + Float(spread) * Randomness.normal(key, $0) })
            }
        }
        return bundle
    }
}
