import Files
import Foundation
import Reporting

extension ExperimentResults {
    /// Writes an event file for TensorBoard for each cell, at the rate that dev chose: the losses of its steps, its dev scores,
    /// tokens and speed, and its settings. A cell is a run of its name.
    ///
    /// Times count from 0 with the training's seconds, so that a cell's file is the same whenever it is written.
    /// - Throws: `FileError`
    package func writeEvents(to folder: URL) throws(FileError) {
        for each in finished {
            let run = folder.appendingPathComponent(each.cell.name)
            try Folder.make(run)
            try AtomicFile.replace(run.appendingPathComponent(EventRecords.fileName(started: 0)), with: each.events)
        }
    }
}

extension FinishedCell {
    fileprivate var events: Data {
        let steps = result.losses.count
        func time(_ step: Int) -> Double { result.seconds * Double(step) / Double(max(1, steps)) }
        var settings = cell.settings
        settings.learningRate = result.rate
        var events = EventRecords.version(time: 0)
        events += EventRecords.text("    \(settings.json)", tag: "settings", time: 0)
        var thinning = StepThinning(steps: steps)
        for (i, loss) in result.losses.enumerated() {
            guard let mean = thinning.add(loss, step: i + 1, of: steps) else { continue }
            events += EventRecords.scalars([(EventTag.loss, mean)], step: i + 1, time: time(i + 1))
        }
        var last: [(tag: String, value: Double)] = result.dev.sorted { $0.key < $1.key }.map { task, dev in
            (EventTag.dev(task, dev.metric.isEmpty ? "score" : dev.metric), dev.score)
        }
        last.append(("train/tokens", Double(result.tokens)))
        if result.seconds > 0 { last.append((EventTag.speed, Double(result.tokens) / result.seconds)) }
        // A dev score is −∞ if the metric is undefined
        return events + EventRecords.scalars(last.filter { $0.value.isFinite }, step: steps, time: time(steps))
    }
}
