/// What the numbers of a decoder's config.json say beyond those of an encoder.
package struct DecoderShape: Equatable, Sendable {
    /// Heads of keys and values: a divisor of the heads of queries.
    package var keyHeads: Int
    /// Columns of a head; those of all need not be the hidden size.
    package var head: Int
    /// Base θ of the rotary positions' angles.
    package var theta: Double = 10_000
    /// Of each layer how many tokens a token sees, itself among them; nil: all before it. Empty: nil for all layers.
    package var windows: [Int?] = []
    /// Whether queries, keys and values have biases, and the attention's output.
    package var hasBiases = false
    package var hasOutputBias = false
    /// Whether each head of the queries and keys has a norm, before positions.
    package var hasHeadNorms = false
    /// Whether the output layer is the table of word embeddings.
    package var isTied = false
    /// Tokens that end a text, from config.json.
    package var ends: [Int] = []

    package init(keyHeads: Int, head: Int) {
        self.keyHeads = keyHeads
        self.head = head
    }

    /// Columns of a token's keys, and of its values.
    package var keyWidth: Int { keyHeads * head }

    package func window(_ layer: Int) -> Int? { layer < windows.count ? windows[layer] : nil }

    /// All that changes the result without changing a tensor.
    var fingerprint: String {
        let seen =
            windows.contains { $0 != nil } ? windows.map { $0.map(String.init) ?? "all" }.joined(separator: ",") : "all"
        return "decoder \(keyHeads) \(head) \(theta) \(seen) \(hasBiases) \(hasOutputBias) \(hasHeadNorms) \(isTied)"
    }
}
