/// The tokens that were hidden in each text, and those predicted for them, as ids of the tokenizer's vocabulary.
package struct TokenAnswers: Answers, Equatable {
    package static let form = "tokens"

    package var predicted: [[Int]]
    /// For each text as many as are predicted.
    package var gold: [[Int]]
    /// Of each text: the sum of −log of its hidden tokens' probabilities, in nats.
    package var losses: [Double]

    package var count: Int { gold.count }

    package init(predicted: [[Int]], gold: [[Int]], losses: [Double]) {
        precondition(
            predicted.map(\.count) == gold.map(\.count) && losses.count == gold.count,
            "predicted and hidden tokens differ in number")
        self.predicted = predicted
        self.gold = gold
        self.losses = losses
    }

    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        CanonicalData.append(count, to: &bytes)
        for i in 0..<count {
            CanonicalData.append(losses[i], to: &bytes)
            CanonicalData.append(gold[i].count, to: &bytes)
            for (p, g) in zip(predicted[i], gold[i]) {
                CanonicalData.append(p, to: &bytes)
                CanonicalData.append(g, to: &bytes)
            }
        }
        return bytes
    }

    package init?(bytes: [UInt8]) {
        var reader = ByteReader(bytes)
        guard
            let texts = reader.list({ reader in
                reader.real().flatMap { loss in
                    reader.list { reader in reader.integer().flatMap { p in reader.integer().map { (p, $0) } } }
                        .map { (loss: loss, tokens: $0) }
                }
            }), reader.isAtEnd
        else { return nil }
        self.init(
            predicted: texts.map { $0.tokens.map(\.0) }, gold: texts.map { $0.tokens.map(\.1) },
            losses: texts.map(\.loss))
    }
}
