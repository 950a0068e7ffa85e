import Amalgam
import Foundation
import Testing

/// Comparisons as jobs: events, reports, cancellation, and what is wrong with options.
@Suite struct ExperimentTests {
    private let fixture: Fixture

    init() throws { fixture = try Fixture() }

    /// Two arms, so that one is trained and one is not.
    private static var options: AblationOptions {
        var options = AblationOptions.quick
        options.arms = [.majority, .adapter]
        options.epochs = 1
        return options
    }

    /// What a job told until it ended, and how it ended.
    private struct Told {
        var trainings: [Int] = []
        var stages: [(label: String, count: Int, unit: String)] = []
        /// Of each stage.
        var steps: [[Int]] = []
        var ended = 0
        var messages: [String] = []
        var remaining: [Double] = []
        var warnings: [Warning] = []
        var checkpoint: URL?
        var last: ExperimentResult?
        var error: (any Error)?
    }

    /// Cancels a job once the training of this name has a checkpoint.
    private static func cancel(_ job: ExperimentJob, in folder: URL, training name: String) {
        Fixture.onCheckpoint(in: folder.appendingPathComponent("trainings"), named: name) { job.cancel() }
    }

    /// Reads all events.
    private static func read(_ job: ExperimentJob) async -> Told {
        var told = Told()
        do {
            for try await event in job.events {
                switch event {
                case .planned(let trainings): told.trainings.append(trainings)
                case .stage(let label, let count, let unit):
                    told.stages.append((label, count, unit))
                    told.steps.append([])
                case .step(let step, let all, let loss, _):
                    told.steps[told.steps.count - 1].append(step)
                    #expect(all == told.stages.last?.count && (told.stages.last?.unit == "steps") == (loss != nil))
                case .stageFinished: told.ended += 1
                case .message(let text): told.messages.append(text)
                case .remaining(let seconds): told.remaining.append(seconds)
                case .warning(let warning, _): told.warnings.append(warning)
                case .stopped(_, _, let checkpoint): told.checkpoint = checkpoint
                case .finished(let result): told.last = result
                }
            }
        } catch { told.error = error }
        return told
    }

    /// A list of the report's values, without times.
    private static func rows(_ report: Report, _ field: String) -> [SettingValue] {
        guard case .list(let rows)? = report.values[field] else { return [] }
        return rows.map { row in
            guard case .map(var fields) = row else { return row }
            fields["tokens_per_second"] = nil
            return .map(fields)
        }
    }

    @Test func anAblationTellsAndReports() async throws {
        let game = try TextTask.classification(
            name: "game", train: Fixture.examples() + [ClassificationExample("x", label: "")],
            dev: Fixture.examples(12, shift: 1), test: Fixture.examples(12, shift: 2))
        let folder = fixture.url("runs/ablation")
        let model = try fixture.model()
        let tasks = [game, try Fixture.task("role")]
        let job = model.ablate(tasks, in: folder, options: Self.options)
        let told = await Self.read(job)
        let result = try await job.result
        #expect(told.trainings == [2] && told.error == nil && told.last != nil)
        #expect(told.stages.map(\.unit) == ["kinds", "tasks", "steps", "steps"], "\(told.stages)")
        #expect(told.stages.last?.label == "adapter, role" && told.ended == 4)
        #expect(told.remaining.count == 2 && told.remaining.allSatisfy { $0 > 0 })
        #expect(told.messages.contains { $0.hasPrefix("estimated ") && $0.contains(", took ") }, "\(told.messages)")
        #expect(zip(told.stages, told.steps).allSatisfy { Array(1...$0.count) == $1 })
        #expect(told.messages.contains { $0.hasPrefix("1 trained arm, 2 tasks, 1 seed: about") }, "\(told.messages)")
        #expect(told.warnings == result.warnings && told.warnings.map(\.kind) == [.data])
        #expect(told.warnings.first?.text.contains("empty label") == true)

        #expect(Self.rows(result.report, "rows").count == 4)
        #expect(result.page == folder.appendingPathComponent("report.html"))
        #expect(try String(contentsOf: result.page, encoding: .utf8) == result.report.html)
        #expect(
            try String(contentsOf: folder.appendingPathComponent("report.md"), encoding: .utf8)
                == result.report.markdown)
        // Nobody has named a command
        #expect(!result.report.markdown.contains("command"))

        var named = Self.options
        named.command = "compare-all"
        let again = model.ablate(tasks, in: folder, options: named)
        let rest = await Self.read(again)
        #expect(rest.messages.contains { $0.hasPrefix("role.adapter.seed0.lr") && $0.hasSuffix(": already finished") })
        #expect(rest.stages.map(\.unit) == ["tasks"] && rest.trainings == [2])
        let report = try await again.result.report
        #expect(Self.rows(report, "rows") == Self.rows(result.report, "rows"))
        #expect(report.markdown.contains("compare-all"))
    }

    /// Cancelled in a training, then continued: the same scores, with the checkpoint gone.
    @Test func aCancelledAblationContinues() async throws {
        let model = try fixture.model()
        let tasks = [try Fixture.task()]
        var options = Self.options
        options.arms = [.adapter]
        options.epochs = 60
        options.batch = .examples(4)
        let whole = try await model.ablate(tasks, in: fixture.url("whole"), options: options).result.report

        options.checkpointInterval = 0
        let folder = fixture.url("cancelled")
        let job = model.ablate(tasks, in: folder, options: options)
        Self.cancel(job, in: folder, training: "game.adapter")
        let told = await Self.read(job)
        #expect(told.error is CancellationError && told.last == nil)
        let checkpoint = try #require(told.checkpoint)
        #expect(FileManager.default.fileExists(atPath: checkpoint.path))
        await #expect(throws: CancellationError.self) { _ = try await job.result }

        let again = model.ablate(tasks, in: folder, options: options)
        let rest = await Self.read(again)
        #expect(rest.messages.contains { $0.contains("resuming after step") }, "\(rest.messages)")
        #expect(Self.rows(try await again.result.report, "rows") == Self.rows(whole, "rows"))
        #expect(!FileManager.default.fileExists(atPath: checkpoint.path))
    }

    /// Whoever waits cancels, too; a second job over the same folder waits for what the first one trains.
    @Test func jobsShareAFolder() async throws {
        let model = try fixture.model()
        let tasks = [try Fixture.task()]
        var options = Self.options
        options.arms = [.adapter]
        (options.epochs, options.batch) = (Fixture.endless.epochs, Fixture.endless.batch)
        let folder = fixture.url("out")
        let job = model.ablate(tasks, in: folder, options: options)
        for try await event in job.events { if case .step(_, _, _?, _) = event { break } }
        let second = model.ablate(tasks, in: folder, options: options)
        var words: [String] = []
        for try await event in second.events {
            guard case .message(let text) = event else { continue }
            words.append(text)
            if text.hasPrefix("waiting for") { break }
        }
        #expect(words.last?.contains("game.adapter.seed0.lr0.005 by process \(getpid()) (ablate)") == true, "\(words)")
        for waiting in [Task { try await second.result }, Task { try await job.result }] {
            waiting.cancel()
            await #expect(throws: CancellationError.self) { _ = try await waiting.value }
        }
        (options.arms, options.epochs, options.seeds) = ([.majority], 1, 1)
        _ = try await model.ablate(tasks, in: folder, options: options).result
    }

    // MARK: - Languages

    /// A task and plain text in two languages.
    private func languages(deLabels: String = "a, b") throws -> URL {
        for (l, language) in ["en", "de"].enumerated() {
            for (s, split) in ["train", "dev", "test"].enumerated() {
                let rows = Fixture.examples(12, shift: l + s).map {
                    #"{"text": "\#($0.text)", "label": "\#($0.label)"}"#
                }
                try fixture.write("data/\(language)/role/\(split).jsonl", rows)
            }
            try fixture.write(
                "data/tasks/role\(l == 0 ? "" : ".de").yaml",
                [
                    "kind: text-classification", "data: ../\(language)/role",
                    "labels: [\(l == 0 ? "a, b" : deLabels)]",
                ])
            let letters = Array("abcdefghijklmnopqrstuvwxyz")
            let lines = (0..<70).map { i in
                [i % 26, (i / 26 + 3 * l) % 26, (7 * i + l) % 26, 9].map { String(letters[$0]) }.joined(separator: " ")
            }
            try fixture.write("data/\(language)/unlabelled/train.txt", Array(lines.prefix(60)))
            try fixture.write("data/\(language)/unlabelled/dev.txt", Array(lines.suffix(10)))
        }
        return fixture.url("data")
    }

    private static var transfer: TransferOptions {
        var options = TransferOptions.quick
        options.methods = [.madx, .majority, .otherBase]
        options.epochs = 150
        options.batch = .examples(4)
        options.languageTokens = 300
        return options
    }

    @Test func aTransferIsCancelledAndContinues() async throws {
        let (model, data) = (try fixture.model(), try languages())
        var slow = Self.transfer
        slow.checkpointInterval = 0
        let job = model.transfer(
            ["role", "role"], to: ["en", "de"], data: data, in: fixture.url("cancelled"), options: slow)
        Self.cancel(job, in: fixture.url("cancelled"), training: "role.madx")
        let told = await Self.read(job)
        #expect(told.error is CancellationError)
        #expect(told.checkpoint.map { FileManager.default.fileExists(atPath: $0.path) } == true)
        #expect(told.messages.first?.hasPrefix("Budget per task and language: at most 400 labeled texts") == true)
        // No groups
        #expect(told.warnings.contains { $0.kind == .data && $0.text.contains("no groups in en, de") })

        let again = model.transfer(
            ["role"], to: ["de"], data: data, in: fixture.url("cancelled"), options: Self.transfer)
        let rest = await Self.read(again)
        let result = try await again.result
        // The head, two language adapters and the task on them
        #expect(rest.trainings == [4] && rest.last != nil && rest.ended == rest.stages.count)
        #expect(rest.messages.contains { $0.contains("resuming after step") }, "\(rest.messages)")
        #expect(result.warnings == rest.warnings)
        let scores = Self.rows(result.report, "scores")
        // Two methods in two languages: there is no other model
        #expect(scores.count == 4 && scores.allSatisfy { $0["accuracy"]?["value"]?.number != nil }, "\(scores)")

        let whole = try await model.transfer(
            ["role"], to: ["de"], data: data, in: fixture.url("whole"), options: Self.transfer
        ).result
        #expect(Self.rows(whole.report, "scores") == scores)
        #expect(whole.report.values["adapters"] != nil && FileManager.default.fileExists(atPath: whole.page.path))
    }

    @Test func dataOfLanguagesMustAgree() async throws {
        let (model, data) = (try fixture.model(), try languages(deLabels: "b, a"))
        func error(_ tasks: [String], _ languages: [String]) async -> AmalgamError? {
            let job = model.transfer(tasks, to: languages, data: data, in: fixture.url("out"), options: Self.transfer)
            return await AmalgamError.thrown { _ = try await job.result }
        }
        #expect(await error(["role"], ["de"])?.description.contains("role.de.yaml: labels: found 'b', 'a'") == true)
        for (tasks, languages, field) in [
            (["../role"], ["de"], "tasks"), ([], ["de"], "tasks"), (["role"], ["en"], "languages"),
            (["role"], [".de"], "languages"),
        ] as [([String], [String], String)] {
            let found = await error(tasks, languages)
            #expect(found?.kind == .option && found?.field == field, "\(found as Any)")
            #expect(found?.description.contains("--") == false && found?.description.contains("commas") == false)
        }
        let missing = await error(["game"], ["de"])
        #expect(missing?.kind == .missingFile && missing?.file?.lastPathComponent == "game.yaml")
        let other = await error(["role"], ["fr"])
        #expect(
            other?.description.contains("missing in all of fr") == true && other?.description.contains("--") == false)
    }

    // MARK: - Options

    @Test func optionsAreNamedAsInSwift() async throws {
        let model = try fixture.model()
        for (field, change) in [
            ("seeds", { $0.seeds = 0 }), ("seed", { $0.seed = -1 }), ("seed", { $0.seed = .max }),
            ("arms", { $0.arms = [] }), ("epochs", { $0.epochs = 0 }), ("maxLength", { $0.maxLength = 1 }),
            ("batch", { $0.batch = .tokens(0) }), ("maxTrain", { $0.maxTrain = 0 }), ("maxDev", { $0.maxDev = -1 }),
            ("maxTest", { $0.maxTest = 0 }), ("scheduler", { $0.scheduler = "x" }),
            ("checkpointInterval", { $0.checkpointInterval = -1 }), ("memoryLimit", { $0.memoryLimit = .bytes(1000) }),
        ] as [(String, (inout AblationOptions) -> Void)] {
            var options = Self.options
            change(&options)
            let job = model.ablate([try Fixture.task()], in: fixture.url("out"), options: options)
            let error = await AmalgamError.thrown { _ = try await job.result }
            #expect(error?.field == field && error?.description.contains("--") == false, "\(field): \(error as Any)")
        }
        let none = model.ablate([], in: fixture.url("out"))
        #expect(await AmalgamError.thrown { _ = try await none.result }?.field == "tasks")
        let data = try languages()
        for (field, change) in [
            ("methods", { $0.methods = [] }), ("maxTrain", { $0.maxTrain = 0 }),
            ("languageTokens", { $0.languageTokens = 0 }),
            ("headTokens", { $0.headTokens = 0 }), ("learningRate", { $0.learningRate = -1 }),
            ("languageLearningRate", { $0.languageLearningRate = 0 }), ("scheduler", { $0.scheduler = "" }),
            ("checkpointInterval", { $0.checkpointInterval = .nan }),
        ] as [(String, (inout TransferOptions) -> Void)] {
            var options = Self.transfer
            change(&options)
            let job = model.transfer(["role"], to: ["de"], data: data, in: fixture.url("out"), options: options)
            let error = await AmalgamError.thrown { _ = try await job.result }
            #expect(error?.field == field && error?.description.contains("--") == false, "\(field): \(error as Any)")
        }
    }
}
