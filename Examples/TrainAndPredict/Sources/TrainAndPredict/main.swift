import Amalgam
import Foundation

// A model's name, if it was fetched before, or its folder
let model = try Model(named: CommandLine.arguments.dropFirst().first ?? "minilm")

// A task from values in memory
let games = ["chess", "cards", "racing", "puzzles", "pinball", "dominoes"]
let jobs = ["images", "sound", "networks", "databases", "fonts", "archives"]
let examples = zip(games, jobs).flatMap { game, job in
    [
        ClassificationExample("A game of \(game) with many levels", label: "game"),
        ClassificationExample("Play \(game) against the computer", label: "game"),
        ClassificationExample("A library that reads and writes \(job)", label: "library"),
        ClassificationExample("Development files for \(job)", label: "library"),
    ]
}
let task = try TextTask.classification(name: "kind-of-package", train: examples)

// Train an adapter and a head; the model itself stays as it is
var options = TrainingOptions()
options.epochs = 8
let result = try await model.train(.adapter(.bottleneck), on: task, options: options).result
for warning in result.warnings { print("warning:", warning) }
print("\(result.trainableParameters) parameters trained in \(result.steps) steps")

// Save the bundle, read it again, and predict
let file = FileManager.default.temporaryDirectory.appendingPathComponent("kind-of-package-\(UUID().uuidString).h5")
try result.bundle.write(to: file)
let predictor = try Predictor(model, AdapterBundle(contentsOf: file))
let texts = ["A chess program with a graphical interface", "C++ headers for reading images"]
for (text, prediction) in zip(texts, try await predictor.classes(of: texts)) {
    print("\(prediction.label) (\(prediction.probability)): \(text)")
}
try FileManager.default.removeItem(at: file)
