import Foundation
import Testing

@testable import Tasks

/// Metrics of rankings against trec_eval, and the calibration error against its definition (`rankings_golden.py`).
@Suite struct RankingMetricTests {
    private struct Golden: Decodable {
        struct Ranking: Decodable {
            let gold: [[String: Double]]
            let predicted: [[Int]]
            let recall_at_10: Double
            let mrr: Double
            let ndcg_at_10: Double
            let accuracy_at_1: Double

            var answers: RankingAnswers {
                RankingAnswers(
                    predicted: predicted,
                    gold: gold.map { grades in
                        Dictionary(uniqueKeysWithValues: grades.map { (Int($0.key) ?? -1, $0.value) })
                    })
            }
        }
        struct Calibration: Decodable {
            let gold: [Int]
            let predicted: [Int]
            let classes: Int
            let confidences: [Double]
            let expected_calibration_error: Double
        }
        let rankings: [Ranking]
        let calibration: [Calibration]
    }

    @Test func rankings() throws {
        let cases = try golden("rankings", as: Golden.self).rankings
        #expect(cases.count > 3)
        for each in cases {
            let answers = each.answers
            for (metric, expected) in [
                (RecallAt10.self, each.recall_at_10), (MeanReciprocalRank.self, each.mrr),
                (NDCGAt10.self, each.ndcg_at_10), (AccuracyAt1.self, each.accuracy_at_1),
            ] as [(any Metric.Type, Double)] {
                let value = metric.value(ofAny: answers)
                #expect(abs(value - expected) < 1e-12, "\(metric.name): \(value), \(expected)")
            }
            #expect(RankingAnswers(bytes: answers.bytes) == answers)
            #expect(
                Metrics.standard.fitting(answers).map { $0.name } == [
                    "recall_at_10", "mrr", "ndcg_at_10", "accuracy_at_1",
                ])
        }
        #expect(NDCGAt10.value(of: RankingAnswers(predicted: [], gold: [])).isNaN)
    }

    @Test func calibration() throws {
        for each in try golden("rankings", as: Golden.self).calibration {
            let answers = ClassAnswers(
                predicted: each.predicted, gold: each.gold, classes: each.classes, confidences: each.confidences)
            let value = ExpectedCalibrationError.value(of: answers)
            #expect(
                abs(value - each.expected_calibration_error) < 1e-12, "\(value), \(each.expected_calibration_error)")
            #expect(ClassAnswers(bytes: answers.bytes) == answers)
        }
    }

    /// Answers without probabilities have no calibration, and a diverged model has an undefined one.
    @Test func withoutConfidences() {
        let answers = ClassAnswers(predicted: [0, 1], gold: [0, 0], classes: 2)
        #expect(!Metrics.standard.fitting(answers).contains { $0.name == ExpectedCalibrationError.name })
        let diverged = ClassAnswers(predicted: [0, 1], gold: [0, 0], classes: 2, confidences: [.nan, 1])
        #expect(ExpectedCalibrationError.value(of: diverged).isNaN)
        #expect(Metrics.standard.fitting(diverged).contains { $0.name == ExpectedCalibrationError.name })
    }
}
