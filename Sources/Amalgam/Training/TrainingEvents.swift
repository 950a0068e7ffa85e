import Files
import Foundation
import Reporting
import Training

/// Writes a training's event file for TensorBoard.
final class TrainingEvents {
    private let folder: URL
    private let settings: TrainingSettings
    private let continues: () -> Bool
    private let failed: (String) -> Void
    /// nil: no step has begun, or nothing can be written.
    private var file: EventFile?
    private var thinning = StepThinning(steps: 1)
    private var steps = 0
    private var step = 0
    /// Of the last point.
    private var last = (time: DispatchTime.now().uptimeNanoseconds, tokens: 0)

    /// - Parameters:
    ///   - folder: with a folder for each run
    ///   - name: of the run
    ///   - continues: whether it goes on from a checkpoint; asked when it begins
    ///   - failed: gets a sentence if something cannot be written later
    /// - Throws: `FileError` where the folder cannot be made
    init(
        _ folder: URL, name: String, _ settings: TrainingSettings, continues: @escaping () -> Bool,
        failed: @escaping (String) -> Void
    ) throws {
        self.folder = folder.appendingPathComponent(name)
        (self.settings, self.continues, self.failed) = (settings, continues, failed)
        try Folder.make(self.folder)
    }

    private func begin() {
        do {
            let file = try EventFile(in: folder, continues: continues(), failed: failed)
            // Indented: Markdown shows it as it stands
            let text = "    seed \(settings.seed)\n    \(settings.json)"
            file.append(EventRecords.text(text, tag: "settings", time: Date().timeIntervalSince1970))
            self.file = file
        } catch {
            failed("\(error)")
        }
    }

    func hear(_ event: Training.TrainingEvent) {
        switch event {
        case .started(let steps, _):
            (self.steps, step, last) = (steps, 0, (DispatchTime.now().uptimeNanoseconds, 0))
            thinning = StepThinning(steps: steps)
            begin()
        case .resumed(let done, _):
            file?.append(EventRecords.restart(step: done + 1, time: Date().timeIntervalSince1970))
            last.tokens = -1
        case .step(let done, let all, let loss, let tokens): hear(step: done, of: all, loss, tokens)
        case .epoch(_, let dev, _, _):
            let scores = dev.sorted { $0.key < $1.key }.flatMap { task, scores in
                scores.scores.map { (EventTag.dev(task, $0.name), $0.value) } + [
                    (EventTag.dev(task, "loss"), scores.loss)
                ]
            }
            file?.scalars(scores.filter { $0.1.isFinite }, step: step)
            last.time = DispatchTime.now().uptimeNanoseconds
        case .skipped, .warning, .finished: break
        }
    }

    private func hear(step: Int, of steps: Int, _ loss: Double, _ tokens: Int) {
        self.step = step
        // Tokens before a resumed step are another process'
        if last.tokens < 0 { last.tokens = tokens }
        guard let mean = thinning.add(loss, step: step, of: steps) else { return }
        var values = [(tag: EventTag.loss, value: mean), (EventTag.rate, settings.rate(step: step - 1, of: steps))]
        let now = DispatchTime.now().uptimeNanoseconds
        if tokens > last.tokens, now > last.time {
            values.append((EventTag.speed, Double(tokens - last.tokens) / (Double(now - last.time) / 1e9)))
        }
        last = (now, tokens)
        file?.scalars(values, step: step)
    }
}
