import Amalgam

// Adapters of two tasks, used for one of them in three ways: alone, averaged, and fused. Which is better, and is the
// difference more than noise?
let model = try Model(named: CommandLine.arguments.dropFirst().first ?? "minilm")

let things = [
    "chess", "cards", "images", "sound", "networks", "fonts", "maps", "mail", "music", "video", "text", "stars",
]

/// Texts about things, with the words that decide the class.
@MainActor func examples(_ classes: [(label: String, words: [String])], offset: Int) -> [ClassificationExample] {
    things.enumerated().flatMap { i, thing in
        classes.map { label, words in
            ClassificationExample("\(words[(i + offset) % words.count]) for \(thing)", label: label)
        }
    }
}

let parts: [(label: String, words: [String])] = [
    ("program", ["a program", "an application", "a graphical tool"]),
    ("library", ["a library", "development files", "headers"]),
]
let tones: [(label: String, words: [String])] = [
    ("praise", ["an excellent tool", "a wonderful helper", "good support"]),
    ("blame", ["a broken tool", "a terrible helper", "poor support"]),
]
let part = try TextTask.classification(
    name: "part", train: examples(parts, offset: 0), dev: examples(parts, offset: 1), test: examples(parts, offset: 2))
let tone = try TextTask.classification(name: "tone", train: examples(tones, offset: 0), dev: examples(tones, offset: 1))

// An adapter for each task; both trainings run at the same time
var options = TrainingOptions()
options.epochs = 5
let (first, second) = (
    model.train(.adapter(), on: part, options: options), model.train(.adapter(), on: tone, options: options)
)
let (own, other) = (try await first.result.bundle, try await second.result.bundle)

// The mean of both needs no training; a fusion learns which adapter to attend to. Both have the head of `part`
let average = try AdapterBundle(composing: .average([.bundle(own), .bundle(other)], weights: [0.7, 0.3]))
let fusion = try await model.train(.fusion([own, other]), on: part, options: options).result.bundle
print("fusion:", fusion.composition ?? "")

var scores: [String: Evaluation] = [:]
for (name, bundle) in [("alone", own), ("average", average), ("fusion", fusion)] {
    var choice = PredictorOptions()
    choice.head = "part"
    let evaluation = try await Predictor(model, bundle, options: choice).evaluate(on: part)
    let score = evaluation.score
    print("\(name): \(evaluation.metric) \(score.value)", score.interval.map { "(\($0.low) to \($0.high))" } ?? "")
    scores[name] = evaluation
}
if let alone = scores["alone"], let fused = scores["fusion"] {
    let difference = try fused.difference(from: alone)
    let isReal = difference.interval?.excludesZero ?? false
    print("fusion minus alone: \(difference.value), \(isReal ? "more than noise" : "within the noise")")
}
