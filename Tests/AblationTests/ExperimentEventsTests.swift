import Foundation
import Testing

@testable import Ablation

/// TensorBoard's files of finished cells.
@Suite struct ExperimentEventsTests {
    @Test func eachCellIsARun() throws {
        let tiny = try TinyExperiment()
        let cells = ["role", "use"].map { tiny.adapter(TinyExperiment.task($0), rates: .grid([1e-3, 1e-2])) }
        let results = try tiny.run(cells).results
        let folders = ["one", "two"].map { tiny.folder.appendingPathComponent($0) }
        try results.writeEvents(to: folders[0])
        // As of a run that only loads what has finished
        try tiny.run(cells).results.writeEvents(to: folders[1])
        for cell in cells {
            let files = try folders.map {
                try Data(contentsOf: $0.appendingPathComponent("\(cell.name)/events.out.tfevents.0.amalgam"))
            }
            #expect(files[0] == files[1])
            let text = String(decoding: files[0], as: UTF8.self)
            let task = cell.name.prefix { $0 != "." }
            for tag in ["train/loss", "train/tokens_per_second", "dev/\(task)/accuracy", "\"max_length\":16"] {
                #expect(text.contains(tag), "\(tag)")
            }
            // Three steps
            #expect(text.components(separatedBy: "train/loss").count == 4)
        }
    }
}
