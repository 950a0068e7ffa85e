/// How many hidden tokens there are, how many are predicted rightly, and the sum of their losses.
package struct TokenSums: Statistics, Equatable {
    package private(set) var tokens = 0
    package private(set) var right = 0
    package private(set) var loss = 0.0

    package init(for answers: TokenAnswers) {}

    package mutating func add(_ example: Int, of answers: TokenAnswers, times: Int) {
        tokens += times * answers.gold[example].count
        right += times * zip(answers.predicted[example], answers.gold[example]).count { $0 == $1 }
        loss += Double(times) * answers.losses[example]
    }

    package mutating func removeAll() { (tokens, right, loss) = (0, 0, 0) }
}
