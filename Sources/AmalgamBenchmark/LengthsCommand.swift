import Adapters
import ArgumentParser
import Corpora
import Foundation
import Models
import Numerics
import Training

/// How much faster some threads are on one text, or on a few uneven ones.
struct LengthsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lengths",
        abstract: "Time batches of one text or a few on one thread and on several, in milliseconds.")

    /// Those that need no bundle to start from, and learn from labels.
    private static let possible: [RowName] = [
        .adapterTrain, .adapterTrainMean, .loraTrain, .prefixTrain, .full, .inferAdapter,
    ]

    @Option(help: "A Hugging Face folder, or the name of a fetched model.") var model: String
    @Option(
        parsing: .upToNextOption, help: "Batches: the lengths of their texts in tokens, with commas between them.")
    var batches = ["512", "256", "128", "64", "32", "300,100,60", "40,25"]
    @Option(parsing: .upToNextOption, help: "Rows: \(possible.map(\.rawValue).joined(separator: ", ")).")
    var rows = ["adapter_train", "adapter_train_mean", "infer_adapter"]
    @Option(help: "Number of threads to compare with one.") var threads = 2
    @Option(help: "Seconds per row and batch: the best time of each counts, in turns.") var seconds = 2.0

    func run() throws {
        try Products.load()
        let model = try EncoderModel(folder: ModelStore().resolve(model))
        let batches = try self.batches.map { try batch($0, model.configuration) }
        let workspaces = [1, threads].map { Workspace(threads: $0) }
        for name in rows {
            guard let row = RowName(rawValue: name), Self.possible.contains(row) else {
                throw BenchmarkError.option(
                    name: "--rows", found: name,
                    expected: Self.possible.map(\.rawValue).joined(separator: ", "))
            }
            let network = try Network(
                row.arrangement(model: model, outputs: [2], start: nil, adapters: []), seed: 1, precision: .float32)
            let plan = try network.plan(head: 0, trains: row.trains)
            for (lengths, batch) in batches {
                let times = best(row, network, plan, batch, workspaces)
                ConfigurationValue.map([
                    "row": .string(name), "lengths": .list(lengths.map { .init($0) }), "threads": .init(threads),
                    "one_ms": .number(times[0]), "threads_ms": .number(times[1]),
                    "speedup": .number(times[0] / times[1]), "products": .string(Products.description),
                ]).printJSON()
            }
        }
    }

    private func batch(_ text: String, _ model: ModelConfiguration) throws -> (lengths: [Int], batch: PackedBatch) {
        let lengths = text.split(separator: ",").compactMap { Int($0) }
        guard !lengths.isEmpty, lengths.allSatisfy({ (1...model.longestSequence).contains($0) }) else {
            throw BenchmarkError.option(
                name: "--batches", found: text, expected: "lengths from 1 to \(model.longestSequence)")
        }
        let batch = PackedBatch(
            lengths.enumerated().map { i, length in
                let key = Randomness.key(UInt64(i), UInt64(length))
                let ids = (0..<length).map { Int32(Randomness.integer(key, $0, below: model.vocabulary)) }
                return (ids, ids.map { _ in 0 }, SequenceRow(example: UInt64(i)))
            }, classes: lengths.map { $0 % 2 })
        return (lengths, batch)
    }

    /// Milliseconds on each workspace: whatever disturbs a run only makes it slower.
    private func best(
        _ row: RowName, _ network: Network, _ plan: HeadPlan, _ batch: PackedBatch, _ workspaces: [Workspace]
    ) -> [Double] {
        let optimizers = workspaces.map { AdamW(network.parameters, settings: AdamW.Settings(), pool: $0.pool) }
        var best = [Double](repeating: .infinity, count: workspaces.count)
        let start = DispatchTime.now().uptimeNanoseconds
        while Double(DispatchTime.now().uptimeNanoseconds - start) < seconds * 1e9 {
            for (i, workspace) in workspaces.enumerated() {
                for step in 0..<3 as Range<UInt64> {
                    let begin = DispatchTime.now().uptimeNanoseconds
                    _ = plan.plan.run(batch, workspace: workspace, stepKey: row.trains ? step : nil)
                    if row.trains { optimizers[i].step(plan.plan.parameters, rate: 1e-6, clip: 1) }
                    best[i] = min(best[i], Double(DispatchTime.now().uptimeNanoseconds - begin) / 1e6)
                }
            }
        }
        return best
    }
}
