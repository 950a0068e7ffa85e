import Files
import Foundation
import Models
import Testing

@testable import Bundles

/// Heads for tags and for a number in AdapterHub's folders (Tests/Golden/hub_golden.py). `HubHeadParityTests` compares logits.
@Suite struct AdapterHubHeadTests {
    private static let golden = Golden.folder.deletingLastPathComponent().appendingPathComponent("hub/heads")
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func content() throws {
        let tags = try AdapterHubImport.read(folder: Self.golden.appendingPathComponent("tags"))
        #expect(tags.heads == [NamedHead("tags", TaggingHead(labels: ["O", "B-X", "I-X"]))])
        let number = try AdapterHubImport.read(folder: Self.golden.appendingPathComponent("number"))
        #expect(number.heads == [NamedHead("number", RegressionHead(numbers: [.identity], pooling: .first))])
    }

    /// Every file is the library's own, byte for byte, but for the end of the configuration's last line.
    @Test(arguments: ["tags", "number"]) func sameFiles(_ name: String) throws {
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
    @Test func unitsAreFolded() throws {
        var bundle = try Sample.bundle(.adapter)
        let scale = NumberScale(mean: 3, deviation: 0.5)
        bundle.heads = [NamedHead("score", RegressionHead(numbers: [scale], pooling: .mean, textPrefix: "q: "))]
        try Sample.fill(&bundle)
        let words = try AdapterHubExport.write(bundle, to: folder.file("out"))
        #expect(words.count == 3 && words[0].contains("(3.0, 0.5) became part of its last layer"), "\(words)")
        #expect(words[1].contains("reads the mean of all tokens"), "\(words)")
        let back = try AdapterHubImport.read(folder: folder.file("out"))
        #expect(back.heads == [NamedHead("score", RegressionHead(numbers: [.identity], pooling: .mean))])
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
