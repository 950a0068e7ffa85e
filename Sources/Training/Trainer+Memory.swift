import Foundation
import Models
import Numerics

/// What a run will take at its peak, before its first step: what is resident by now, and what the steps will add.
package struct MemoryEstimate: Equatable, Sendable {
    /// With the model, its packed weights, the data and the parameters in memory.
    package var resident = 0
    /// The base's matrices in blocks, which the steps read where they lie.
    package var base = 0
    /// Gradients and the optimizer's two moments.
    package var optimizer = 0
    /// Parameters of the best epoch.
    package var best = 0
    /// Work areas of the threads.
    package var threads = 0
    /// Work areas of a whole batch.
    package var batch = 0
    /// Rows of the frozen word table that the texts touch.
    package var words = 0
    /// What frozen layers give for the texts.
    package var cache = 0
    /// At the end, when what the steps took is given back: the bundle's tensors and its file.
    package var written = 0

    package var total: Int { resident + base + best + max(optimizer + threads + batch + words + cache, written) }
}

/// What could be set otherwise, to take less.
private struct MemoryChoice {
    var threads: Int
    var keepsBest: Bool
    var batch: BatchPolicy
    var maxLength: Int
}

extension Trainer {
    private static let page = 4096
    /// Linux maps so many bytes of a file around the one that is read, where it has them in memory.
    private static let faultAround = 65_536.0

    private var present: MemoryChoice {
        MemoryChoice(
            threads: workspace.pool.threads, keepsBest: keepsBest, batch: settings.batch, maxLength: settings.maxLength)
    }

    /// - Parameter resident: bytes in memory now.
    package func memoryEstimate(resident: Int) -> MemoryEstimate { estimate(present, resident: resident) }

    private func estimate(_ choice: MemoryChoice, resident: Int) -> MemoryEstimate {
        var estimate = MemoryEstimate()
        estimate.resident = resident
        let tokens = tasks.reduce(0) { $0 + $1.train.distinctIDs.count }
        let float = MemoryLayout<Float>.size
        for parameter in network.parameters.parameters {
            let bytes = parameter.count * float
            let row = bytes / max(1, parameter.shape[0])
            // A table's gradients and moments are only touched where texts have its tokens, by the page
            estimate.optimizer += 3 * (parameter.ledger == nil ? bytes : min(bytes, tokens * (row + Self.page)))
        }
        if gradients != nil { estimate.optimizer += TaskGradients.bytes(network) }
        let states = (choice.keepsBest ? 1 : 0) + (settings.keepsTaskBest ? network.arrangement.heads.count : 0)
        estimate.best = states * network.parameters.count * float
        estimate.cache = cache?.bytes ?? 0
        estimate.written = 2 * network.parameters.count * float
        let encoder = network.arrangement.model.configuration
        let words = network.arrangement.model.architecture.wordTable
        estimate.base = network.arrangement.model.mappedBlocks
        if network.parameters["base/\(words)"] == nil, network.arrangement.model.weight(words)?.blocks == nil {
            let table = Double(encoder.vocabulary * encoder.hidden * float)
            let window = min(1, Self.faultAround / table)
            estimate.words = Int(table * (1 - pow(1 - window, Double(tokens))))
            if network.arrangement.model.weight(words)?.isReleased == true {
                // Given back after each slice. Where files lie in larger pieces in memory, more comes around a row
                let rows = choice.threads * max(PackedBatch.sliceQuota, min(choice.maxLength, encoder.longestSequence))
                estimate.words = min(estimate.words, rows * 2 * Int(Self.faultAround))
            }
        }
        // A batch's examples come from one task, or from all
        for group in settings.mix == .batch ? tasks.indices.map({ [$0] }) : [Array(tasks.indices)] {
            for step in heaviest(group, choice) {
                let work = plans.workBytes(step, longest: choice.maxLength, threads: choice.threads)
                estimate.threads = max(estimate.threads, work.arenas)
                estimate.batch = max(estimate.batch, work.shared)
            }
        }
        return estimate
    }

    /// Steps that none of the run's will exceed by much: the longest text of some tasks alone, and among texts of the middle.
    private func heaviest(_ group: [Int], _ choice: MemoryChoice) -> [TrainingStep] {
        let all = group.flatMap { task in
            (0..<tasks[task].train.count).map { (task: task, index: $0, length: tasks[task].train.length($0)) }
        }
        let order = all.sorted { $0.length > $1.length }
        func step(_ chosen: some Sequence<(task: Int, index: Int, length: Int)>) -> TrainingStep {
            var (examples, count, tokens) = ([[Int]](repeating: [], count: tasks.count), 0, 0)
            for example in chosen {
                let full =
                    switch choice.batch {
                    case .examples(let n): count >= n
                    case .tokens(let n): count > 0 && tokens + example.length > n
                    }
                if full { break }
                examples[example.task].append(example.index)
                (count, tokens) = (count + 1, tokens + example.length)
            }
            return TrainingStep(examples, epoch: 0)
        }
        return [step(order.prefix(1)), step(order.prefix(1) + order.dropFirst(order.count / 3))]
    }

    /// Lets the activation cache have what the limit leaves of it, and refuses the run if the rest takes more than that.
    /// - Parameter estimate: of the run as it is set.
    /// - Returns: the estimate of the run with that cache.
    /// - Throws: `TrainingError.memory`
    package func fit(_ estimate: MemoryEstimate, _ limit: MemoryLimit) throws(TrainingError) -> MemoryEstimate {
        var fitting = estimate
        fitting.cache -= min(estimate.cache, max(0, estimate.total - limit.bytes))
        cache?.limit(to: fitting.cache)
        try check(fitting, limit)
        return fitting
    }

    /// Refuses a run that would take more than it may, and says with what settings it would not.
    /// - Parameter estimate: of the run as it is set.
    /// - Throws: `TrainingError.memory`
    private func check(_ estimate: MemoryEstimate, _ limit: MemoryLimit) throws(TrainingError) {
        guard estimate.total > limit.bytes else { return }
        var choice = present
        var smaller = estimate
        var changes: [String] = []
        func tries(_ change: String, _ body: (inout MemoryChoice) -> Void) -> Bool {
            body(&choice)
            changes.append(change)
            smaller = self.estimate(choice, resident: estimate.resident)
            return smaller.total <= limit.bytes
        }
        var fits = false
        if choice.keepsBest { fits = tries("--keep last") { $0.keepsBest = false } }
        if !fits, choice.threads > 1 { fits = tries("--threads 1") { $0.threads = 1 } }
        while !fits, choice.maxLength > 32 {
            changes.removeAll { $0.hasPrefix("--max-length") }
            let length = choice.maxLength / 2
            fits = tries("--max-length \(length)") { $0.maxLength = length }
        }
        if !fits, choice.batch != .examples(1) { fits = tries("--batch-size 1") { $0.batch = .examples(1) } }
        let isFull = network.parameters["base/\(network.arrangement.model.architecture.wordTable)"] != nil
        throw .memory(
            needed: estimate.total, limit: limit, smaller: changes.joined(separator: " "), fits: fits,
            least: smaller.total,
            otherwise: isFull
                ? "train an adapter instead (train-adapter), or use a smaller model" : "use a smaller model")
    }
}
