import Bundles
import Foundation
import Models
import Numerics
import Tasks
import Testing

@testable import Training

/// Linear probes against scikit-learn's `StandardScaler` with `LogisticRegression` or `Ridge` (Tests/Golden/probe_golden.py).
@Suite struct ProbeParityTests {
    struct File: Decodable {
        struct Case: Decodable {
            var name: String
            var classes: Int
            var columns: Int
            var train: Int
            var features: [Double]
            var labels: [Int]
            /// By strength, then by row.
            var probabilities: [[[Double]]]
        }
        struct Ridge: Decodable {
            var columns: Int
            var train: Int
            var features: [Double]
            var targets: [Double]
            /// By strength.
            var predictions: [[Double]]
        }
        var grid: [Double]
        var cases: [Case]
        var ridge: Ridge
    }

    private let golden: File

    init() throws {
        golden = try JSONDecoder().decode(
            File.self, from: Data(contentsOf: Features.golden.appendingPathComponent("probe.json")))
    }

    /// Weights in float32 are exact to 1e-7; scikit-learn itself stops at 1e-10.
    @Test func probabilities() throws {
        #expect(LinearProbe.grid == golden.grid)
        for one in golden.cases {
            let features = Features(rowsOf: one.features, width: one.columns)
            let column = ClassColumn(one.labels.map { Int32($0) }, names: (0..<one.classes).map { "\($0)" })
            let head = LinearClassificationHead(labels: (0..<one.classes).map { "\($0)" }, pooling: .mean)
            let problem = ProbeProblem(features, column, head: head) { $0 < one.train }
            for (strength, expected) in zip(golden.grid, one.probabilities) {
                var answers = ProbeAnswers(features, width: one.classes)
                problem.fit(strength).fill(&answers, features, column, head: head)
                let results = answers.results
                let found = (one.train..<features.rows).flatMap { Array(results.row($0)) }
                let difference = Difference(found, expected.joined().map { Float($0) })
                #expect(difference.largest < 1e-4, "\(one.name), C = \(strength): \(difference)")
            }
        }
    }

    /// Each label of a set, and whether a choice is the right one, is scikit-learn's regression of two classes.
    @Test func decisions() throws {
        let one = try #require(golden.cases.first { $0.classes == 2 })
        let features = Features(rowsOf: one.features, width: one.columns)
        let names = ["0", "1"]
        let sets = LabelSetColumn(
            one.labels.enumerated().map { Example(id: $0, text: "", payload: LabelSet(labels: [$1])) }, names: names,
            thresholds: [0.5, 0.5])
        let setHead = LinearMultiLabelHead(labels: names, pooling: .mean)
        let problem = ProbeProblem(features, sets, head: setHead) { $0 < one.train }
        // A row is a question with one choice, which is right (answer 0) or not
        let questions = ChoiceColumn(
            one.labels.enumerated().map { id, label in
                Example(
                    id: id, text: "", payload: Choices(question: "", choices: ["a", "b"], answer: label == 1 ? 0 : 1))
            })
        let choice = ProbeProblem(features, questions, head: LinearMultipleChoiceHead(pooling: .mean)) {
            $0 < one.train
        }
        for (strength, expected) in zip(golden.grid, one.probabilities) {
            var answers = ProbeAnswers(features, width: 2)
            problem.fit(strength).fill(&answers, features, sets, head: setHead)
            let results = answers.results
            let found = (one.train..<features.rows).flatMap { Array(results.row($0)) }
            let difference = Difference(found, expected.joined().map { Float($0) })
            #expect(difference.largest < 1e-4, "C = \(strength): \(difference)")
            let model = choice.fit(strength)
            for (row, expected) in zip(one.train..<features.rows, expected) {
                let logit = zip(model.weights, features.row(row)).reduce(Double(model.bias[0])) {
                    $0 + Double($1.0) * Double($1.1)
                }
                #expect(abs(BinaryCrossEntropy.sigmoid(logit) - expected[1]) < 1e-4)
            }
        }
    }

    @Test func ridge() throws {
        let one = golden.ridge
        let features = Features(rowsOf: one.features, width: one.columns)
        let column = NumberColumn(one.targets.map { Float($0) }, width: 1)
        let head = LinearRegressionHead(numbers: [NumberScale(mean: 3, deviation: 2)], pooling: .mean)
        let problem = ProbeProblem(features, column, head: head) { $0 < one.train }
        for (strength, expected) in zip(golden.grid, one.predictions) {
            var answers = ProbeAnswers(features, width: 1)
            problem.fit(strength).fill(&answers, features, column, head: head)
            let results = answers.results
            let found = (one.train..<features.rows).map { results.row($0).first ?? .nan }
            let difference = Difference(found, expected.map { Float($0) })
            #expect(difference.largest < 1e-4 * (expected.map(abs).max() ?? 1), "C = \(strength): \(difference)")
        }
    }

    /// A class without examples gets no probability, also where only one class has examples.
    @Test func unseenClasses() {
        let features = Features(rowsOf: [1, 2, 3, 4, 6, 5], width: 1)
        let head = LinearClassificationHead(labels: ["a", "b", "c"], pooling: .mean)
        for labels: [Int32] in [[0, 0, 0, 2, 2, 2], [2, 2, 2, 2, 2, 2]] {
            let column = ClassColumn(labels, names: [])
            var answers = ProbeAnswers(features, width: 3)
            ProbeProblem(features, column, head: head).fit(1).fill(&answers, features, column, head: head)
            let results = answers.results
            for row in 0..<6 {
                #expect(results.row(row).dropFirst().first.map { $0 < 1e-12 } == true)
                #expect(abs(results.row(row).reduce(0, +) - 1) < 1e-6)
                #expect(Evaluator.best(results.row(row)) == Int(labels[row]))
            }
        }
    }

    /// Folds have equal sizes and each its share of every class; a small class makes them fewer.
    @Test func folds() {
        let many = StratifiedFolds(ClassColumn((0..<23).map { $0 % 3 == 0 ? 0 : 1 }, names: []))
        #expect(many.count == 5)
        for fold in 0..<5 { #expect((1...2).contains((0..<23).count { many.of[$0] == fold && $0 % 3 == 0 })) }
        let few = StratifiedFolds(ClassColumn([0, 0, 0, 0, 1, 1, 1, -1], names: []))
        #expect(few.count == 3 && few.of == [0, 1, 2, 0, 0, 1, 2, -1])
        #expect(StratifiedFolds(ClassColumn([0, 0, 0, 1], names: [])).count == 2)
        #expect(StratifiedFolds(ClassColumn([1], names: [])).count == 1)
        #expect(StratifiedFolds(NumberColumn([1, .nan, 2, 3], width: 1)).of == [0, -1, 1, 2])
    }

    /// The choice is the best candidate of the judge, and does not depend on the number of threads.
    @Test func choice() throws {
        let one = try #require(golden.cases.first)
        let features = Features(rowsOf: one.features, width: one.columns)
        let column = ClassColumn(one.labels.map { Int32($0) }, names: (0..<one.classes).map { "\($0)" })
        let head = LinearClassificationHead(labels: (0..<one.classes).map { "\($0)" }, pooling: .mean)
        for dev in [nil, (features: features, column: column)] {
            func probe(_ threads: Int) -> LinearProbe {
                LinearProbe(
                    features, column, dev: dev, head: head, metric: Accuracy.self, pool: ThreadPool(threads: threads))
            }
            let (first, second) = (probe(1), probe(3))
            #expect(first.model.weights == second.model.weights && first.model.bias == second.model.bias)
            #expect(first.candidates == second.candidates && first.candidates.count == LinearProbe.grid.count)
            #expect(first.judge == (dev == nil ? .folds(5) : .dev))
            let best = try #require(first.candidates.map(\.score).max())
            let chosen = try #require(first.candidates.first { $0.inverseStrength == first.inverseStrength })
            #expect(chosen.score == best)
            #expect(chosen.loss == first.candidates.filter { $0.score == best }.map(\.loss).min())
        }
    }
}

extension Features {
    static let golden = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Golden/probe")

    /// One row for each example.
    init(rowsOf values: [Double], width: Int) {
        self.init(
            width: width, values: values.map { Float($0) }, offsets: Array(0...(values.count / width)), words: [])
    }
}
