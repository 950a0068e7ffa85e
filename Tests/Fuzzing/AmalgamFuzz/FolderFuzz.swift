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
        "Bundles/Foreign/AdapterHubLabels.swift", "Adapters/LayerFactors.swift",
    ]
    static let tokens = words(
        "\"mh_adapter\":true", "\"MH_Adapter\":true", "\"Output_Adapter\":true", "\"LN_after\":false",
        "\"reduction_factor\":{\"0\":4,\"default\":8}",
        "\"invertible_adapter\":{\"block_type\":\"nice\",\"reduction_factor\":2}",
        "\"non_linearity\":\"gelu\"", "\"default\":", "1e308", "null", "\"seq_bn\"",
        "\u{0}{\"head_type\":\"classification\",\"layers\":2,\"activation_function\":\"tanh\",\"num_labels\":2}",
        "\"label2id\":{\"a\":0,\"b\":1}", "\"id2label\":{\"0\":\"a\",\"1\":\"b\"}", "{", "}", "[", "]", ",", ":")
    static let memory = (constant: 1 << 18, perByte: 256)

    static func read(_ bytes: [UInt8]) throws -> () throws -> Void {
        let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false).map { Array($0) }
        let value = ConfigurationValue(json: parts[0])
        let configuration = try AdapterHubConfiguration.adapter(
            value, former: bytes.count % 2 == 0, file: Invariants.file)
        var labels: [String] = []
        if parts.count > 1 {
            labels = try AdapterHubConfiguration.labels(ConfigurationValue(json: parts[1]), file: Invariants.file)
        }
        return {
            Invariants.require(labels.count <= 65_536, "too many labels")
            // What the library would be given is read back as the same
            let back = try AdapterHubConfiguration.adapter(
                AdapterHubConfiguration.adapter(configuration), former: false, file: "back")
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
        ]
    }
}
