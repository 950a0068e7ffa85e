import Adapters
import Bundles
import Files
import Foundation
import Reporting
import Tasks
import Training

/// One training of the matrix: what it trains on, and where its predictions are wanted.
private struct Unit {
    var task: String
    /// File name and what is shown.
    var name: String
    var label: String
    var session: Session
    var recipe: Recipe
    /// Of the data it trains on, in order.
    var train: [TaskData]
    /// What else shapes it, hashed: adapters beneath it.
    var depends: String
    var language: AdapterBundle?
    /// Learning rates that dev chooses from.
    var rates: [Double]
    /// By a name of its own: which language's test, under which head, on which language adapter.
    var tests: [(name: String, language: String, head: String, adapter: AdapterBundle?)]
}

extension TransferRunner {
    /// All methods with an encoder on a task.
    func encoders(_ task: String, languages: [String: MadeLanguage], cells: inout [TransferCell]) throws {
        guard let tasks = data.tasks[task], let source = tasks[plan.source] else { return }
        let there = plan.languages.filter { tasks[$0] != nil }
        let wants = Set(plan.methods)
        func put(_ run: StoredRun, _ method: TransferMethod, _ name: (String) -> String = { $0 }) {
            for i in cells.indices where cells[i].task == task {
                if let classes = run.answers[name(cells[i].language)]?.answers as? ClassAnswers {
                    cells[i].predictions[method] = classes.predicted
                }
            }
        }
        func everywhere(_ head: String) -> [(name: String, language: String, head: String, adapter: AdapterBundle?)] {
            there.map { ($0, $0, head, nil) }
        }
        let head = source.definition.name
        let file = Session.safeName(task)
        let plain = Unit(
            task: task, name: "\(file).adapter", label: "adapter, \(task)", session: session,
            recipe: .adapter(plan.configuration, from: nil), train: [source], depends: "", language: nil,
            rates: plan.rates, tests: everywhere(head))

        if wants.contains(.otherBase), let other {
            var unit = plain
            unit.name = "\(file).other_base"
            unit.label = "adapter on \(other.model.name), \(task)"
            unit.session = other
            put(try train(unit, keepsBundle: false).run, .otherBase)
        }
        if !wants.isDisjoint(with: [.adapter, .fusion]) { put(try train(plain).run, .adapter) }
        if !wants.isDisjoint(with: [.madx, .madxSource]), let below = languages[plan.source] {
            var unit = plain
            unit.name = "\(file).madx"
            unit.label = "adapter on the language adapter of \(plan.source), \(task)"
            unit.language = below.bundle
            unit.depends = there.compactMap { languages[$0]?.key }.joined(separator: " ")
            unit.tests = there.map { ("own:\($0)", $0, head, languages[$0]?.bundle) }
            // The source's own is kept there anyway
            unit.tests += there.filter { $0 != plan.source }.map { ("kept:\($0)", $0, head, below.bundle) }
            let run = try train(unit, keepsBundle: false).run
            if wants.contains(.madx) { put(run, .madx) { "own:\($0)" } }
            if wants.contains(.madxSource) { put(run, .madxSource) { "\($0 == plan.source ? "own" : "kept"):\($0)" } }
        }
        if wants.contains(.multitask) {
            let all = there.compactMap { tasks[$0] }
            var unit = plain
            unit.name = "\(file).multitask"
            unit.label = "one adapter for all languages, \(task)"
            unit.train = all
            unit.depends = plan.scheduler
            unit.tests = there.map { ($0, $0, tasks[$0]?.definition.name ?? head, nil) }
            put(try train(unit, keepsBundle: false).run, .multitask)
        }
        if wants.contains(.fusion) { put(try fusion(task, tasks, there, plain).run, .fusion) }
    }

    /// Attention over the plain adapters of all languages, trained with the source's data.
    private func fusion(
        _ task: String, _ tasks: [String: TaskData], _ there: [String], _ plain: Unit
    ) throws -> Trained {
        var bundles: [AdapterBundle] = []
        var keys: [String] = []
        let rate = try train(plain).rate
        for language in there {
            guard let own = tasks[language] else { continue }
            var unit = plain
            if language != plan.source {
                unit.name = "\(plain.name).\(Session.safeName(language))"
                unit.label = "adapter of \(language), \(task)"
                unit.train = [own]
                // Nobody asks for its score: it is a part of the fusion
                unit.tests = []
                unit.rates = [rate]
            }
            let trained = try train(unit)
            if let bundle = trained.bundle { bundles.append(bundle) }
            keys.append(trained.key)
        }
        var unit = plain
        unit.name = "\(Session.safeName(task)).fusion"
        unit.label = "fusion of \(bundles.count) languages' adapters, \(task)"
        unit.recipe = try .fusion(bundles, .dynamic)
        unit.depends = keys.joined(separator: " ")
        return try train(unit, keepsBundle: false)
    }

    private func key(_ unit: Unit, _ settings: TrainingSettings) -> String {
        let configuration = unit.recipe.newConfiguration
        var text = "\(unit.recipe.kind.rawValue) \(identity(unit.session, settings, configuration)) \(unit.depends) "
        for task in unit.train {
            text += "\(task.definition.name) \(task.definition.metric) "
            text += "\(Self.hash(task.train, labels: task.labels)) \(Self.hash(task.dev, labels: task.labels)) "
        }
        for test in unit.tests {
            guard let task = task(unit, test.language) else { continue }
            text += "\(test.name) \(Self.hash(task.test, labels: task.labels)) "
        }
        return Digest.sha256(text)
    }

    /// The data of a unit's task in a language.
    private func task(_ unit: Unit, _ language: String) -> TaskData? { data.tasks[unit.task]?[language] }

    /// A training's outcome at the rate that was best on its dev texts.
    private struct Trained {
        var run: StoredRun
        var bundle: AdapterBundle?
        var key: String
        var rate: Double
    }

    private func train(_ unit: Unit, keepsBundle: Bool = true) throws -> Trained {
        var best: Trained?
        for rate in unit.rates {
            let trained = try train(unit, rate: rate, keepsBundle: keepsBundle)
            if best.map({ trained.run.devScore > $0.run.devScore }) ?? true { best = trained }
        }
        guard let best else { throw TrainingError.mismatch("\(unit.name) has no learning rate to try") }
        note(rate: best.rate, of: unit.name)
        return best
    }

    private func train(_ unit: Unit, rate: Double, keepsBundle: Bool) throws -> Trained {
        var unit = unit
        unit.name += ".lr\(rate)"
        if unit.rates.count > 1 { unit.label += ", learning rate \(rate)" }
        var settings = plan.settings
        settings.learningRate = rate
        let key = key(unit, settings)
        if let run = store.load(unit.name, key: key, needsBundle: keepsBundle) {
            environment.progress.message("\(unit.name): already finished")
            count(seconds: run.seconds)
            return Trained(
                run: run, bundle: keepsBundle ? try BundleFile.read(store.bundleFile(unit.name, key: key)) : nil,
                key: key, rate: rate)
        }
        let trained = try unit.session.train(
            unit.recipe, on: unit.train, name: unit.train.count > 1 ? "shared" : unit.train[0].definition.name,
            language: try unit.language.map { try LanguageAdapter($0) }, settings: settings,
            scheduler: TaskSchedulers.named(plan.scheduler) ?? TaskSchedulers.builtIn[0],
            keeping: try keeping(unit.name, key: key), memoryLimit: environment.memoryLimit
        ) { self.show($0, unit.label) }
        count(seconds: trained.result.seconds)
        var run = StoredRun(
            devScore: trained.result.dev.sorted { $0.key < $1.key }.reduce(0) { $0 + $1.value.score }
                / Double(unit.train.count),
            trainableParameters: trained.trainable, tokens: trained.result.tokens, seconds: trained.result.seconds,
            bytesPerTask: trained.trainable * 4, answers: [:], losses: trained.result.losses)
        if !unit.tests.isEmpty {
            environment.progress.stage("\(unit.label): tests", total: unit.tests.count, unit: "cells")
        }
        var bare: Predictor?
        for (i, test) in unit.tests.enumerated() {
            guard let task = task(unit, test.language) else { continue }
            let same = test.adapter == nil && bare?.head.name == Session.safeName(test.head) ? bare : nil
            let predictor =
                try same
                ?? Predictor(
                    unit.session, bundle: trained.bundle, language: try test.adapter.map { try LanguageAdapter($0) },
                    head: test.head, precision: settings.precision)
            if test.adapter == nil { bare = predictor }
            run.answers[test.name] =
                predictor.evaluate(task.test, metric: metric(task)).answers.map { StoredAnswers($0) }
            environment.progress.update(done: i + 1)
        }
        environment.progress.finish()
        try store.save(run, bundle: keepsBundle ? trained.bundle : nil, unit.name, key: key)
        store.removeCheckpoint(unit.name, key: key)
        return Trained(run: run, bundle: keepsBundle ? trained.bundle : nil, key: key, rate: rate)
    }
}
