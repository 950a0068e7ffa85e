import Foundation
import Testing

@testable import Tasks

@Suite struct DifficultyTests {
    private struct Golden: Decodable {
        struct Case: Decodable {
            let classes: Int
            let labels: [Int]
            let probabilities: [[Float]]
            let issues: [Int]
        }
        let cases: [Case]
    }

    /// The same label errors as cleanlab's, in the same order.
    @Test func labelErrors() throws {
        let cases = try golden("difficulty", as: Golden.self).cases
        #expect(cases.contains { $0.issues.count > 10 })
        for each in cases {
            let issues = ConfidentLearning.issues(
                labels: each.labels, probabilities: each.probabilities, classes: each.classes)
            #expect(issues.map(\.example) == each.issues)
            for issue in issues {
                #expect(issue.suggested != each.labels[issue.example])
                #expect(issue.confidence == Double(each.probabilities[issue.example][each.labels[issue.example]]))
            }
        }
    }

    /// A class that no example has is never suggested, however probable it is.
    @Test func unseenClasses() {
        let issues = ConfidentLearning.issues(
            labels: [0, 0, 1, 1],
            probabilities: [[0.1, 0.2, 0.7], [0.3, 0.1, 0.6], [0.2, 0.5, 0.3], [0.6, 0.3, 0.1]],
            classes: 3)
        #expect(issues == [.init(example: 3, suggested: 0, confidence: Double(Float(0.3)))])
        #expect(ConfidentLearning.issues(labels: [], probabilities: [], classes: 2).isEmpty)
    }

    /// A certain right answer has as many bits as the label has; what says nothing of the input has none.
    @Test func information() {
        let usable = UsableInformation(trainingLabels: [0, 0, 0, 0, 0, 1, 1], classes: 3)
        // Shares 6/10, 3/10, 1/10
        #expect(abs(usable.null[0] - log2(0.6)) < 1e-12 && abs(usable.null[2] - log2(0.1)) < 1e-12)
        #expect(abs(usable.bits(probability: 1, label: 1) + log2(0.3)) < 1e-12)
        #expect(abs(usable.bits(probability: 0.6, label: 0)) < 1e-6)
        #expect(usable.bits(probability: 0.01, label: 0) < -5)
        #expect(usable.bits(probability: 0, label: 0).isFinite)
    }
}
