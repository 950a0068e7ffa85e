import Foundation
import Testing

@testable import Tasks

/// Scores of coreference against `scorch`, and assignments against SciPy (Tests/Golden/clusters_golden.py).
struct ClusterMetricTests {
    private struct File: Decodable {
        struct Scores: Decodable {
            var muc: [Double]?
            var bcub: [Double]?
            var ceafe: [Double]?
            var ceafm: [Double]?
            var conll: Double?
        }
        struct Resample: Decodable {
            var rows: [Int]
            var scores: Scores
        }
        struct Case: Decodable {
            var gold: [[[[Int]]]]
            var predicted: [[[[Int]]]]
            var scores: Scores
            var resamples: [Resample]
        }
        struct Problem: Decodable {
            var gains: [[Double]]
            var best: Double
        }
        var scores: [Case]
        var assignments: [Problem]
    }

    private func clusters(_ documents: [[[[Int]]]]) -> [[Cluster]] {
        documents.map { $0.map { $0.map { Mention($0[0], $0[1]) } } }
    }

    /// The same number but for the last digits: sums are made in another order.
    private func isEqual(_ found: Double, _ expected: Double?) -> Bool {
        expected.map { abs(found - $0) <= 4 * $0.ulp } ?? found.isNaN
    }

    private func check(_ counts: ClusterCounts, _ expected: File.Scores, _ note: String) {
        for (name, own, theirs) in [
            ("MUC", counts.sum.muc, expected.muc), ("B³", counts.sum.bCubed, expected.bcub),
            ("CEAF-e", counts.sum.ceafEntities, expected.ceafe), ("CEAF-m", counts.sum.ceafMentions, expected.ceafm),
        ] {
            guard let theirs else {
                #expect(own.f1.isNaN, "\(note) \(name)")
                continue
            }
            // The reference gives 0 for both where one side has nothing to count
            #expect(isEqual(own.f1, theirs[2]), "\(note) \(name): \(own.f1), expected \(theirs[2])")
            guard own.predicted > 0, own.gold > 0 else { continue }
            #expect(isEqual(own.recall, theirs[0]), "\(note) \(name): \(own.recall), expected \(theirs[0])")
            #expect(isEqual(own.precision, theirs[1]), "\(note) \(name): \(own.precision), expected \(theirs[1])")
        }
        #expect(isEqual(CoNLLF1.value(counts), expected.conll), "\(note)")
        #expect(isEqual(MUCF1.value(counts), expected.muc?[2]) && isEqual(BCubedF1.value(counts), expected.bcub?[2]))
        #expect(isEqual(EntityCEAF.value(counts), expected.ceafe?[2]))
        #expect(isEqual(MentionCEAF.value(counts), expected.ceafm?[2]))
    }

    @Test func scoresEqualTheReference() throws {
        for (number, one) in try golden("clusters", as: File.self).scores.enumerated() {
            let answers = ClusterAnswers(predicted: clusters(one.predicted), gold: clusters(one.gold))
            var counts = ClusterCounts(for: answers)
            for row in 0..<answers.count { counts.add(row, of: answers, times: 1) }
            check(counts, one.scores, "case \(number)")
            for resample in one.resamples {
                counts.removeAll()
                for row in resample.rows { counts.add(row, of: answers, times: 1) }
                check(counts, resample.scores, "case \(number), rows \(resample.rows)")
            }
            let back = try #require(AnswerForms.answers(AnswerForms.text(answers)) as? ClusterAnswers)
            #expect(back == answers && back.bytes == answers.bytes)
            for count in stride(from: 0, to: answers.bytes.count, by: 7) {
                #expect(ClusterAnswers(bytes: Array(answers.bytes.prefix(count))) == nil, "first \(count) bytes")
            }
        }
    }

    /// Sums of the same gains in another order.
    @Test func assignmentsEqualSciPy() throws {
        for (number, one) in try golden("clusters", as: File.self).assignments.enumerated() {
            let found = Assignment.best(one.gains)
            let columns = found.compactMap { $0 }
            #expect(found.count == one.gains.count && Set(columns).count == columns.count, "case \(number)")
            #expect(columns.count == min(one.gains.count, one.gains.first?.count ?? 0), "case \(number)")
            let sum = zip(one.gains, found).reduce(0) { sum, pair in sum + (pair.1.map { pair.0[$0] } ?? 0) }
            #expect(abs(sum - one.best) < 1e-12, "case \(number): \(sum), expected \(one.best)")
        }
    }

    /// A case from Luo (2005) and Pradhan et al. (2014), by hand: {a b c} {d e f g} against {a b} {c d} {f g h i}.
    @Test func byHand() {
        func cluster(_ words: Int...) -> Cluster { words.map { Mention($0, $0) } }
        let answers = ClusterAnswers(
            predicted: [[cluster(0, 1), cluster(2, 3), cluster(5, 6, 7, 8)]],
            gold: [[cluster(0, 1, 2), cluster(3, 4, 5, 6)]])
        let scores = ClusterScores.of(answers)
        #expect(scores.map(\.label) == ["MUC", "B³", "CEAF-e", "CEAF-m", "mentions"])
        #expect(scores.map { ($0.recall * 1e4).rounded() } == [4000, 4167, 6500, 5714, 8571])
        #expect(scores.map { ($0.precision * 1e4).rounded() } == [4000, 5000, 4333, 5000, 7500])
        #expect(scores.map(\.support) == [7, 7, 2, 7, 7] && scores.map(\.predicted) == [8, 8, 3, 8, 8])
    }

    /// What is not to be found and is not found has no score; the order of clusters and mentions does not count.
    @Test func edges() {
        let none = ClusterAnswers(predicted: [[]], gold: [[]])
        #expect(CoNLLF1.value(of: none).isNaN && MUCF1.value(of: none).isNaN && MentionCEAF.value(of: none).isNaN)
        let gold = [[Mention(0, 0), Mention(2, 3)], [Mention(1, 1), Mention(5, 5)]]
        #expect(CoNLLF1.value(of: ClusterAnswers(predicted: [[]], gold: [gold])) == 0)
        #expect(CoNLLF1.value(of: ClusterAnswers(predicted: [gold], gold: [[]])) == 0)
        let turned = gold.reversed().map { Cluster($0.reversed()) }
        #expect(CoNLLF1.value(of: ClusterAnswers(predicted: [turned], gold: [gold])) == 1)
        #expect(turned.ordered == gold)
    }

    /// One bootstrap for all: a document brings its clusters.
    @Test func intervals() {
        let gold = [[Mention(0, 0), Mention(2, 3)]]
        let answers = ClusterAnswers(
            predicted: (0..<20).map { $0 % 4 == 0 ? [] : gold }, gold: (0..<20).map { _ in gold })
        let bootstrap = ClusteredBootstrap([[String?](repeating: nil, count: 20)])
        let metrics = Metrics.standard.fitting(answers)
        #expect(metrics.map { $0.name } == ["conll_f1", "muc_f1", "bcub_f1", "ceafe_f1", "ceafm_f1"])
        for scores in bootstrap.scores(metrics, [answers]) {
            let interval = scores[0].interval()
            // Recall is 3/4, precision 1
            #expect(abs(interval.value - 6 / 7) < 1e-12)
            #expect(interval.low > 0.6 && interval.low < interval.value && interval.high < 1)
        }
    }
}
