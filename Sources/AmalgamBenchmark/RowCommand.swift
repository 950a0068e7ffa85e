import Adapters
import ArgumentParser
import Bundles
import Corpora
import Foundation
import Numerics
import Training

/// Runs one row of the comparison.
struct RowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "row", abstract: "Train or predict on given batches; prints speed, losses and memory.")

    @Argument(help: "The row to measure: \(RowName.allCases.map(\.rawValue).joined(separator: ", ")).") var name: String
    @Option(help: "A Hugging Face folder, or the name of a fetched model.") var model: String
    @Option(
        parsing: .upToNextOption,
        help: "JSONL, one file per task: text with label (a number) or tags; question, context and answers.")
    var texts: [String]
    @Option(help: "JSON: a list of {\"task\", \"rows\"}.") var batches: String
    @Option(help: "Precision of products with frozen weights: fp32 or bf16.") var precision = "fp32"
    @Option(help: "Number of threads.") var threads = 2
    @Option(help: "on (the model's dropout) or off.") var dropout = "on"
    @Option(help: "Constant learning rate.") var lr = 1e-4
    @Option(help: "A bundle with the initial weights; for fusion, with its adapters.") var start: String?
    @Option(parsing: .upToNextOption, help: "Bundles to fuse, instead of those in --start.") var adapters: [String] =
        []
    @Option(help: "Steps that are not timed.") var skip = 3
    @Option(help: "Maximum length in tokens; longer texts are truncated.") var maxLength = 128

    func run() throws {
        guard let row = RowName(rawValue: name) else {
            throw BenchmarkError.option(
                name: "NAME", found: name, expected: RowName.allCases.map(\.rawValue).joined(separator: ", "))
        }
        guard let precision = Precision(rawValue: precision) else {
            throw BenchmarkError.option(name: "--precision", found: precision, expected: "fp32 or bf16")
        }
        guard precision == .float32 || row.hasBFloat16 else {
            throw BenchmarkError.option(
                name: "--precision", found: "bf16", expected: "fp32: \(name) has no frozen weights")
        }
        guard ["on", "off"].contains(dropout) else {
            throw BenchmarkError.option(name: "--dropout", found: dropout, expected: "on or off")
        }
        try precision.validate()
        let session = try Session(folder: ModelStore().resolve(model), threads: threads, cache: nil)
        let data = try RowData(
            texts: texts, as: row.target, batches: batches, maxLength: maxLength, session: session)
        func bundle(_ path: String) throws -> AdapterBundle { try BundleFile.read(URL(fileURLWithPath: path)) }
        let arrangement = try row.arrangement(
            model: session.model, outputs: data.outputs, start: start.map(bundle), adapters: adapters.map(bundle))
        let network = try Network(arrangement, seed: 1, precision: precision)
        var timing = try RowTiming(row, network: network, data: data, session: session, drops: dropout == "on")
        for i in data.batches.indices { timing.step(i, rate: Float(lr), counts: i >= skip) }
        ConfigurationValue.map([
            "row": .string(name), "precision": .string(precision.rawValue), "steps": .init(data.batches.count),
            "tokens": .init(timing.tokens), "seconds": .number(timing.seconds),
            "tokens_per_second": .number(Double(timing.tokens) / timing.seconds),
            "losses": .list(timing.losses.map { .number($0) }),
            "gflops": .number(timing.operations / timing.seconds / 1e9),
            "peak_memory_bytes": .init(PeakMemory.bytes), "products": .string(Products.description),
        ]).printJSON()
    }
}

/// The steps of a row, with what is counted of them.
struct RowTiming {
    private let network: Network
    private let data: RowData
    private let session: Session
    private let plans: [HeadPlan]
    private let optimizer: AdamW?
    private let drops: Bool
    /// Real ones, of the timed steps.
    private(set) var tokens = 0
    private(set) var seconds = 0.0
    /// Floating-point operations that the timed steps need: two a multiply-add.
    private(set) var operations = 0.0
    /// Cross-entropy of each step, without regularisers: a large constant would hide a difference.
    private(set) var losses: [Double] = []

    init(_ row: RowName, network: Network, data: RowData, session: Session, drops: Bool) throws {
        self.network = network
        self.data = data
        self.session = session
        self.drops = drops && row.trains
        plans = try network.arrangement.heads.indices.map { head in
            try network.plan(
                head: head, trains: row.trains, baseDropout: drops, headDropout: drops ? nil : 0)
        }
        optimizer =
            row.trains ? AdamW(network.parameters, settings: AdamW.Settings(), pool: session.workspace.pool) : nil
    }

    mutating func step(_ i: Int, rate: Float, counts: Bool) {
        let chosen = data.batches[i]
        let head = plans[min(chosen.task, plans.count - 1)]
        let start = DispatchTime.now().uptimeNanoseconds
        let batch = data.tasks[chosen.task].batch(
            chosen.rows, task: chosen.task,
            heads: [BatchHead(index: chosen.task, column: 0, input: network.arrangement.heads[chosen.task].head.input)])
        let results = head.plan.run(
            batch, workspace: session.workspace, stepKey: drops ? Randomness.key(1, UInt64(i)) : nil)
        let loss = results.values(head.loss).reduce(0.0) { $0 + Double($1) }
        optimizer?.step(head.plan.parameters, rate: rate, clip: 1)
        let time = Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
        losses.append(loss)
        guard counts else { return }
        tokens += batch.tokens
        seconds += time
        operations += 2 * head.plan.multiplyAdds(batch)
    }
}
