/// The tensors of a BERT-family encoder under Hugging Face's names, without the model's prefix, in a fixed order.
package struct EncoderTensors: Sendable {
    /// The table of which a batch uses few rows.
    package static let words = "embeddings.word_embeddings.weight"

    package let list: [(name: String, shape: [Int])]
    /// Biases and norms.
    private let exempt: Set<String>

    /// Whether weight decay applies to a tensor: not to biases and norms, as in transformers' trainer.
    package func decays(_ name: String) -> Bool { !exempt.contains(name) }

    package init(_ c: EncoderConfiguration) {
        let (d, f) = (c.hidden, c.intermediate)
        var list: [(name: String, shape: [Int])] = []
        var exempt: Set<String> = []
        func norm(_ name: String) {
            for tensor in ["weight", "bias"] {
                list.append(("\(name).\(tensor)", [d]))
                exempt.insert("\(name).\(tensor)")
            }
        }
        func dense(_ name: String, _ out: Int, _ input: Int) {
            list += [("\(name).weight", [out, input]), ("\(name).bias", [out])]
            exempt.insert("\(name).bias")
        }
        list = [
            (Self.words, [c.vocabulary, d]), ("embeddings.position_embeddings.weight", [c.positions, d]),
            ("embeddings.token_type_embeddings.weight", [c.types, d]),
        ]
        norm("embeddings.LayerNorm")
        for i in 0..<c.layers {
            let layer = Self.layer(i)
            for name in [
                "attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense",
            ] {
                dense("\(layer).\(name)", d, d)
            }
            norm("\(layer).attention.output.LayerNorm")
            dense("\(layer).intermediate.dense", f, d)
            dense("\(layer).output.dense", d, f)
            norm("\(layer).output.LayerNorm")
        }
        self.list = list
        self.exempt = exempt
    }

    package static func layer(_ i: Int) -> String { "encoder.layer.\(i)" }
}
