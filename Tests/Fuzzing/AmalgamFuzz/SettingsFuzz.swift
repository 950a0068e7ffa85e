import Adapters
import Files
import Foundation
import Tasks

@testable import Models

/// config.json and, each behind a NUL, 1_Pooling/config.json, config_sentence_transformers.json, modules.json and
/// sentence_bert_config.json.
enum ConfigurationFuzz: FuzzedReader {
    static let name = "configuration"
    static let files = [
        "Files/JSONValue.swift", "Models/ModelConfiguration.swift", "Models/ModelJSON.swift",
        "Models/SentenceSettings.swift", "Models/SentenceModule.swift",
    ]
    static let tokens = words(
        "\"model_type\":", "\"bert\"", "\"roberta\"", "\"hidden_size\":", "\"num_attention_heads\":", "1e308", "-1",
        "0.5", "9223372036854775807", "null", "true", "\"pad_token_id\":1", "\"hidden_act\":\"silu\"",
        "\"layer_norm_eps\":1e-5", "\"position_embedding_type\":\"absolute\"", "\"hidden_dropout_prob\":0.9", "\\ud800",
        "\u{0}{\"pooling_mode_mean_tokens\":true}", "\"pooling_mode_cls_token\":",
        "{}\u{0}{}\u{0}{\"prompts\": {\"q\": \"x\"}, \"default_prompt_name\": \"q\"}", "{", "}", "[", "]", ",", ":",
        "\"pooling_mode\":[\"mean\"]", "\"include_prompt\":false", "\"is_decoder\":true", "\"pruned_heads\":{}",
        "{}\u{0}{}\u{0}{}\u{0}[{\"type\":\"a.Transformer\",\"path\":\"x\"}]\u{0}{\"do_lower_case\":true}", "\"../x\"",
        "\"config_args\":{\"a\":1}")
    static let memory = (constant: 1 << 15, perByte: 64)

    static func read(_ bytes: [UInt8]) throws -> () throws -> Void {
        let parts = bytes.split(separator: 0, maxSplits: 4, omittingEmptySubsequences: false).map { Array($0) }
        let c = try ModelConfiguration(parts[0], name: Invariants.file)
        if parts.count > 1 { _ = try SentenceSettings.pooling(parts[1], file: Invariants.file).get() }
        if parts.count > 2 { _ = try SentenceSettings.textPrefix(parts[2], file: Invariants.file) }
        var modules: [SentenceModule] = []
        if parts.count > 3 { modules = try SentenceModule.list(parts[3], file: Invariants.file) }
        if parts.count > 4 { _ = try SentenceSettings.lowersText(parts[4], file: Invariants.file) }
        return {
            Invariants.require(
                modules.allSatisfy { !$0.path.hasPrefix("/") && !$0.path.split(separator: "/").contains("..") },
                "a module outside the folder")
            Invariants.require(
                c.hidden > 0 && c.hidden % c.heads == 0 && c.longestSequence > 0 && c.epsilon > 0
                    && (0..<1).contains(c.hiddenDropout) && (0..<1).contains(c.attentionDropout), "\(c)")
        }
    }
}

/// A task's YAML.
enum TaskFuzz: FuzzedReader {
    static let name = "task"
    static let files = [
        "Files/YAMLBounds.swift", "Tasks/TaskDefinition+YAML.swift", "Tasks/TaskDefinition+Write.swift",
        "Tasks/TaskDefinition+Reading.swift", "Tasks/YAMLMap.swift", "Tasks/NearestName.swift",
    ]
    static let tokens = words(
        "name: ", "kind: text-classification\n", "kind: text-pair-classification\n", "data: {train: a.csv}\n",
        "data:\n  dev: b.tsv\n", "fields: {text: t}\n", "labels:\n  - x\n", "labels: [a, b]\n", "metric: macro_f1\n",
        "labels: {0: a, 1: b}\n", "labels:\n  -1: x\n  2: y\n", "quoting: none\n", "delimiter: ';'\n",
        "delimiter: tab\n",
        "encoding: latin-1\n", "header: false\n", "header: [a, b]\n", "data: {validation: b.json.gz}\n",
        "description: |\n  x\n", "language: ", "license: ", "&a ", "*a", "? ", "- ", "!!str ", "<<: ", "---\n", "...\n",
        "\u{85}", "\u{2028}", "\u{FEFF}", "\"]\"", "[", "]", "{", "}", "'", "\"", "\\x41", "%YAML 1.1\n", "# c\n")
    static let memory = (constant: 1 << 19, perByte: 512)

    static func read(_ bytes: [UInt8]) throws -> () throws -> Void {
        let folder = URL(fileURLWithPath: "/nowhere")
        let definition = try TaskDefinition.parse(yaml: bytes, file: Invariants.file, folder: folder)
        return {
            let yaml = Array(definition.yaml.utf8)
            let back = try TaskDefinition.parse(yaml: yaml, file: Invariants.file, folder: folder)
            Invariants.require(back == definition, "another definition after writing and reading:\n\(definition.yaml)")
        }
    }
}

/// An adapter's YAML, and its JSON in a bundle.
enum AdapterFuzz: FuzzedReader {
    static let name = "adapter"
    static let files = [
        "Files/YAMLBounds.swift", "Adapters/AdapterConfiguration.swift", "Adapters/ConfigurationValue.swift",
        "Adapters/ConfigurationValue+YAML.swift",
    ]
    static let tokens = words(
        "method: ", "bottleneck\n", "ia3\n", "reduction_factor: ", "16", "1e308", ".inf", ".nan", "0x1F", "0o7",
        "1_000",
        "true", "null", "~", "leave_out: [0, 1]\n", "{\"0\": 4, default: 8}\n", "gelu_new", "non_linearity: gelu\n",
        "scaling: ", "&a ", "*a", "[*a, *a]", "? ",
        "- ", "!!float ", "!!binary ", "!!set ", "!!timestamp ", "2001-12-14", "<<: ", "1:30", "\u{85}", "\"", "\\",
        "\n")
    static let memory = (constant: 1 << 19, perByte: 512)

    static func read(_ bytes: [UInt8]) throws -> () throws -> Void {
        let (method, fields) = try AdapterConfiguration.fields(yaml: bytes, source: Invariants.file)
        let configuration = try AdapterConfiguration(method: method, fields: fields, source: Invariants.file)
        return {
            guard case .map(let back)? = ConfigurationValue(json: configuration.json) else {
                Invariants.fail("not JSON: \(configuration.json)")
            }
            let again = try AdapterConfiguration(method: method, fields: back, source: "back")
            Invariants.require(again == configuration, "another configuration from its own JSON \(configuration.json)")
            let small = try Architecture(
                ModelConfiguration(
                    family: "bert", hidden: 8, layers: 2, heads: 2, intermediate: 16, vocabulary: 0, positions: 0,
                    types: 0))
            _ = try configuration.makeMethod().specs(small)
        }
    }
}
