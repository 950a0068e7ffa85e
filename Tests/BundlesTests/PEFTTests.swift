import Adapters
import Files
import Foundation
import Models
import Testing

@testable import Bundles

/// Folders of peft and LoRA folders of adapters (Tests/Golden/lora_golden.py), read, written and refused.
@Suite struct PEFTTests {
    let folder: TemporaryFolder
    static let golden = Golden.folder.deletingLastPathComponent().appendingPathComponent("lora")

    init() throws { folder = try TemporaryFolder() }

    private func read(_ name: String, model: EncoderModel? = nil) throws -> AdapterBundle {
        try ForeignImport.read(folder: Self.golden.appendingPathComponent(name), name: nil, model: model).bundle
    }

    @Test func patternsAndHead() throws {
        let (bundle, warnings) = try ForeignImport.read(
            folder: Self.golden.appendingPathComponent("peft_all"), name: "x", model: nil)
        #expect(bundle.name == "x" && bundle.base.shape.family == "bert" && bundle.base.shape.layers == 3)
        #expect(bundle.base.shape.hidden == 48 && bundle.base.shape.intermediate == 96)
        let fields = bundle.members[0].configuration.fields
        #expect(fields["rslora"] == .bool(true) && fields["rank"] == .number(4) && fields["alpha"] == .number(6))
        #expect(
            fields["rank_pattern"]
                == .map([
                    "query/1": .number(2), "intermediate/0": .number(5), "intermediate/1": .number(5),
                    "intermediate/2": .number(5),
                ]))
        #expect(
            fields["alpha_pattern"]
                == .map(["value/0": .number(3), "value/1": .number(3), "value/2": .number(3)]))
        #expect(fields["leave_out"] == .list([]))
        #expect(bundle.heads.map(\.name) == ["x"] && bundle.heads[0].head.labels == ["LABEL_0", "LABEL_1", "LABEL_2"])
        #expect(warnings.count == 1 && warnings[0].contains("no names for labels"), "\(warnings)")
        let model = try EncoderModel(folder: Golden.url("tiny"))
        #expect(
            try bundle.check(model: model, fingerprint: "", tokenizer: "", file: "a", force: false).count == 1)
    }

    /// Which layers an adapter has is known, but not how many the model has above them.
    @Test func skippedTopLayers() throws {
        let out = try changed("peft_regex", ["layers_to_transform": .list([.number(0)])]) { name, shape, values in
            name.contains("layer.0.") ? (name, shape, values) : nil
        }
        let found = try ForeignImport.read(folder: out, name: nil, model: nil)
        #expect(found.bundle.base.shape.layers == 1)
        #expect(
            found.warnings.count == 1
                && found.warnings[0].contains(
                    "layers_to_transform picks layers, so these files do not tell how many layers the base model has; "
                        + "assumed 1, up to the highest adapted layer; if it has more, give it with --model"),
            "\(found.warnings)")
        let model = try EncoderModel(folder: Golden.url("tiny"))
        let known = try ForeignImport.read(folder: out, name: nil, model: model)
        #expect(known.bundle.base.shape.layers == 3 && known.warnings.isEmpty, "\(known.warnings)")
        #expect(
            known.bundle.members[0].configuration.fields["leave_out"] == .list([.number(1), .number(2)]))
    }

    /// A field, its value in JSON, and the field that chooses layers; "": none does.
    static let layerChoices: [(String, String, String)] = [
        ("target_modules", #"["q_lin", "ffn.lin1"]"#, ""), ("target_modules", #"".*(q_lin|lin2)""#, ""),
        ("target_modules", #"".*layer\\.[02]\\..*query""#, "target_modules"),
        ("target_modules", #"["encoder.layer.0.attention.self.query"]"#, "target_modules"),
        ("exclude_modules", #"["layer.5.attention.self.query"]"#, "exclude_modules"),
        ("layers_to_transform", "1", "layers_to_transform"), ("layers_to_transform", "[]", ""),
    ]

    @Test(arguments: layerChoices)
    func layerChoice(_ field: String, _ json: String, _ expected: String) throws {
        let value = try #require(ConfigurationValue(json: json))
        let choice = try PEFTChoice(PEFTModule(changed("peft_all", [field: value]))).layerChoice
        #expect(choice ?? "" == expected)
    }

    /// The encoder alone: auto_mapping tells the family, and the tensors tell the layers, which a pattern chooses.
    @Test func encoderAlone() throws {
        let bundle = try read("peft_regex")
        let fields = bundle.members[0].configuration.fields
        #expect(bundle.name == "peft_regex" && bundle.heads.isEmpty && bundle.base.shape.family == "bert")
        #expect(fields["leave_out"] == .list([.number(1)]) && bundle.tensors.count == 8)
        #expect(fields["targets"] == .list([.string("query"), .string("value")]))
    }

    @Test(arguments: ["peft_all", "peft_regex"]) func exportReadsBack(_ name: String) throws {
        let bundle = try read(name)
        let out = folder.file(name)
        let warnings = try PEFTExport.write(bundle, to: out)
        #expect(warnings.count == bundle.heads.count, "\(warnings)")
        let again = try ForeignImport.read(folder: out, name: nil, model: nil).bundle
        #expect(again == bundle)
        let data = try BundleFile.data(bundle)
        #expect(try BundleFile.read(data, name: "b") == bundle)
        // Only a new folder is written
        #expect(problem { try PEFTExport.write(bundle, to: out) }.contains("write into the existing folder"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == [name])
    }

    /// adapters' own files, byte for byte.
    @Test(arguments: ["adapters_qv", "adapters_all"]) func adapterHub(_ name: String) throws {
        let theirs = Self.golden.appendingPathComponent(name)
        let bundle = try AdapterHubImport.read(folder: theirs)
        #expect(bundle.base.shape.intermediate == (name == "adapters_all" ? 96 : 0))
        let out = folder.file("out")
        #expect(try AdapterHubExport.write(bundle, to: out) == [])
        for file in ["adapter_config.json", "adapter.safetensors"] {
            #expect(
                try Data(contentsOf: out.appendingPathComponent(file))
                    == Data(contentsOf: theirs.appendingPathComponent(file)), "\(file)")
        }
        #expect(
            problem { try AdapterHubExport.write(read("peft_all"), to: folder.file("o")) }.contains("attention_output"))
    }

    /// A folder with a changed configuration, and tensors that are renamed, changed or dropped (nil).
    private func changed(
        _ name: String, _ fields: [String: ConfigurationValue] = [:],
        tensors: (String, [Int], [Float]) -> (String, [Int], [Float])? = { ($0, $1, $2) }
    ) throws -> URL {
        try changedPEFT(Self.golden.appendingPathComponent(name), to: folder.file("changed"), fields) {
            tensors(String($0.dropFirst(PEFTExport.prefix.count)), $1, $2).map { (PEFTExport.prefix + $0, $1, $2) }
        }
    }

    static let refused: [(field: String, value: ConfigurationValue, message: String)] = [
        ("use_dora", .bool(true), "lora_magnitude_vector: missing"), ("use_dora", .number(1), "use_dora: 1"),
        ("bias", .string("all"), "bias: \"all\", expected \"none\""), ("lora_bias", .bool(true), "lora_bias"),
        ("init_lora_weights", .string("pissa"), "init_lora_weights: \"pissa\" without the base model"),
        ("init_lora_weights", .string("pissa_niter_16"), "init_lora_weights: \"pissa_niter_16\""),
        ("layer_replication", .list([.list([.number(0), .number(1)])]), "layer_replication"),
        ("surprise", .number(1), "surprise: 1, expected only fields"), ("r", .number(0.5), "r: 0.5"),
        ("lora_alpha", .number(0), "lora_alpha: 0"), ("target_modules", .list([.string("nothing")]), "nothing"),
        ("target_modules", .list([.string("query")]), "expected only modules in target_modules"),
        (
            "rank_pattern", .map(["(?=a)": .number(2)]),
            "rank_pattern: \"(?=a)\", expected a name of modules, or a regular"
        ),
        ("rank_pattern", .map([:]), "rank 2, expected rank 4"),
        ("alpha_pattern", .map(["query": .number(1), "self.query": .number(2)]), "alpha_pattern: 2 keys"),
        ("peft_type", .string("LOHA"), "a PEFT adapter (\"LOHA\"), which cannot be imported"),
        ("task_type", .string("TOKEN_CLS"), "expected only LoRA matrices"),
    ]

    @Test func refusesByName() throws {
        for (field, value, message) in Self.refused {
            let text = problem {
                try ForeignImport.read(folder: changed("peft_all", [field: value]), name: nil, model: nil)
            }
            #expect(text.contains(message) && !text.contains("\n"), "\(field): \(text)")
        }
    }

    @Test func refusesTensors() throws {
        func text(_ name: String = "peft_all", _ change: (String, [Int], [Float]) -> (String, [Int], [Float])?)
            -> String
        {
            problem { try ForeignImport.read(folder: changed(name, tensors: change), name: nil, model: nil) }
        }
        let query = "bert.encoder.layer.0.attention.self.query"
        #expect(text { $0 == "\(query).lora_B.weight" ? nil : ($0, $1, $2) }.contains("lora_B.weight: missing"))
        #expect(
            text { $0 == "classifier.weight" ? ("score.weight", $1, $2) : ($0, $1, $2) }.contains("a tensor, expected"))
        #expect(
            text { name, shape, values in
                (name, shape, name == "classifier.bias" ? values.map { _ in .nan } : values)
            }.contains("nan at element 0"))
        #expect(
            text { ($0.replacingOccurrences(of: "attention.self.query", with: "attention.other"), $1, $2) }
                .contains("expected projections of bert, roberta"))
        // Without the pooler, only the base can tell the head's dense layer, and this base has none
        let headless = try changed("peft_all") { name, shape, values in
            name.contains("pooler") ? nil : (name, shape, values)
        }
        #expect(
            problem { try ForeignImport.read(folder: headless, name: nil, model: nil) }.contains(
                "give the base model with --model"))
    }

    /// Names without a prefix fit several families.
    @Test func family() throws {
        let plain = try changed("peft_regex", ["auto_mapping": .null])
        let ambiguous = problem { try ForeignImport.read(folder: plain, name: nil, model: nil) }
        #expect(ambiguous.contains("names that fit bert, roberta, "), "\(ambiguous)")
        #expect(ambiguous.contains(", expected one family; give the base model with --model"), "\(ambiguous)")
        let model = try EncoderModel(folder: Golden.url("tiny"))
        let bundle = try ForeignImport.read(folder: plain, name: nil, model: model).bundle
        #expect(bundle.base.shape == model.configuration && bundle.base.name == "tiny")
        let roberta = try changed("peft_all", ["task_type": .null]) { name, shape, values in
            name.hasPrefix("bert.encoder") ? ("roberta" + name.dropFirst("bert".count), shape, values) : nil
        }
        #expect(try ForeignImport.read(folder: roberta, name: nil, model: nil).bundle.base.shape.family == "roberta")
    }

    @Test func refusesPickles() throws {
        let out = try changed("peft_regex")
        try FileManager.default.moveItem(
            at: out.appendingPathComponent(PEFTModule.tensors), to: out.appendingPathComponent("adapter_model.bin"))
        #expect(
            problem { try ForeignImport.read(folder: out, name: nil, model: nil) }.contains("only adapter_model.bin"))
    }

    /// Damaged folders give a typed error or a bundle that can be written.
    @Test(arguments: ["adapter_config.json", "adapter_model.safetensors"]) func damaged(_ name: String) throws {
        let out = try changed("peft_regex")
        try expectTypedErrors(damaging: out.appendingPathComponent(name), every: 3) {
            try ForeignImport.read(folder: out, name: "a", model: nil).bundle
        }
    }

    /// DoRA's magnitudes, and PiSSA as plain LoRA of twice the rank, come back as they were written.
    @Test(arguments: ["dora", "pissa", "pissa_dora", "pissa_converted"]) func variantsReadBack(_ name: String) throws {
        let theirs = Golden.folder.deletingLastPathComponent().appendingPathComponent("lora_variants/\(name)")
        let model = try EncoderModel(folder: Golden.url("tiny"))
        let bundle = try ForeignImport.read(folder: theirs, name: nil, model: model).bundle
        let magnitudes = bundle.tensors.count { $0.name.hasSuffix("/magnitude") }
        #expect(magnitudes == (name == "dora" ? 18 : name == "pissa_dora" ? 6 : 0))
        let out = folder.file(name)
        #expect(try PEFTExport.write(bundle, to: out).count == bundle.heads.count)
        let again = try ForeignImport.read(folder: out, name: nil, model: nil).bundle
        #expect(again.tensors == bundle.tensors && again.members[0].configuration == bundle.members[0].configuration)
        if name == "dora" {
            let files = try [theirs, out].map { try SafetensorsFile($0.appendingPathComponent(PEFTModule.tensors)) }
            #expect(Set(files[0].names) == Set(files[1].names))
            #expect(problem { try AdapterHubExport.write(bundle, to: folder.file("o")) }.contains("use_dora"))
        }
    }

    /// The module that no family has is named, not the first of all.
    @Test func theMisfitIsNamed() throws {
        let text = problem {
            try ForeignImport.read(
                folder: changed("peft_all") {
                    (
                        $0.replacingOccurrences(
                            of: "layer.1.attention.self.value", with: "layer.1.attention.self.valve"), $1, $2
                    )
                }, name: nil, model: nil)
        }
        #expect(text.contains("layer.1.attention.self.valve.lora_A.weight: LoRA on this module"), "\(text)")
    }

    /// One output is a number.
    @Test func oneOutput() throws {
        let read = try ForeignImport.read(
            folder: changed("peft_all") { name, shape, values in
                guard name.hasPrefix("classifier.") else { return (name, shape, values) }
                return (name, [1] + shape.dropFirst(), Array(values.prefix(values.count / 3)))
            }, name: nil, model: nil)
        #expect(
            read.bundle.heads.map(\.head.kind) == ["regression"] && read.bundle.heads[0].head.numbers == [.identity])
        #expect(read.warnings.count == 1 && read.warnings[0].contains("has one output"), "\(read.warnings)")
    }
}
