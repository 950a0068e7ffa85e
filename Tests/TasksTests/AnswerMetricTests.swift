import Foundation
import Testing

@testable import Tasks

/// Metrics of tags and numbers against seqeval, scipy and scikit-learn.
struct AnswerMetricParityTests {
    private struct File: Decodable {
        struct Scores: Decodable {
            var rows: [Int]
            var entity_f1: Double?
            var token_accuracy: Double?
            var pearson: Double?
            var spearman: Double?
            var mse: Double?
            var mae: Double?
        }
        struct TagCase: Decodable {
            struct Entity: Decodable, Equatable {
                var type: String
                var first: Int
                var last: Int

                init(from decoder: Decoder) throws {
                    var box = try decoder.unkeyedContainer()
                    type = try box.decode(String.self)
                    first = try box.decode(Int.self)
                    last = try box.decode(Int.self)
                }
            }
            struct Group: Decodable {
                var type: String
                var precision: Double
                var recall: Double
                var f1: Double
                var support: Int
            }
            var scheme: String
            var types: [Group]
            var gold: [[String]]
            var predicted: [[String]]
            var entities: [Entity]
            var entity_f1: Double?
            var token_accuracy: Double?
            var resamples: [Scores]
        }
        struct NumberCase: Decodable {
            var name: String
            var gold: [[Double?]]
            var predicted: [[Double]]
            var pearson: Double?
            var spearman: Double?
            var mse: Double?
            var mae: Double?
            var resamples: [Scores]
        }
        var tags: [TagCase]
        struct RidgeCase: Decodable {
            var x: [[Double]]
            var y: [Double]
            var penalty: Double
            var weights: [Double]
            var intercept: Double
        }
        var numbers: [NumberCase]
        var ridge: [RidgeCase]
    }

    /// Equal up to rounding; null in the file is NaN here.
    private func check(_ found: Double, _ expected: Double?, _ place: String) {
        let isEqual = expected.map { abs(found - $0) < 1e-10 * max(1, abs($0)) } ?? found.isNaN
        #expect(isEqual, "\(place): \(found), not \(expected.map { "\($0)" } ?? "undefined")")
    }

    @Test func tagsEqualSeqeval() throws {
        for (number, one) in try golden("answers", as: File.self).tags.enumerated() {
            let place = "case \(number), \(one.scheme)"
            var reader = EntityReader()
            let entities = one.gold.flatMap { reader.entities($0) }
            #expect(entities.map(\.type) == one.entities.map(\.type), "\(place)")
            #expect(entities.map(\.words.lowerBound) == one.entities.map(\.first), "\(place)")
            #expect(entities.map(\.words.upperBound) == one.entities.map(\.last), "\(place)")
            let answers = TagAnswers(predicted: one.predicted, gold: one.gold)
            check(EntityF1.value(of: answers), one.entity_f1, "\(place), entity_f1")
            let types = TagScores.ofEntities(answers, known: [])
            #expect(types.map(\.label) == one.types.map(\.type), "\(place)")
            for (found, expected) in zip(types, one.types) {
                check(found.precision, expected.precision, "\(place), precision of \(found.label)")
                check(found.recall, expected.recall, "\(place), recall of \(found.label)")
                check(found.f1, expected.f1, "\(place), F1 of \(found.label)")
                #expect(found.support == expected.support, "\(place), \(found.label)")
            }
            check(TokenAccuracy.value(of: answers), one.token_accuracy, "\(place), token_accuracy")
            // The sums of a resample are what seqeval gives on the repeated sentences. Tags without prefixes are not
            // among these cases: there seqeval reads a sentence depending on the one before it.
            var sums = TagCounts(for: answers)
            for resample in one.resamples {
                sums.removeAll()
                for row in resample.rows { sums.add(row, of: answers, times: 1) }
                check(EntityF1.value(sums), resample.entity_f1, "\(place), entity_f1 of \(resample.rows)")
                check(TokenAccuracy.value(sums), resample.token_accuracy, "\(place), accuracy of \(resample.rows)")
            }
        }
    }

    @Test func ridgeEqualsScikitLearn() throws {
        for (number, one) in try golden("answers", as: File.self).ridge.enumerated() {
            var rows = SparseRows(columns: one.weights.count)
            for row in one.x { rows.append(row.enumerated().filter { $0.1 != 0 }.map { (Int32($0.0), $0.1) }) }
            let model = RidgeRegression(fitting: rows, one.y, penalty: one.penalty)
            for (found, expected) in zip(model.weights, one.weights) {
                #expect(abs(found - expected) < 1e-8, "case \(number): \(found), not \(expected)")
            }
            #expect(abs(model.intercept - one.intercept) < 1e-8, "case \(number)")
        }
    }

    @Test func numbersEqualScipyAndScikitLearn() throws {
        for one in try golden("answers", as: File.self).numbers {
            let answers = NumberAnswers(predicted: one.predicted, gold: one.gold)
            check(Pearson.value(of: answers), one.pearson, "\(one.name), pearson")
            check(Spearman.value(of: answers), one.spearman, "\(one.name), spearman")
            check(MeanSquaredError.value(of: answers), one.mse, "\(one.name), mse")
            check(MeanAbsoluteError.value(of: answers), one.mae, "\(one.name), mae")
            var (sums, ranked) = (NumberSums(for: answers), RankedValues(for: answers))
            var errors = AbsoluteErrors(for: answers)
            for resample in one.resamples {
                sums.removeAll()
                ranked.removeAll()
                errors.removeAll()
                for row in Set(resample.rows) {
                    let times = resample.rows.count { $0 == row }
                    sums.add(row, of: answers, times: times)
                    ranked.add(row, of: answers, times: times)
                    errors.add(row, of: answers, times: times)
                }
                check(Pearson.value(sums), resample.pearson, "\(one.name), pearson of \(resample.rows)")
                check(Spearman.value(ranked), resample.spearman, "\(one.name), spearman of \(resample.rows)")
                check(MeanSquaredError.value(sums), resample.mse, "\(one.name), mse of \(resample.rows)")
                check(MeanAbsoluteError.value(errors), resample.mae, "\(one.name), mae of \(resample.rows)")
            }
        }
    }
}

struct AnswerMetricPropertyTests {
    /// One bootstrap serves every metric: a resample's value is the metric on the repeated examples.
    @Test func resamplesAreTheMetricOnRepeatedExamples() {
        for seed in UInt64(1)...5 {
            var dice = Dice(seed)
            let tags = ["O", "B-A", "I-A", "B-B", "I-B"]
            func words(_ count: Int) -> [String] { (0..<count).map { _ in tags.randomElement(using: &dice) ?? "O" } }
            let lengths = (0..<20).map { _ in Int.random(in: 1..<6, using: &dice) }
            let tagged = TagAnswers(predicted: lengths.map(words), gold: lengths.map(words))
            let numbers = NumberAnswers(
                predicted: lengths.map { [Double($0) + Double.random(in: 0..<1, using: &dice), 1] },
                gold: lengths.map { [Double($0), nil] })
            let groups = lengths.indices.map { "\($0 / 3)" as String? }
            let bootstrap = ClusteredBootstrap([groups], resamples: 30, seed: seed)
            for answers in [tagged, numbers] as [any Answers] {
                let metrics = Metrics.standard.fitting(answers)
                #expect(metrics.count > 1)
                for (metric, cells) in zip(metrics, bootstrap.scores(metrics, [answers])) {
                    for resample in 0..<30 {
                        var rows: [Int] = []
                        Bootstrap.draw(bootstrap.count, resample: resample, seed: seed) { group in
                            rows += lengths.indices.filter { $0 / 3 == group }
                        }
                        let expected = metric.value(
                            ofAny: answers is TagAnswers
                                ? TagAnswers(
                                    predicted: rows.map { tagged.predicted[$0] }, gold: rows.map { tagged.gold[$0] })
                                : NumberAnswers(
                                    predicted: rows.map { numbers.predicted[$0] }, gold: rows.map { numbers.gold[$0] })
                                    as any Answers)
                        let found = cells[0].resampled[resample]
                        #expect(abs(found - expected) < 1e-12, "seed \(seed), \(metric.name), \(found), \(expected)")
                    }
                }
            }
        }
    }

    /// An undefined correlation is NaN, also in its interval, and never the best of a training.
    @Test func undefinedIsNotANumber() {
        let constant = NumberAnswers(predicted: [[0.1], [0.1], [0.1]], gold: [[1], [2], [3]])
        let diverged = NumberAnswers(predicted: [[.nan], [1], [2]], gold: [[1], [2], [3]])
        for metric in [Pearson.self, Spearman.self] as [any Metric.Type] {
            for answers in [constant, diverged] { #expect(metric.value(ofAny: answers).isNaN) }
            let interval = ClusteredBootstrap([[nil, nil, nil]], resamples: 20).scores(metric, [constant])[0].interval()
            #expect(interval.value.isNaN && interval.low.isNaN && interval.high.isNaN)
            #expect(metric.criterion(.nan) < metric.criterion(-1))
        }
        #expect(MeanSquaredError.value(of: diverged).isNaN)
        #expect(MeanSquaredError.criterion(.nan) < MeanSquaredError.criterion(1e9))
        #expect(MeanSquaredError.criterion(1) > MeanSquaredError.criterion(2))
        let empty = NumberAnswers(predicted: [], gold: [])
        for metric in Metrics.standard.fitting(empty) { #expect(metric.value(ofAny: empty).isNaN) }
    }

    @Test func entitiesNeedPrefixes() {
        for tags in [["O", "B-PER", "I-PER"], ["O", "I-PER"], ["B", "I", "O"], ["S-X", "E-X", "B-X", "I-X"]] {
            #expect(EntityF1.isMeaningful(for: tags), "\(tags)")
        }
        for tags in [["O"], [], ["NOUN", "VERB"], ["O", "PER"], ["B-PER", "NOUN"], ["IN", "BE"], ["U-PER", "O"]] {
            #expect(!EntityF1.isMeaningful(for: tags), "\(tags)")
        }
    }
}

struct AnswerFormTests {
    private let all: [any Answers] = [
        ClassAnswers(predicted: [0, 2], gold: [1, 2], classes: 3), ClassAnswers(predicted: [], gold: [], classes: 0),
        TagAnswers(predicted: [["O", "B-é"], [], ["O"]], gold: [["B-é", "O"], [], ["B-x"]]),
        NumberAnswers(predicted: [[0.1, -.infinity], [.nan, 3]], gold: [[nil, 1 / 3], [5e-324, -0.0]]),
        NumberAnswers(predicted: [], gold: []),
        ClassAnswers(predicted: [0, 2], gold: [1, 2], classes: 3, confidences: [0.5, 1]),
        ClassAnswers(predicted: [], gold: [], classes: 0, confidences: []),
        RankingAnswers(predicted: [[3, 1, 2], []], gold: [[1: 1, 7: 2.5], [0: 1]]),
        RankingAnswers(predicted: [], gold: []),
        SpanAnswers(predicted: ["é", ""], gold: [[], ["a", "日本"]]), SpanAnswers(predicted: [], gold: []),
    ]

    @Test func writtenFormsReadBack() {
        #expect(Set(AnswerForms.builtIn.map { $0.form }).count == AnswerForms.builtIn.count)
        for answers in all {
            let text = AnswerForms.text(answers)
            let back = AnswerForms.answers(text)
            #expect(back.map { type(of: $0).form } == type(of: answers).form)
            #expect(back?.bytes == answers.bytes, "\(text)")
        }
    }

    /// Damaged bytes give nil or answers that are written as they were read, never a trap.
    @Test func damagedBytesAreRefused() {
        for answers in all {
            let bytes = answers.bytes
            for count in 0..<bytes.count { #expect(type(of: answers).init(bytes: Array(bytes.prefix(count))) == nil) }
            for seed in UInt64(1)...2000 {
                var dice = Dice(seed)
                var damaged = bytes
                for _ in 0...Int(dice.next() % 3) where !damaged.isEmpty {
                    damaged[Int.random(in: 0..<damaged.count, using: &dice)] = UInt8(truncatingIfNeeded: dice.next())
                }
                for form in AnswerForms.builtIn { _ = form.init(bytes: damaged).map { $0.count } }
            }
        }
        for text in ["", "classes", "classes:", "classes:!", "other:AAAA", ":"] {
            #expect(AnswerForms.answers(text) == nil)
        }
    }
}

struct AnswerBaselineTests {
    private func task(_ kind: String, labels: [String] = []) -> TaskData {
        TaskData(
            definition: TaskDefinition(
                name: "t", kind: kind, data: [:], folder: URL(fileURLWithPath: "/"), source: "t"), labels: labels)
    }

    @Test func wordsGetTheirMostFrequentTag() throws {
        var data = task("tagging", labels: ["A", "B", "C"])
        func example(_ words: [String], _ tags: [Int]?) -> Example {
            Example(id: 0, text: "", payload: TaggedTokens(tokens: words, tags: tags))
        }
        data.train = [example(["x", "x", "y", "z", "z"], [1, 0, 2, 1, 1]), example(["x", "y"], [0, -1])]
        data.test = [example(["x", "y", "z", "new"], [0, 2, 1, 1]), example(["x"], nil)]
        let words = try #require(WordTags.answers(data, metric: TokenAccuracy.self) as? TagAnswers)
        #expect(words.predicted == [["A", "C", "B", "B"]] && words.gold == [["A", "C", "B", "B"]])
        let constant = try #require(MajorityTag.answers(data, metric: TokenAccuracy.self) as? TagAnswers)
        #expect(constant.predicted == [["B", "B", "B", "B"]])
        data.train = []
        #expect(WordTags.answers(data, metric: TokenAccuracy.self).map { $0.count } == nil)
    }

    /// Similar texts have high scores: the column of the cosine finds it.
    @Test func ridgeLearnsFromPairs() throws {
        var data = task("regression")
        let words = (0..<30).map { "word\($0)" }
        func examples(_ count: Int, seed: UInt64) -> [Example] {
            var dice = Dice(seed)
            return (0..<count).map { i in
                let first = words.shuffled(using: &dice).prefix(6)
                let shared = Int.random(in: 0...6, using: &dice)
                let second = Array(first.prefix(shared)) + words.shuffled(using: &dice).prefix(6 - shared)
                return Example(
                    id: i, text: first.joined(separator: " "), pair: second.joined(separator: " "),
                    payload: Numbers(values: [Double(shared), i % 3 == 0 ? nil : -Double(shared)]))
            }
        }
        (data.train, data.dev, data.test) = (examples(200, seed: 1), examples(50, seed: 2), examples(50, seed: 3))
        let answers = try #require(TFIDFRidge.answers(data, metric: Pearson.self) as? NumberAnswers)
        #expect(Pearson.value(of: answers) > 0.8, "\(Pearson.value(of: answers))")
        let mean = try #require(MeanValue.answers(data, metric: Pearson.self) as? NumberAnswers)
        #expect(Pearson.value(of: mean).isNaN && MeanSquaredError.value(of: mean).isFinite)
        #expect(mean.count == 50)
    }
}
