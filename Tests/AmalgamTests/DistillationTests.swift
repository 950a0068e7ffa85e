import Amalgam
import Foundation
import Testing

/// Adapters that learn from other bundles.
@Suite struct DistillationTests {
    private let fixture: Fixture

    init() throws { fixture = try Fixture() }

    private static func options(epochs: Int = 1) -> TrainingOptions {
        var options = Fixture.options
        options.epochs = epochs
        options.learningRate = 5e-3
        options.usesBaseDropout = false
        options.headDropout = 0
        return options
    }

    private func fusion() async throws -> AdapterBundle {
        let adapters = [try await fixture.adapter("a"), try await fixture.adapter("b")]
        return try await fixture.model().train(
            .fusion(adapters), on: Fixture.task(), options: Self.options(epochs: 20)
        ).result.bundle
    }

    /// How far the student's probabilities are from the teacher's, in the mean.
    private func distance(_ a: AdapterBundle, _ b: AdapterBundle) async throws -> Double {
        let texts = Fixture.examples(12, shift: 2).map(\.text)
        let model = try fixture.model()
        let (ours, theirs) = (
            try await Predictor(model, a).classes(of: texts), try await Predictor(model, b).classes(of: texts)
        )
        return zip(ours, theirs).reduce(0) { $0 + abs(Double($1.0.probabilities[0] - $1.1.probabilities[0])) } / 12
    }

    @Test func theStudentAnswersAsTheTeacher() async throws {
        let (teacher, model) = (try await fusion(), try fixture.model())
        var distillation = DistillationOptions()
        distillation.alpha = 1
        distillation.startsFromHead = false
        let job = model.distill(
            teacher, on: try Fixture.task(), distillation: distillation, options: Self.options(epochs: 40))
        let result = try await job.result
        #expect(result.bundle.kind == .adapter && result.bundle.heads.map(\.name) == ["game"])
        let score = try #require(result.teacher)
        #expect(score.examples == 12 && score.metric == "accuracy" && result.dev["game"]?.examples == 12)
        #expect(result.summary[0].hasPrefix("teacher: dev accuracy"))
        // The KL divergence is 0 at the end, or nearly so, and the answers are the teacher's
        #expect(result.losses[0] > 0 && (result.losses.last ?? 1) < 0.2 * result.losses[0], "\(result.losses)")
        let (near, far) = (
            try await distance(result.bundle, teacher), try await distance(fixture.adapter(), teacher)
        )
        #expect(near < 0.05 && near < 0.5 * far, "distances \(near) and \(far)")
        let settings = result.bundle.provenance.settings
        #expect(settings["temperature"]?.number == 2 && settings["alpha"]?.number == 1)
        #expect(settings["teacher"]?.text?.count == 64)
    }

    /// The head starts with the teacher's values: without a step, the same head.
    @Test func starts() async throws {
        let (teacher, model, task) = (try await fusion(), try fixture.model(), try Fixture.task())
        func losses(_ startsFromHead: Bool, _ start: AdapterBundle? = nil) async throws -> [Double] {
            var distillation = DistillationOptions()
            distillation.startsFromHead = startsFromHead
            return try await model.distill(
                teacher, into: .adapter(startingFrom: start), on: task, distillation: distillation,
                options: Self.options()
            ).result.losses
        }
        let (old, new) = (try await losses(true), try await losses(false))
        #expect(old != new && old[0] < new[0])
        let member = try teacher.adapter(named: "a")
        #expect(member.kind == .adapter && member.heads.isEmpty)
        #expect(member.members[0].contentHash == teacher.members[0].contentHash)
        #expect(try await losses(true, member) != old)
        let error = #expect(throws: AmalgamError.self) { try teacher.adapter(named: "c") }
        #expect(error?.description == "bundle game: found no adapter 'c', expected one of a, b")
    }

    /// Texts that only the teacher labels are trained on; their own answers do not count.
    @Test func furtherTexts() async throws {
        let (teacher, model, task) = (try await fusion(), try fixture.model(), try Fixture.task())
        func result(_ file: String?) async throws -> TrainingResult {
            var distillation = DistillationOptions()
            distillation.texts = file.map { fixture.url($0) }
            return try await model.distill(
                teacher, on: task, distillation: distillation, options: Self.options()
            ).result
        }
        let texts = ["a x", "b z", "c m x"]
        try fixture.write("more.txt", texts)
        try fixture.write("more.jsonl", texts.map { "{\"text\": \"\($0)\", \"label\": \"unknown\"}" })
        let (none, plain, rows) = (try await result(nil), try await result("more.txt"), try await result("more.jsonl"))
        #expect(plain.facts["teacher"]?["texts"]?.number == 3 && none.facts["teacher"]?["texts"]?.number == 0)
        #expect(plain.tokens > none.tokens && plain.losses == rows.losses)
        #expect(try plain.bundle.data() == rows.bundle.data())
    }

    /// Tags are learned word by word, and numbers by their mix with the data's.
    @Test func otherKinds() async throws {
        let model = try fixture.model()
        let words = [["a", "b", "x"], ["c", "z", "m"], ["x", "a"], ["z", "c", "n"]]
        func tag(_ word: String) -> String { ["x", "z"].contains(word) ? "B-E" : "O" }
        let tagging = try TextTask.tagging(
            name: "tags", train: words.map { TaggingExample($0, tags: $0.map(tag)) },
            dev: words.map { TaggingExample($0, tags: $0.map(tag)) })
        let regression = try TextTask.regression(
            name: "numbers",
            train: words.enumerated().map { RegressionExample($1.joined(separator: " "), value: Double($0)) },
            dev: words.enumerated().map { RegressionExample($1.joined(separator: " "), value: Double($0)) })
        for task in [tagging, regression] {
            let teacher = try await model.train(.adapter(), on: task, options: Self.options(epochs: 10)).result.bundle
            var distillation = DistillationOptions()
            distillation.alpha = 1
            distillation.startsFromHead = false
            let result = try await model.distill(
                teacher, on: task, distillation: distillation, options: Self.options(epochs: 30)
            ).result
            #expect((result.losses.last ?? 1) < 0.3 * result.losses[0], "\(task.name): \(result.losses)")
            distillation.alpha = 0.5
            let mixed = try await model.distill(
                teacher, on: task, distillation: distillation, options: Self.options()
            ).result
            #expect(mixed.losses[0] != result.losses[0])
        }
    }

    /// Labels each by itself, choices over those of a question, and starts and ends over a window are learned, too.
    @Test func setsChoicesAndAnswers() async throws {
        let model = try fixture.model()
        let words = [
            ["a", "b", "x"], ["c", "z", "m"], ["x", "a", "z"], ["z", "c", "n"], ["n", "a", "b"], ["m", "x", "c"],
        ]
        let texts = words.map { $0.joined(separator: " ") }
        let sets = words.map { word in LabelSetExample(word.joined(separator: " "), labels: word.filter("xz".contains))
        }
        let choices = texts.enumerated().map { i, text in
            ChoiceExample("q", choices: [text, "b \(i % 2 == 0 ? "x" : "c")", "n"], answer: i % 3)
        }
        let questions = words.map { word in
            QuestionExample(
                "q", context: word.joined(separator: " "),
                answers: word.contains("x") ? [.init("x", start: 2 * (word.firstIndex(of: "x") ?? 0))] : [])
        }
        let tasks: [TextTask] = [
            try .multiLabel(name: "sets", train: sets, dev: sets),
            try .multipleChoice(name: "choices", train: choices, dev: choices),
            try .questionAnswering(name: "questions", train: questions, dev: questions),
        ]
        for task in tasks {
            let teacher = try await model.train(.adapter(), on: task, options: Self.options(epochs: 20)).result.bundle
            func distill(_ alpha: Double, epochs: Int, texts: URL? = nil) async throws -> TrainingResult {
                var distillation = DistillationOptions()
                distillation.alpha = alpha
                distillation.startsFromHead = false
                distillation.texts = texts
                return try await model.distill(
                    teacher, on: task, distillation: distillation, options: Self.options(epochs: epochs)
                ).result
            }
            let result = try await distill(1, epochs: 60)
            #expect((result.losses.last ?? 1) < 0.3 * result.losses[0], "\(task.name): \(result.losses)")
            #expect(result.teacher?.metric == result.dev[task.name]?.metric)
            let mixed = try await distill(0.5, epochs: 1)
            #expect(mixed.losses[0] != result.losses[0] && mixed.losses[0].isFinite)
            // The same bytes with another number of threads
            let three = try await fixture.model(threads: 3).distill(
                teacher, on: task, distillation: DistillationOptions(), options: Self.options()
            ).result.bundle.data()
            let one = try await model.distill(
                teacher, on: task, distillation: DistillationOptions(), options: Self.options()
            ).result.bundle.data()
            #expect(three == one, "\(task.name)")
        }
        // Texts without answers count by the teacher's alone
        let teacher = try await model.train(.adapter(), on: tasks[1], options: Self.options(epochs: 2)).result.bundle
        try fixture.write("more.jsonl", ["{\"question\": \"q\", \"choices\": [\"a x\", \"b\"]}"])
        var further = DistillationOptions()
        further.texts = fixture.url("more.jsonl")
        let more = try await model.distill(
            teacher, on: tasks[1], distillation: further, options: Self.options()
        ).result
        #expect(more.facts["teacher"]?["texts"]?.number == 1 && more.losses.allSatisfy(\.isFinite))
    }

    /// Windows must be the teacher's; trees are not learned from a teacher.
    @Test func refusesOtherWindowsAndTrees() async throws {
        let model = try fixture.model()
        let context = Array(repeating: "a b c", count: 8).joined(separator: " ")
        let questions = [QuestionExample("q", context: context, answers: [.init("a", start: 0)])]
        let task = try TextTask.questionAnswering(name: "questions", train: questions)
        var options = Self.options()
        options.maxLength = 12
        options.answers.docStride = 2
        let teacher = try await model.train(.adapter(), on: task, options: options).result.bundle
        _ = try await model.distill(teacher, on: task, options: options).result
        options.answers.docStride = 3
        let windows = await AmalgamError.thrown {
            _ = try await model.distill(teacher, on: task, options: options).result
        }
        #expect(windows?.description.contains("in other windows than the student") == true, "\(windows as Any)")

        let trees = try TextTask.parsing(
            name: "trees",
            train: [
                ParsingExample(
                    ["a", "b"], arcs: [DependencyArc(head: 0, label: "root"), DependencyArc(head: 1, label: "x")])
            ])
        let parser = try await model.train(.adapter(), on: trees, options: Self.options()).result.bundle
        let refused = await AmalgamError.thrown {
            _ = try await model.distill(parser, on: trees, options: Self.options()).result
        }
        #expect(refused?.description.contains("found a head that predicts trees, expected classes") == true)
    }

    @Test func refuses() async throws {
        let teacher = try await fixture.adapter()
        func message(_ task: TextTask, _ change: (inout DistillationOptions) -> Void = { _ in }) async throws -> String
        {
            var distillation = DistillationOptions()
            change(&distillation)
            let job = try fixture.model().distill(
                teacher, on: task, distillation: distillation, options: Self.options())
            return try #require(await AmalgamError.thrown { _ = try await job.result }).description
        }
        let task = try Fixture.task()
        #expect(try await message(task) { $0.temperature = 0 }.contains("temperature: found 0.0, expected 0.1 to 100"))
        #expect(try await message(task) { $0.alpha = 2 }.contains("alpha: found 2.0, expected a share in 0...1"))
        #expect(try await message(Fixture.task(labels: ["c", "d"])).contains("'c' (12 rows)"))
        let missing = fixture.url("missing.txt")
        #expect(try await message(task) { $0.texts = missing }.contains("missing.txt: no such file"))
        try fixture.write("empty.txt", [""])
        let empty = fixture.url("empty.txt")
        #expect(try await message(task) { $0.texts = empty }.contains("empty.txt: no rows"))
    }
}
