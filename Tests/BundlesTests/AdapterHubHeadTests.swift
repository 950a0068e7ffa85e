import Files
import Foundation
import Models
import Testing

@testable import Bundles

/// Heads for tags and for a number, and heads with one layer, in AdapterHub's folders (Tests/Golden/hub_golden.py). `HubHeadParityTests` compares logits.
@Suite struct AdapterHubHeadTests {
    private static let golden = Golden.folder.deletingLastPathComponent().appendingPathComponent("hub/heads")
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func content() throws {
        let tags = try AdapterHubImport.read(folder: Self.golden.appendingPathComponent("tags"))
        #expect(tags.heads == [NamedHead("tags", TaggingHead(labels: ["O", "B-X", "I-X"]))])
        let number = try AdapterHubImport.read(folder: Self.golden.appendingPathComponent("number"))
        #expect(number.heads == [NamedHead("number", RegressionHead(numbers: [.identity], pooling: .first))])
        let linear = try AdapterHubImport.read(folder: Self.golden.appendingPathComponent("linear"))
        #expect(
            linear.heads == [NamedHead("linear", LinearClassificationHead(labels: ["c", "a", "b"], pooling: .first))])
        let score = try AdapterHubImport.read(folder: Self.golden.appendingPathComponent("score"))
        #expect(
            score.heads == [NamedHead("score", LinearRegressionHead(numbers: [.identity], pooling: .first))])
    }

    /// Every file is the library's own, byte for byte, but for the end of the configuration's last line.
    @Test(arguments: ["tags", "number", "linear", "score"]) func sameFiles(_ name: String) throws {
        let theirs = Self.golden.appendingPathComponent(name)
        let out = folder.file("out")
        #expect(try AdapterHubExport.write(AdapterHubImport.read(folder: theirs), to: out) == [])
        for file in ["head_config.json", "model_head.safetensors"] {
            let ours = try Data(contentsOf: out.appendingPathComponent(file))
            var expected = try Data(contentsOf: theirs.appendingPathComponent(file))
            if file.hasSuffix(".json") { expected += Data("\n".utf8) }
            #expect(ours == expected, "\(file)")
        }
    }

    /// y = mean + deviation · (W x + b) has no other place there than W and b.
    @Test(arguments: [false, true]) func unitsAreFolded(_ isLinear: Bool) throws {
        var bundle = try Sample.bundle(.adapter)
        func head(_ scale: NumberScale, _ prefix: String) -> any Head {
            isLinear
                ? LinearRegressionHead(numbers: [scale], pooling: .mean, textPrefix: prefix)
                : RegressionHead(numbers: [scale], pooling: .mean, textPrefix: prefix)
        }
        bundle.heads = [NamedHead("score", head(NumberScale(mean: 3, deviation: 0.5), "q: "))]
        try Sample.fill(&bundle)
        let words = try AdapterHubExport.write(bundle, to: folder.file("out"))
        #expect(words.count == 3 && words[0].contains("(3.0, 0.5) became part of its last layer"), "\(words)")
        #expect(words[1].contains("reads the mean of all tokens"), "\(words)")
        let back = try AdapterHubImport.read(folder: folder.file("out"))
        #expect(back.heads == [NamedHead("score", head(.identity, ""))])
        for tensor in bundle.tensors where tensor.name.hasPrefix("heads/") {
            let theirs = try #require(back.tensors.first { $0.name == tensor.name })
            switch tensor.name {
            case "heads/score/out.weight": #expect(theirs.values == tensor.values.map { $0 * 0.5 })
            case "heads/score/out.bias": #expect(theirs.values == tensor.values.map { $0 * 0.5 + 3 })
            default: #expect(theirs.values == tensor.values)
            }
        }
        #expect(
            bundle.adapterHubPython(folder: "f") == #"model.load_adapter("f", use_safetensors=True, set_active=True)"#)
    }

    /// A head of one layer has no activation, so that what the file says of it does not matter; other numbers of layers are refused.
    @Test func layers() throws {
        func read(_ name: String, _ field: String, _ value: ConfigurationValue) throws -> AdapterBundle {
            let copy = folder.file("copy")
            try? FileManager.default.removeItem(at: copy)
            try FileManager.default.copyItem(at: Self.golden.appendingPathComponent(name), to: copy)
            let file = copy.appendingPathComponent("head_config.json")
            guard case .map(var fields)? = ConfigurationValue(json: try String(contentsOf: file, encoding: .utf8)),
                case .map(var config)? = fields["config"]
            else { throw BundleError.members("no configuration") }
            config[field] = value
            fields["config"] = .map(config)
            try Data(ConfigurationValue.map(fields).json.utf8).write(to: file)
            return try AdapterHubImport.read(folder: copy)
        }
        #expect(try read("linear", "activation_function", .string("relu")).heads.count == 1)
        #expect(problem { try read("number", "activation_function", .string("relu")) }.contains("expected \"tanh\""))
        for (name, count, words) in [
            ("linear", 0, "config.layers: 0, expected 1 or 2"), ("number", 3, "config.layers: 3, expected 1 or 2"),
            ("tags", 2, "config.layers: 2, expected 1;"), ("linear", 2, "heads.linear.1.weight: shape [3, 48]"),
            ("number", 1, "heads.number.1.weight: shape [48, 48]"),
        ] {
            let text = problem { try read(name, "layers", .init(count)) }
            #expect(text.contains(words), "\(text)")
        }
    }

    /// Beside an adapter and another head, each in its folder.
    @Test func severalHeads() throws {
        var bundle = try Sample.bundle(.adapter)
        bundle.heads.append(NamedHead("z", TaggingHead(labels: ["O", "B-X"])))
        try Sample.fill(&bundle)
        #expect(try AdapterHubExport.write(bundle, to: folder.file("out")) == [])
        let back = try AdapterHubImport.read(folder: folder.file("out"))
        #expect(back.heads == bundle.heads && back.tensors == bundle.tensors)
    }
}
