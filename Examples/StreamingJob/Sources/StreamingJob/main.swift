import Amalgam
import Foundation

// A training that tells its progress, is cancelled in the middle, and continues later from its checkpoint
let model = try Model(named: CommandLine.arguments.dropFirst().first ?? "minilm")
let names = ["chess", "cards", "images", "sound", "networks", "fonts", "maps", "mail"]
let examples = names.flatMap { name in
    [
        ClassificationExample("a program for \(name)", label: "program"),
        ClassificationExample("a library for \(name)", label: "library"),
    ]
}
let task = try TextTask.classification(name: "part", train: examples)

let folder = FileManager.default.temporaryDirectory.appendingPathComponent("streaming-\(UUID().uuidString)")
var options = TrainingOptions()
options.epochs = 60
options.batch = .examples(4)
options.checkpoint = CheckpointOptions(
    folder.appendingPathComponent("part.checkpoint"), interval: 0, output: folder.appendingPathComponent("part.h5"))

/// Trains to the end, or to a step where its own task is cancelled.
@MainActor func run(stoppingAt last: Int? = nil) async throws -> TrainingResult {
    let job = model.train(.adapter(.lora), on: task, options: options)
    for try await event in job.events {
        switch event {
        case .started(let steps, let tokens): print("\(steps) steps, \(tokens) tokens")
        case .stopped(let step, let all, _): print("stopped after step \(step) of \(all)")
        case .resumed(let step, let all): print("continues after step \(step) of \(all)")
        case .step(let step, let all, let loss, _):
            if step % 60 == 0 { print("step \(step) of \(all): loss \(loss)") }
            if step == last { withUnsafeCurrentTask { $0?.cancel() } }
        case .warning(let warning): print("warning:", warning)
        case .epoch, .skipped, .finished: break
        }
    }
    return try await job.result
}

do {
    _ = try await Task { try await run(stoppingAt: 20) }.value
} catch is CancellationError {
    print("cancelled; the checkpoint is written")
}
let resumed = try await run()
print("finished after \(resumed.steps) steps")

// The same training without a break gives the same bytes
options.checkpoint = nil
let whole = try await run()
print("same bytes:", try whole.bundle.data() == resumed.bundle.data())
try FileManager.default.removeItem(at: folder)
