import Adapters
import Files
import Foundation
import Testing

@testable import Bundles

/// Folders that cannot be taken as they are: the error names the file and the field.
@Suite struct ForeignRefusalTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A golden folder's copy with some fields of its configuration replaced; nil removes one, `/` goes down.
    private func changed(_ path: String, _ file: String, _ changes: [String: Any?]) throws -> URL {
        let copy = folder.file(UUID().uuidString)
        try FileManager.default.copyItem(at: Golden.url(path), to: copy)
        let url = copy.appendingPathComponent(file)
        var json = try #require(JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any])
        for (key, value) in changes {
            let keys = key.split(separator: "/").map(String.init)
            if keys.count == 1 {
                json[keys[0]] = value
            } else {
                var inner = try #require(json[keys[0]] as? [String: Any])
                inner[keys[1]] = value
                json[keys[0]] = inner
            }
        }
        try JSONSerialization.data(withJSONObject: json).write(to: url)
        return copy
    }

    private func adapter(_ changes: [String: Any?], of path: String = "seq_bn/adapter") throws -> AdapterBundle {
        try AdapterHubImport.read(folder: changed(path, "adapter_config.json", changes))
    }

    @Test func refusedFields() throws {
        let cases: [(String, Any?, String)] = [
            (
                "config",
                [
                    "mh_adapter": true, "output_adapter": true, "reduction_factor": 16, "non_linearity": "relu",
                    "phm_layer": true, "shared_W_phm": true,
                ], "shared_W_phm: found true, expected false"
            ),
            ("config/inv_adapter", "glow", "inv_adapter: found \"glow\", expected \"nice\""),
            ("config/inv_adapter", "nice", "inv_adapter_reduction_factor: found null"),
            ("config/residual_before_ln", "x", "residual_before_ln: found \"x\", expected true, false or post_add"),
            ("config/dropout", 1, "dropout: found 1, expected a probability"),
            ("config/stochastic_depth", 0.5, "config.stochastic_depth: 0.5, expected 0"),
            ("config/scaling", "learnt", "scaling: found \"learnt\", expected a number over 0, learned or channel"),
            ("config/non_linearity", "quick_gelu", "non_linearity: found \"quick_gelu\""),
            (
                "config/reduction_factor", ["1": 0, "default": 16],
                "reduction_factor: found 1: 0, expected a number over 0"
            ),
            ("config/reduction_factor", ["x": 8, "default": 16], "reduction_factor: found \"x\", expected each layer"),
            ("config/LN_after", true, "config.LN_after: true, expected false, as ln_after says"),
            ("config/invertible_adapter", 3, "config.invertible_adapter: 3, expected block_type"),
            ("config/reduction_factor", nil, "config.reduction_factor: nothing"),
            ("config/leave_out", [5_000], "config.leave_out: 5000, expected layers below 1024"),
            (
                "config/architecture", "lora",
                "config.adapter_residual_before_ln: false, expected only the fields of LoRAConfig"
            ),
            ("config/architecture", "adapter", "config.architecture: \"adapter\""),
            (
                "config/architecture", "reft",
                "config.adapter_residual_before_ln: false, expected only the fields of ReftConfig"
            ),
            ("config", ["architecture": "reft", "output_reft": false], "config.output_reft: false, expected true"),
            ("config/surprise", 1, "config.surprise: 1"),
            ("config", "adapter_plus", "config: \"adapter_plus\", expected compacter, compacter++, double_seq_bn"),
            ("config", ["architecture": "union"], "config.configs: nothing"),
            (
                "config", ["architecture": "union", "configs": [["architecture": "union", "configs": []]]],
                "config.configs: a union within a union"
            ),
            ("config", ["architecture": "union", "configs": ["seq_bn"], "x": 1], "config.x: 1, expected only"),
            ("config", NSNull(), "config: null"),
            ("hidden_size", nil, "hidden_size: nothing"),
            ("hidden_size", 1e30, "hidden_size: "),
            ("model_type", "gpt2", "model_type: gpt2, expected bert, distilbert, roberta"),
            ("name", 4, "name: 4, expected text"),
        ]
        for (field, value, expected) in cases {
            let text = problem { try adapter([field: value]) }
            #expect(text.contains("adapter_config.json: ") && text.contains(expected), "\(field): \(text)")
        }
    }

    /// What the library would not look at either.
    @Test func droppedFields() throws {
        let plain = try AdapterHubImport.read(folder: Golden.url("seq_bn/adapter"))
        for (field, value) in [
            ("config/phm_dim", 8 as Any?), ("config/init_weights_seed", 3), ("config/cross_adapter", true),
            ("config/inv_adapter_reduction_factor", 2), ("config/phm_rank", nil), ("config/architecture", NSNull()),
            ("config/invertible_adapter", NSNull()), ("config/init_weights", "houlsby"),
            ("config/non_linearity", "ReLU"),
            ("config/adapter_residual_before_ln", true), ("config", "seq_bn"), ("config", "pfeiffer"),
            ("config/reduction_factor", 16.0), ("config_id", "9076f36a74755ac4"), ("model_name", "tiny"),
        ] {
            let read = try adapter([field: value])
            #expect(read.tensors == plain.tensors && read.base == plain.base, "\(field)")
            var fields = read.members[0].configuration.fields
            if field == "config/non_linearity" { fields["non_linearity"] = .string("relu") }
            #expect(fields == plain.members[0].configuration.fields, "\(field)")
        }
        let parallel = try adapter(["config/original_ln_before": true], of: "par_bn/adapter")
        #expect(parallel.members[0].configuration.fields["original_ln_before"] == .bool(false))
        #expect(
            try adapter(["config": "houlsby"], of: "double_seq_bn/adapter").members[0].configuration.fields[
                "non_linearity"] == .string("swish"))
        let silu = try adapter(["config/non_linearity": "silu"])
        #expect(silu.members[0].configuration.fields["non_linearity"] == .string("swish"))
    }

    /// The library's default differs from seq_bn's; and without a version "gelu" was another function.
    @Test func absentFields() throws {
        let read = try adapter(["config/original_ln_before": nil])
        #expect(read.members[0].configuration.fields["original_ln_before"] == .bool(false))
        let former = try adapter(["version": nil, "config/non_linearity": "gelu"])
        #expect(former.members[0].configuration.fields["non_linearity"] == .string("gelu_new"))
        #expect(try adapter(["config/non_linearity": "gelu"]).members.count == 1)
    }

    @Test func tensors() throws {
        #expect(
            problem { try adapter(["config/reduction_factor": 8]) }
                .contains(
                    "bert.encoder.layer.0.output.adapters.t.adapter_down.0.weight: shape [3, 48], expected [6, 48]"))
        #expect(
            problem { try adapter(["config/mh_adapter": true]) }
                .contains(
                    "layer.0.attention.output.adapters.t.adapter_down.0.weight: missing, expected shape [3, 48]"))
        #expect(
            problem { try adapter(["config/mh_adapter": false], of: "double_seq_bn/adapter") }
                .contains("layer.0.attention.output.adapters.t.adapter_down.0.bias: a tensor, expected no tensor"))
        #expect(
            problem { try adapter(["config/leave_out": [1]]) }.contains("layer.1.output.adapters.t.adapter_down.0.bias")
        )
        for (field, value, tensor) in [
            ("use_gating", true as Any, "gate.weight"), ("ln_before", true, "adapter_norm_before.weight"),
            ("ln_after", true, "adapter_norm_after.weight"), ("scaling", "learned", "scaling"),
            ("scaling", "channel", "scaling"),
        ] {
            #expect(
                problem { try adapter(["config/\(field)": value]) }
                    .contains(
                        "layer.0.output.adapters.t.\(field == "ln_before" ? "adapter_down.1.weight" : tensor): missing"),
                "\(field)")
        }
        #expect(
            problem { try adapter(["config": ["architecture": "union", "configs": ["seq_bn", "lora"]]]) }
                .contains("attention.self.query.loras.t.lora_A: missing"))
        #expect(problem { try adapter(["name": "u"]) }.contains("adapters.u.adapter_down.0.weight: missing"))
        // A layer higher up that is left out is there all the same
        #expect(try adapter(["config/leave_out": [3]]).base.shape.layers == 4)
    }

    private func rewrite(_ change: (String, [Float]) -> (String, [Float])?) throws -> URL {
        let copy = try changed("seq_bn/adapter", "adapter_config.json", [:])
        let url = copy.appendingPathComponent("adapter.safetensors")
        let file = try SafetensorsFile(url)
        let tensors: [(name: String, shape: [Int], value: SafetensorsValue)] = try file.names.compactMap { name in
            guard let (new, values) = change(name, try file.floats(name)) else { return nil }
            return (new, file.tensors[name]?.shape ?? [], .float32(values))
        }
        try SafetensorsWriter.data(tensors: tensors).write(to: url)
        return copy
    }

    @Test func tensorContent() throws {
        let last = "bert.encoder.layer.2.output.adapters.t.adapter_up.weight"
        var folder = try rewrite { $0 == last ? nil : ($0, $1) }
        #expect(problem { try AdapterHubImport.read(folder: folder) }.contains("\(last): missing"))
        folder = try rewrite { name, values in (name, name == last ? [.nan] + values.dropFirst() : values) }
        #expect(problem { try AdapterHubImport.read(folder: folder) }.contains("\(last): nan at element 0"))
        folder = try rewrite { (($0.replacingOccurrences(of: "layer.2", with: "layer.99999999999999999999")), $1) }
        #expect(problem { try AdapterHubImport.read(folder: folder) }.contains("expected a layer in 0..<1024"))
        // Saved from a bare model, without its family's name
        folder = try rewrite { (String($0.dropFirst("bert.".count)), $1) }
        let plain = try AdapterHubImport.read(folder: Golden.url("seq_bn/adapter"))
        #expect(try AdapterHubImport.read(folder: folder) == plain)
    }

    @Test func pickle() throws {
        try FileManager.default.copyItem(
            at: Golden.url("seq_bn/adapter/adapter_config.json"), to: folder.file("adapter_config.json"))
        try Data([0x80]).write(to: folder.file("pytorch_adapter.bin"))
        #expect(
            problem { try AdapterHubImport.read(folder: folder.url) }
                == "\(folder.url.path): adapter.safetensors: only pytorch_adapter.bin, expected safetensors (a pickle can "
                + "run code); load it in Python and save it with "
                + "model.save_adapter(FOLDER, NAME, use_safetensors=True)")
    }

    @Test func folders() throws {
        #expect(problem { try AdapterHubImport.read(folder: folder.url) }.contains("no AdapterHub files"))
        let lonely = try changed("fusion3/fusion", "adapter_fusion_config.json", [:])
        #expect(problem { try AdapterHubImport.read(folder: lonely) }.contains("adapter a: no folder"))
        let both = try changed("fusion3/fusion", "adapter_fusion_config.json", [:])
        try FileManager.default.copyItem(
            at: Golden.url("fusion3/a/adapter_config.json"), to: both.appendingPathComponent("adapter_config.json"))
        #expect(problem { try AdapterHubImport.read(folder: both) }.contains("an adapter and a fusion"))
        #expect(
            problem { try AdapterHubImport.read(folder: Golden.url("head"), name: "") }.contains("--name: name: \"\""))
    }

    @Test func names() throws {
        #expect(AdapterHubNames.ours("org/task") == "org_task")
        #expect(AdapterHubNames.ours("") == nil && AdapterHubNames.ours("..") == nil)
        #expect(AdapterHubNames.theirs("a.b,c/d") == "a_b_c_d")
        // A member's name is a folder's: never out of the fusion's
        let hostile = try changed("fusion3/fusion", "adapter_fusion_config.json", ["adapter_names": ["..", "b"]])
        #expect(problem { try AdapterHubImport.read(folder: hostile) }.contains("name: \"..\""))
    }

    @Test func fusionFields() throws {
        func read(_ changes: [String: Any?]) throws -> FusionConfiguration {
            let url = try changed("fusion3/fusion", "adapter_fusion_config.json", changes)
            let file = url.appendingPathComponent("adapter_fusion_config.json")
            guard case .map(let fields)? = ConfigurationValue(json: try String(contentsOf: file, encoding: .utf8))
            else {
                throw BundleError.members("no JSON")
            }
            return try AdapterHubConfiguration.fusion(fields["config"], file: file.path)
        }
        for (field, value) in [
            ("key", false), ("query", false), ("query_before_ln", true), ("residual_before", true),
            ("temperature", true),
        ] {
            #expect(
                problem { try read(["config/\(field)": value]) }.contains(
                    "config.\(field): \(value), expected \(!value)"))
        }
        #expect(problem { try read(["config/surprise": 1]) }.contains("config.surprise"))
        #expect(problem { try read(["config/value": nil]) }.contains("config.value: nothing"))
        #expect(
            try read(["config/regularization": false])
                == FusionConfiguration(value: true, regularization: 0, temperature: 1))
        #expect(try read(["config": "static"]) == .static)
        #expect(try read(["config": "dynamic"]) == .dynamic)
        #expect(try read(["config/value_before_softmax": false, "config/dropout_prob": 0]) == .dynamic)
        #expect(problem { try read(["config/dropout_prob": 0.3]) }.contains("config.dropout_prob: 0.3, expected null"))
    }

    @Test func headFields() throws {
        func read(_ changes: [String: Any?]) throws -> AdapterBundle {
            try AdapterHubImport.read(folder: changed("head", "head_config.json", changes))
        }
        let cases: [(String, Any?, String)] = [
            (
                "config/head_type", "multiple_choice",
                "config.head_type: \"multiple_choice\", expected \"classification\" or \"tagging\""
            ), ("config/head_type", "tagging", "config.layers: 2, expected 1"),
            ("config/layers", 3, "config.layers: 3, expected 1 or 2"),
            ("config/activation_function", "relu", "config.activation_function: \"relu\""),
            ("config/bias", false, "config.bias: false"), ("config/use_pooler", true, "config.use_pooler: true"),
            ("config/dropout_prob", 0.3, "config.dropout_prob: 0.3"),
            ("config/num_labels", 1e300, "config.num_labels"), ("config/num_labels", 4, "none with 3"),
            ("config/label2id", ["a": 0, "b": 0, "c": 1], "config.label2id: "),
            ("config/label2id", ["a": 0, "b": 1, "c": 7], "config.label2id: c: 7"),
            ("config", NSNull(), "config: null"),
        ]
        for (field, value, expected) in cases {
            let text = problem { try read([field: value]) }
            #expect(text.contains("head_config.json: ") && text.contains(expected), "\(field): \(text)")
        }
        #expect(try read(["config/label2id": ["z": 0, "a": 2, "m": 1]]).heads[0].head.labels == ["z", "m", "a"])
        // Newer heads have the inverse map, or both
        let names = ["0": "z", "1": "m", "2": "a"]
        #expect(try read(["config/label2id": nil, "config/id2label": names]).heads[0].head.labels == ["z", "m", "a"])
        let both: [String: Any?] = ["config/label2id": ["z": 0, "m": 1, "a": 2], "config/id2label": names]
        #expect(try read(both).heads[0].head.labels == ["z", "m", "a"])
        for (map, word) in [
            (["0": "z", "1": "a", "2": "m"] as [String: Any], "z, a, m, expected z, m, a, as label2id says"),
            (["0": "z", "1": "m"], "config.id2label: none with 2"),
            (["0": "z", "1": "m", "7": "a"], "config.id2label: a: 7"),
            (["0": "z", "1": "m", "2": 5], "id2label: 5: 2"),
            (["0": "z", "1": "m", "x": "a"], "config.id2label: a: x"),
        ] {
            let text = problem { try read(["config/label2id": ["z": 0, "m": 1, "a": 2], "config/id2label": map]) }
            #expect(text.contains(word), "\(text)")
        }
        let anonymous = try read(["config/label2id": nil])
        #expect(anonymous.heads[0].head.labels == ["LABEL_0", "LABEL_1", "LABEL_2"])
        let warnings = AdapterHubImport.warnings(anonymous, folder: "f")
        #expect(
            warnings.count == 1 && warnings[0].contains("LABEL_0, LABEL_1, LABEL_2") && warnings[0].hasPrefix("f: "))
        #expect(try AdapterHubImport.warnings(read(both), folder: "f").isEmpty)
        #expect(try read(["config/bias": nil]).heads.count == 1)
    }

    /// 2020's files: capital letters, a nested invertible adapter, and other names for the modules.
    @Test func formerNames() throws {
        let plain = try AdapterHubImport.read(folder: Golden.url("seq_bn/adapter"))
        let capital: [String: Any?] = [
            "config/MH_Adapter": false, "config/mh_adapter": nil, "config/Output_Adapter": true,
            "config/output_adapter": nil, "config/LN_after": false, "config/ln_after": nil, "config/LN_before": false,
            "config/ln_before": nil, "config/attention_type": "sent-lvl-dynamic", "config/new_attention_norm": false,
            "config/invertible_adapter": NSNull(),
        ]
        let read = try adapter(capital)
        #expect(read.members[0].configuration == plain.members[0].configuration && read.tensors == plain.tensors)
        for kind in ["layer_text_task_adapters", "layer_text_lang_adapters"] {
            let former = try rewrite { ($0.replacingOccurrences(of: "output.adapters", with: "output.\(kind)"), $1) }
            #expect(try AdapterHubImport.read(folder: former).tensors == plain.tensors)
        }
        let bias = "bert.encoder.layer.0.output.adapters.t.adapter_up.bias"
        let twice = try rewrite { name, values in
            (
                name.replacingOccurrences(
                    of: "layer.1.output.adapters.t.adapter_up.bias",
                    with: "layer.0.output.layer_text_task_adapters.t.adapter_up.bias"), values
            )
        }
        #expect(problem { try AdapterHubImport.read(folder: twice) }.contains(bias))
    }

    /// Folders of other libraries, and what is no folder.
    @Test func whatIsNoAdapter() throws {
        let peft = folder.file("peft")
        try FileManager.default.createDirectory(at: peft, withIntermediateDirectories: true)
        try Data(#"{"peft_type": "LORA", "base_model_name_or_path": "x"}"#.utf8).write(
            to: peft.appendingPathComponent("adapter_config.json"))
        #expect(problem { try AdapterHubImport.read(folder: peft) }.contains("a PEFT adapter (\"LORA\")"))
        #expect(problem { try AdapterHubImport.read(folder: peft) }.contains("merge_and_unload"))
        #expect(
            problem { try AdapterHubImport.read(folder: Golden.url("tiny")) }.contains("a model, expected a folder"))
        let file = Golden.url("seq_bn/adapter/adapter.safetensors")
        #expect(problem { try AdapterHubImport.read(folder: file) }.contains("give its folder"))
        #expect(problem { try AdapterHubImport.read(folder: folder.file("absent")) }.contains("No such file"))
        let bundle = folder.file("b.h5")
        try BundleFile.write(try AdapterHubImport.read(folder: Golden.url("head")), to: bundle)
        #expect(problem { try AdapterHubImport.read(folder: bundle) }.contains("an Amalgam bundle"))
    }

    /// Names with a slash, such as a task's on the Hub.
    @Test func slashes() throws {
        let url = folder.file("hub")
        var bundle = try Sample.bundle(.adapter)
        bundle.heads = []
        try Sample.fill(&bundle)
        try AdapterHubExport.write(bundle, to: url)
        let file = url.appendingPathComponent("adapter.safetensors")
        let old = try SafetensorsFile(file)
        let tensors: [(name: String, shape: [Int], value: SafetensorsValue)] = try old.names.map {
            (
                $0.replacingOccurrences(of: "adapters.a.", with: "adapters.sts/mnli."), old.tensors[$0]?.shape ?? [],
                .float32(try old.floats($0))
            )
        }
        try SafetensorsWriter.data(tensors: tensors).write(to: file)
        let config = url.appendingPathComponent("adapter_config.json")
        let json = try String(contentsOf: config, encoding: .utf8)
        try json.replacingOccurrences(of: #""name": "a""#, with: #""name": "sts/mnli""#)
            .write(to: config, atomically: true, encoding: .utf8)
        #expect(try AdapterHubImport.read(folder: url).members[0].name == "sts_mnli")
    }
}
