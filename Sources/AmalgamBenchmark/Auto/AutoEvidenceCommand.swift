import Ablation
import Adapters
import ArgumentParser
import Bundles
import Corpora
import Foundation
import Models
import Numerics
import Tasks
import Training

/// Evidence on every candidate of `fuse --method auto`, whatever it costs: what its prior is fitted to.
struct AutoEvidenceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "auto-evidence", abstract: "Score every candidate of fuse --method auto by cross-validation.")

    @Option(help: "A Hugging Face folder, or the name of a fetched model.") var model: String
    @Option(help: "A task's YAML, or a folder with a train file.") var task: String
    @Option(parsing: .upToNextOption, help: "The bundles of the sources.") var adapters: [String]
    @Option(help: "Seed of the folds and the trainings.") var seed = 0
    @Option(help: "Maximum length in tokens.") var maxLength = 128
    @Option(help: "fp32 or bf16.") var precision = "fp32"
    @Option(help: "Number of threads.") var threads = 2

    func run() throws {
        try Products.load()
        guard let precision = Precision(rawValue: precision) else {
            throw BenchmarkError.option(name: "--precision", found: precision, expected: "fp32 or bf16")
        }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("amalgam-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let session = try Session(folder: ModelStore().resolve(model), threads: threads, cache: nil)
        var data = try TaskData.load(try TaskDefinition.load(URL(fileURLWithPath: task)))
        (data.dev, data.test) = ([], [])
        var settings = TrainingSettings()
        settings.seed = seed
        settings.maxLength = maxLength
        settings.precision = precision
        let experiment = try AutoExperiment(
            data, sources: try adapters.map { try BundleFile.read(URL(fileURLWithPath: $0)) }, session: session,
            settings: settings, configuration: try .resolve("seq_bn"))
        let (evidence, closest) = try experiment.evidence(in: folder, ExperimentEnvironment())
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        print(String(decoding: try encoder.encode(Output(evidence: evidence, closest: closest)), as: UTF8.self))
    }

    private struct Output: Encodable {
        var evidence: AutoEvidence
        var closest: String
    }
}
