/// The tensors of a BERT-family encoder under Hugging Face's names, without the model's prefix, in a fixed order.
package struct EncoderTensors: Sendable {
    /// The table of which a batch uses few rows.
    package static let words = "embeddings.word_embeddings.weight"

    package let list: [(name: String, shape: [Int])]

    package init(_ c: EncoderConfiguration) {
        let (d, f) = (c.hidden, c.intermediate)
        var list: [(String, [Int])] = [
            (Self.words, [c.vocabulary, d]),
            ("embeddings.position_embeddings.weight", [c.positions, d]),
            ("embeddings.token_type_embeddings.weight", [c.types, d]),
            ("embeddings.LayerNorm.weight", [d]), ("embeddings.LayerNorm.bias", [d]),
        ]
        for i in 0..<c.layers {
            let layer = Self.layer(i)
            for name in [
                "attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense",
            ] {
                list += [("\(layer).\(name).weight", [d, d]), ("\(layer).\(name).bias", [d])]
            }
            list += [
                ("\(layer).attention.output.LayerNorm.weight", [d]), ("\(layer).attention.output.LayerNorm.bias", [d]),
                ("\(layer).intermediate.dense.weight", [f, d]), ("\(layer).intermediate.dense.bias", [f]),
                ("\(layer).output.dense.weight", [d, f]), ("\(layer).output.dense.bias", [d]),
                ("\(layer).output.LayerNorm.weight", [d]), ("\(layer).output.LayerNorm.bias", [d]),
            ]
        }
        self.list = list.map { (name: $0.0, shape: $0.1) }
    }

    package static func layer(_ i: Int) -> String { "encoder.layer.\(i)" }
}
