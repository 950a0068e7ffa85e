import Adapters
import Foundation

@testable import Bundles
@testable import Files

/// The index of sharded weights, over two files that are always there.
enum IndexFuzz: FuzzedReader {
    static let name = "index"
    static let files = ["Files/ShardedSafetensors.swift", "Files/ForeignContent.swift", "Files/JSONValue.swift"]
    static let tokens = words(
        "\"weight_map\":", "\"metadata\":{}", "\"a\":\"one.safetensors\"", "\"b\":\"two.safetensors\"",
        "\"both\":\"one.safetensors\"", "\"../one.safetensors\"", "\"/x.safetensors\"", "\"three.safetensors\"",
        ".safetensors", "\\u0000", "\\u002f", "null", "{", "}", "[", "]", ",", ":",
        "version https://git-lfs.github.com/spec/v1\n")
    static let memory = (constant: 1 << 16, perByte: 64)

    private static let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
        "amalgam-fuzz-index-\(ProcessInfo.processInfo.processIdentifier)")

    static func warmUp() {
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            for (file, names) in [("one", ["a", "both"]), ("two", ["b", "both"])] {
                let tensors = names.map { (name: $0, shape: [1], value: SafetensorsValue.float32([1])) }
                try SafetensorsWriter.data(tensors: tensors).write(
                    to: folder.appendingPathComponent("\(file).safetensors"))
            }
        } catch {
            Invariants.fail("\(error)")
        }
    }

    static func read(_ bytes: [UInt8]) throws -> () throws -> Void {
        let index = try ShardedSafetensors(bytes, name: Invariants.file, folder: folder)
        return {
            for name in index.names {
                Invariants.require(name == "a" || name == "b", "the tensor \(name)")
                Invariants.require(try index.file(of: name)?.floats(name) == [1], "other values")
            }
        }
    }

    static func madeSeeds() throws -> [(name: String, bytes: [UInt8])] {
        [
            (
                "two.json",
                Array(
                    #"{"metadata":{"total_size":8},"weight_map":{"a":"one.safetensors","b":"two.safetensors"}}"#.utf8)
            )
        ]
    }
}

/// An AdapterHub adapter's configuration and, behind a NUL, a head's.
enum HubFuzz: FuzzedReader {
    static let name = "hub"
    static let files = [
        "Bundles/Foreign/AdapterHubConfiguration.swift", "Bundles/Foreign/AdapterHubFormerNames.swift",
        "Bundles/Foreign/AdapterHubHeads.swift", "Bundles/Foreign/AdapterHubLabels.swift",
        "Bundles/Foreign/AdapterHubLoRA.swift",
        "Bundles/Foreign/AdapterHubReFT.swift", "Adapters/Methods/PHM.swift",
        "Adapters/LayerFactors.swift",
    ]
    static let tokens = words(
        "\"mh_adapter\":true", "\"MH_Adapter\":true", "\"Output_Adapter\":true", "\"LN_after\":false",
        "\"reduction_factor\":{\"0\":4,\"default\":8}",
        "\"invertible_adapter\":{\"block_type\":\"nice\",\"reduction_factor\":2}",
        "\"non_linearity\":\"gelu\"", "\"default\":", "1e308", "null", "\"seq_bn\"", "\"phm_layer\":true",
        "\"architecture\":\"reft\"", "\"layers\":[0]",
        "\u{0}{\"head_type\":\"classification\",\"layers\":2,\"activation_function\":\"tanh\",\"num_labels\":2}",
        "\"head_type\":\"tagging\"", "\"layers\":1",
        "\"architecture\":\"lora\"", "\"attn_matrices\":[\"q\",\"k\"]", "\"r\":4", "\"alpha\":2", "\"use_gating\":true",
        "\"label2id\":{\"a\":0,\"b\":1}", "\"id2label\":{\"0\":\"a\",\"1\":\"b\"}", "{", "}", "[", "]", ",", ":")
    static let memory = (constant: 1 << 18, perByte: 256)

    static func read(_ bytes: [UInt8]) throws -> () throws -> Void {
        let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false).map { Array($0) }
        let value = ConfigurationValue(json: parts[0])
        let configuration = try AdapterHubConfiguration.adapter(
            value, former: bytes.count % 2 == 0, file: Invariants.file)
        var labels: [String] = []
        if parts.count > 1 {
            let config = ConfigurationValue(json: parts[1]) ?? .null
            labels = try AdapterHubHeads.head(["config": config], file: Invariants.file).labels
        }
        return {
            Invariants.require(labels.count <= 65_536, "too many labels")
            // What the library would be given is read back as the same
            guard configuration.method == BottleneckAdapter.name else { return }
            let back = try AdapterHubConfiguration.adapter(
                AdapterHubConfiguration.bottleneck(configuration), former: false, file: "back")
            Invariants.require(back == configuration, "another configuration from its own export")
        }
    }

    static func madeSeeds() throws -> [(name: String, bytes: [UInt8])] {
        let head =
            #"{"head_type":"classification","layers":2,"activation_function":"tanh","num_labels":2,"#
            + #""id2label":{"0":"a","1":"b"}}"#
        return [
            (
                "former.json",
                Array(
                    #"{"MH_Adapter":true,"Output_Adapter":true,"LN_after":false,"reduction_factor":16,"#.utf8)
                    + Array(#""non_linearity":"gelu","original_ln_before":true}"#.utf8) + [0] + Array(head.utf8)
            ),
            (
                "layers.json",
                Array(#"{"mh_adapter":false,"output_adapter":true,"non_linearity":"relu","#.utf8)
                    + Array(#""reduction_factor":{"0":4,"default":8}}"#.utf8)
            ),
            (
                "lora.json",
                Array(#"{"architecture":"lora","r":4,"alpha":6,"intermediate_lora":true,"leave_out":[1]}"#.utf8)
            ),
        ]
    }
}

/// A PEFT folder's configuration, beside tensors that are always there.
enum PEFTFuzz: FuzzedReader {
    static let name = "peft"
    static let files = [
        "Bundles/Foreign/PEFTConfiguration.swift", "Bundles/Foreign/PEFTImport.swift",
        "Bundles/Foreign/PEFTModule.swift", "Bundles/Foreign/PEFTMethod.swift", "Bundles/Foreign/PEFTLoRA.swift",
        "Bundles/Foreign/PEFTIA3.swift", "Bundles/Foreign/PEFTVeRA.swift", "Bundles/Foreign/PEFTTable.swift",
        "Bundles/Foreign/PEFTPromptTuning.swift", "Bundles/Foreign/PEFTPrefixTuning.swift",
        "Adapters/SitePattern.swift", "Adapters/Methods/LoRA.swift",
    ]
    static let tokens = words(
        "\"peft_type\":\"LORA\"", "\"peft_type\":\"VERA\"", "\"peft_type\":\"IA3\"", "\"projection_prng_key\":7",
        "\"d_initial\":0.1", "\"r\":2",
        "\"lora_alpha\":", "\"use_rslora\":true", "\"rank_pattern\":{\"query\":2}",
        "\"alpha_pattern\":{\"^encoder\\\\.layer.0.*\":3}", "\"target_modules\":[\"query\",\"value\"]",
        "\"target_modules\":\".*\"", "\"modules_to_save\":[\"classifier\"]", "\"task_type\":\"SEQ_CLS\"",
        "\"use_dora\":true", "\"bias\":\"all\"", "\"init_lora_weights\":\"pissa\"", "\"auto_mapping\":",
        "{\"parent_library\":\"transformers.models.bert.modeling_bert\"}", "\"layers_to_transform\":[0]", "1e308",
        "\"peft_type\":\"PROMPT_TUNING\"", "\"peft_type\":\"PREFIX_TUNING\"", "\"task_type\":\"FEATURE_EXTRACTION\"",
        "\"num_virtual_tokens\":2", "\"token_dim\":2", "\"num_layers\":1", "\"prefix_projection\":true",
        "null",
        "{", "}", "[", "]", ",", ":")
    static let memory = (constant: 1 << 20, perByte: 256)

    private static let root = FileManager.default.temporaryDirectory.appendingPathComponent(
        "amalgam-fuzz-peft-\(ProcessInfo.processInfo.processIdentifier)")
    /// LoRA's tensors.
    private static let folder = root.appendingPathComponent("modules/\(Invariants.file)")
    /// A prompt's or a prefix's.
    private static let tableFolder = root.appendingPathComponent("table/\(Invariants.file)")

    static func warmUp() {
        do {
            for folder in [folder, tableFolder] {
                try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            }
            let table = SafetensorsValue.float32([1, 2, 3, 4, 5, 6, 7, 8])
            try SafetensorsWriter.data(tensors: [(name: PEFTTable.name, shape: [2, 4], value: table)])
                .write(to: tableFolder.appendingPathComponent(PEFTModule.tensors))
            let tensors = ["query", "value"].flatMap { name in
                [("A", [2, 4]), ("B", [4, 2])].map { matrix, shape in
                    (
                        name: "base_model.model.bert.encoder.layer.0.attention.self.\(name).lora_\(matrix).weight",
                        shape: shape, value: SafetensorsValue.float32([1, 2, 3, 4, 5, 6, 7, 8])
                    )
                }
            }
            try SafetensorsWriter.data(tensors: tensors).write(to: folder.appendingPathComponent(PEFTModule.tensors))
        } catch {
            Invariants.fail("\(error)")
        }
    }

    static func read(_ bytes: [UInt8]) throws -> () throws -> Void {
        let hasTable = String(decoding: bytes, as: UTF8.self).contains("_TUNING")
        let folder = hasTable ? tableFolder : folder
        try Data(bytes).write(to: folder.appendingPathComponent(PEFTModule.configuration))
        let bundle = try PEFTImport.read(folder: folder, name: "a", model: nil).bundle
        return {
            // What was taken holds together, and can be written
            let data = try BundleFile.data(bundle)
            Invariants.require(try BundleFile.read(data, name: "b").tensors == bundle.tensors, "other tensors")
        }
    }

    static func madeSeeds() throws -> [(name: String, bytes: [UInt8])] {
        [
            (
                "plain.json",
                Array(
                    #"{"peft_type":"LORA","r":2,"lora_alpha":4,"target_modules":["query","value"],"bias":"none"}"#.utf8)
            ),
            (
                "prompt.json",
                Array(
                    #"{"peft_type":"PROMPT_TUNING","task_type":"FEATURE_EXTRACTION","num_virtual_tokens":2,"token_dim":4,"#
                        .utf8)
                    + Array(
                        #""num_layers":1,"auto_mapping":{"parent_library":"transformers.models.bert.modeling_bert"}}"#
                            .utf8)
            ),
            (
                "prefix.json",
                Array(
                    #"{"peft_type":"PREFIX_TUNING","task_type":"FEATURE_EXTRACTION","num_virtual_tokens":2,"token_dim":2,"#
                        .utf8)
                    + Array(
                        #""num_layers":1,"auto_mapping":{"parent_library":"transformers.models.bert.modeling_bert"}}"#
                            .utf8)
            ),
            (
                "patterns.json",
                Array(
                    #"{"peft_type":"LORA","r":4,"lora_alpha":4,"target_modules":".*self.*","use_rslora":true,"#.utf8)
                    + Array(
                        #""rank_pattern":{"query":2,"value":2},"alpha_pattern":{"^bert\\.encoder.layer.0.attention.self.value":3}}"#
                            .utf8)
            ),
        ]
    }
}
