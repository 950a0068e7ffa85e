import Foundation

/// The report of a loss, gradient or weight that is not finite.
extension Trainer {
    /// So many steps without a number in a row, and skipping does not help any more.
    static let mostSkippedInARow = 50

    /// The likely reason, from what is at hand.
    func reason(_ run: Run) -> String {
        let losses = run.state.result.losses
        if let bad = network.parameters.parameters.first(where: { p in p.array.contains { !($0.magnitude < 1e5) } }) {
            return "the weights have become too large (\(bad.name)); lower --lr or raise --warmup"
        }
        if losses.isEmpty {
            return
                "no step has succeeded so far, so the learning rate is not the cause; look for extreme values in the model "
                + "or in the given adapters (amalgam inspect)"
        }
        let lowest = losses.min() ?? 0
        if let last = losses.last, last > 2 * lowest {
            return
                "the loss had already risen from \(Self.short(lowest)) to \(Self.short(last)); lower --lr or raise --warmup"
        }
        return
            "the loss was \(Self.short(losses.last ?? 0)) before; check these texts, or use --on-nan skip, which skips such "
            + "steps and counts them"
    }

    /// The examples of the tasks whose own loss is none; of all where that is not known.
    func causes(_ step: TrainingStep, _ losses: [Double?]) -> [NotFinite.Part] {
        let parts = step.parts.filter { part in
            tasks[part.task].objective.heads.contains { head in
                losses.indices.contains(head.index) && losses[head.index]?.isFinite == false
            }
        }
        return (parts.isEmpty ? step.parts : parts).map {
            NotFinite.Part(task: tasks[$0.task].name, examples: $0.examples)
        }
    }

    static func word(_ number: Double) -> String { number.isNaN ? "nan" : "\(number)" }

    private static func short(_ loss: Double) -> String { String(format: "%.3g", loss) }

    /// The last step moved too: what is kept must be numbers.
    func checkEnd(_ run: Run) throws {
        guard let bad = network.parameters.parameters.first(where: { p in !p.array.allSatisfy(\.isFinite) }) else {
            return
        }
        throw TrainingError.notFinite(
            NotFinite(
                step: run.state.step, found: "\(bad.name) is not finite",
                parts: tasks.map { NotFinite.Part(task: $0.name, examples: []) },
                reason: "lower --lr or raise --warmup", checkpoint: run.isKept ? run.checkpoint?.url.path : nil))
    }
}
