import Adapters
import Bundles
import Foundation
import Tasks
import Testing

@testable import Ablation
@testable import Training

/// The key of a stored result changes with everything that shapes it, and with nothing else.
@Suite struct CellKeyTests {
    /// What a key is made of.
    private struct Parts {
        var recipe: CellRecipe
        var data = TinyExperiment.data("role")
        var more: [TaskData] = []
        var bundleName: String?
        var language: CellInput?
        var scheduler = "proportional"
        var settings = TrainingSettings()
        var name = "role.adapter"
        var scoredName = "test"
        var scoredData = TinyExperiment.data("role")
        var split = Split.test
        var head = "role"
        var scoredLanguage: CellInput?
        var base = "base"
        var program = "amalgam"
        var inputKey = "input"
        var keepsBundle = false
        var rates = Cell.Rates.settings

        func key(_ session: Session) -> String {
            var training = TaskTraining(
                recipe, on: ([data] + more).map { ExperimentTask($0) }, on: language, scheduler: scheduler)
            if let bundleName { training.bundleName = bundleName }
            let cell = Cell(
                name, label: name, session: session, training: training, settings: settings, rates: rates,
                scored: [.init(scoredName, ExperimentTask(scoredData), split: split, head: head, on: scoredLanguage)],
                keepsBundle: keepsBundle)
            return CellKey(cell, settings, base: base, program: program) { _ in inputKey }.digest
        }
    }

    private func changes(_ tiny: TinyExperiment) throws -> [(String, (inout Parts) -> Void)] {
        let below = CellInput.cell(tiny.adapter(TinyExperiment.task("below")))
        let other = try AdapterConfiguration.resolve("double_seq_bn")
        return [
            ("program", { $0.program = "amalgam 2" }), ("base", { $0.base = "another" }),
            ("recipe", { $0.recipe = .head }), ("configuration", { $0.recipe = .adapter(other) }),
            ("fusion", { $0.recipe = .fusion([below], .dynamic) }),
            ("fusion's input", { ($0.recipe, $0.inputKey) = (.fusion([below], .dynamic), "another") }),
            ("two inputs", { $0.recipe = .fusion([below, below], .dynamic) }),
            ("bundle's name", { $0.bundleName = "another" }), ("language beneath", { $0.language = below }),
            ("two tasks", { $0.more = [TinyExperiment.data("use")] }),
            ("scheduler", { ($0.more, $0.scheduler) = ([TinyExperiment.data("use")], "round-robin") }),
            ("seed", { $0.settings.seed = 1 }), ("rate", { $0.settings.learningRate = 0.5 }),
            ("epochs", { $0.settings.epochs = 9 }), ("length", { $0.settings.maxLength = 9 }),
            ("precision", { $0.settings.precision = .bfloat16 }),
            ("task's name", { $0.data.definition.name = "use" }),
            ("metric", { $0.data.definition.metric = "macro_f1" }),
            ("kind", { $0.data.definition.kind = "text-pair-classification" }),
            ("training text", { $0.data.train[3].text += " ba" }), ("training label", { $0.data.train[3].label = 0 }),
            ("rows", { $0.data.train.removeLast() }), ("dev", { $0.data.dev[0].text += " ba" }),
            ("labels", { $0.data.labels = ["a", "c"] }),
            ("scored name", { $0.scoredName = "another" }), ("split", { $0.split = .dev }),
            ("test text", { $0.scoredData.test[0].text += " ba" }), ("test label", { $0.scoredData.test[1].label = 1 }),
            ("head", { $0.head = "another" }), ("scored on", { $0.scoredLanguage = below }),
        ]
    }

    @Test func everyFieldChangesTheKey() throws {
        let tiny = try TinyExperiment()
        let start = Parts(recipe: .adapter(tiny.configuration))
        var keys = ["nothing": start.key(tiny.session)]
        for (name, change) in try changes(tiny) {
            var parts = start
            change(&parts)
            let key = parts.key(tiny.session)
            #expect(!keys.values.contains(key), "\(name)")
            keys[name] = key
        }
    }

    @Test func whatShapesNothingDoesNot() throws {
        let tiny = try TinyExperiment()
        let start = Parts(recipe: .adapter(tiny.configuration))
        let key = start.key(tiny.session)
        let changes: [(String, (inout Parts) -> Void)] = [
            ("file name", { $0.name = "another" }), ("bundle on disk", { $0.keepsBundle = true }),
            ("other rates", { $0.rates = .grid([1, 2]) }), ("scheduler of one task", { $0.scheduler = "round-robin" }),
            ("group", { $0.data.train[0].group = "g" }), ("line", { $0.data.train[0].line = 7 }),
            ("test rows, where they are not scored", { $0.data.test[0].text += " ba" }),
        ]
        for (name, change) in changes {
            var parts = start
            change(&parts)
            #expect(parts.key(tiny.session) == key, "\(name)")
        }
    }

    @Test func languageTrainingsHaveTheirOwn() throws {
        let tiny = try TinyExperiment()
        func key(
            adapter: AdapterConfiguration? = nil, train: String = "ba", heldOut: String = "be", name: String = "mlm",
            tokens: Int = 100
        ) -> String {
            let below = CellInput.cell(tiny.adapter(TinyExperiment.task("below")))
            let training = LanguageTraining(
                adapter: adapter.map { ($0, below) },
                on: [TextCorpus(source: "t", train: [train], heldOut: [heldOut])], bundleName: name, tokens: tokens)
            let cell = tiny.cell("l", training, rates: .settings)
            return CellKey(cell, cell.settings, base: "base") { _ in "input" }.digest
        }
        let keys = [
            key(), key(adapter: tiny.configuration), key(adapter: try .resolve("double_seq_bn")), key(train: "bi"),
            key(heldOut: "bi"), key(name: "x"), key(tokens: 101),
        ]
        #expect(Set(keys).count == keys.count)
    }
}
