import Files

/// The numbers of a decoder in a GGUF file's metadata, as the fields of a config.json.
///
/// Whether each is in range is for whoever reads the configuration; here they only must be there and be what a model of these
/// families can have.
struct GGUFFields {
    let file: GGUFFile
    let family: GGUFFamily

    init(_ file: GGUFFile) throws {
        self.file = file
        let name = try file.text("general.architecture")
        guard let family = GGUFFamily.all.first(where: { $0.name == name }) else {
            throw ModelError.unsupported(
                file: file.name, field: "general.architecture", found: name.map { "\"\($0.prefix(40))\"" } ?? "nothing",
                supported: GGUFFamily.all.map(\.name).joined(separator: ", "))
        }
        self.family = family
        if let parts = try file.integer("split.count"), parts > 1 {
            throw ModelError.unsupported(
                file: file.name, field: "split.count", found: "\(parts) files", supported: "a model in one file")
        }
    }

    private func key(_ name: String) -> String { family.name + "." + name }

    private func required(_ name: String) throws -> Int {
        guard let number = try file.integer(key(name)) else {
            throw ModelError.field(file: file.name, field: key(name), found: "nothing", expected: "an integer")
        }
        return number
    }

    /// Rows of a head of queries and keys.
    private func head() throws -> Int {
        let (hidden, heads) = (try required("embedding_length"), try required("attention.head_count"))
        let rotated = try file.integer(key("rope.dimension_count"))
        let head = try file.integer(key("attention.key_length")) ?? rotated ?? (heads > 0 ? hidden / heads : 0)
        guard head > 0, head % 2 == 0 else {
            throw ModelError.field(
                file: file.name, field: key("attention.key_length"), found: "\(head)", expected: "an even number over 0"
            )
        }
        if let rotated, rotated != head {
            throw ModelError.unsupported(
                file: file.name, field: key("rope.dimension_count"), found: "\(rotated)",
                supported: "\(head), all columns of a head")
        }
        if let values = try file.integer(key("attention.value_length")), values != head {
            throw ModelError.unsupported(
                file: file.name, field: key("attention.value_length"), found: "\(values)", supported: "\(head), as keys"
            )
        }
        return head
    }

    /// How the rows of queries and keys stand in the file; nil: as Hugging Face has them.
    func order() throws -> GGUFModel.RowOrder? {
        family.pairsRows ? GGUFModel.RowOrder(head: try head()) : nil
    }

    /// Refuses what changes the computation and has no field here.
    private func refuseOthers() throws {
        func refuse(_ name: String, _ found: String?, _ supported: String) throws {
            guard let found else { return }
            throw ModelError.unsupported(file: file.name, field: key(name), found: found, supported: supported)
        }
        if let kind = try file.text(key("rope.scaling.type")), kind != "none" {
            try refuse("rope.scaling.type", "\"\(kind.prefix(40))\"", "\"none\"")
        }
        try refuse(
            "expert_count", try file.integer(key("expert_count")).flatMap { $0 > 0 ? "\($0)" : nil },
            "one feed-forward a layer")
        try refuse(
            "attention.sliding_window", try file.integer(key("attention.sliding_window")).map { "\($0)" },
            "attention to all tokens")
        if file.tensors["rope_freqs.weight"] != nil {
            throw ModelError.unsupported(
                file: file.name, field: "tensor rope_freqs.weight", found: "positions scaled beyond the trained length",
                supported: "positions as they are")
        }
    }

    /// The object of a config.json with the same meaning.
    func configuration() throws -> JSONValue {
        try refuseOthers()
        let heads = try required("attention.head_count")
        var members: [(key: String, value: JSONValue)] = [
            ("architectures", .array([.string(family.architecture)])), ("model_type", .string(family.modelType)),
            ("hidden_size", .integer(try required("embedding_length"))),
            ("num_hidden_layers", .integer(try required("block_count"))), ("num_attention_heads", .integer(heads)),
            (
                "num_key_value_heads", .integer(try file.integer(key("attention.head_count_kv")) ?? heads)
            ), ("head_dim", .integer(try head())),
            ("intermediate_size", .integer(try required("feed_forward_length"))),
            ("max_position_embeddings", .integer(try required("context_length"))),
            ("rope_theta", .number(try file.number(key("rope.freq_base")) ?? 10_000)), ("hidden_act", .string("silu")),
        ]
        guard let epsilon = try file.number(key("attention.layer_norm_rms_epsilon")) else {
            throw ModelError.field(
                file: file.name, field: key("attention.layer_norm_rms_epsilon"), found: "nothing", expected: "a number")
        }
        members.append(("rms_norm_eps", .number(epsilon)))
        guard let words = file.tensors["token_embd.weight"] else {
            throw ModelError.field(
                file: file.name, field: "tensor token_embd.weight", found: "nothing",
                expected: "the table of word embeddings")
        }
        members.append(("vocab_size", .integer(words.shape[0])))
        members.append(("tie_word_embeddings", .bool(file.tensors["output.weight"] == nil)))
        if family.modelType == "llama" {
            members.append(("attention_bias", .bool(file.tensors["blk.0.attn_q.bias"] != nil)))
        }
        for name in ["bos", "eos"] {
            if let id = try file.integer("tokenizer.ggml.\(name)_token_id") {
                members.append(("\(name)_token_id", .integer(id)))
            }
        }
        return .object(members)
    }
}
