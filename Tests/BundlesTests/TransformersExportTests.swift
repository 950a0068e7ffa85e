import Adapters
import Files
import Foundation
import Models
import Testing

@testable import Bundles

/// Merged models as Hugging Face folders. Tests/Golden/check_lora_export.py compares logits with transformers.
@Suite struct TransformersExportTests {
    let folder: TemporaryFolder
    let model: EncoderModel

    init() throws {
        folder = try TemporaryFolder()
        model = try EncoderModel(folder: Golden.url("tiny"))
    }

    private func bundle(_ preset: String, pooling: String = "first") throws -> AdapterBundle {
        var bundle = AdapterBundle(
            name: "a", base: BaseIdentity(name: "tiny", fingerprint: nil, shape: model.configuration),
            members: [Member(name: "a", configuration: try .resolve(preset))], composition: .leaf("a"))
        bundle.heads = [
            NamedHead("h", ClassificationHead(labels: ["no", "yes"], pooling: pooling == "first" ? .first : .mean))
        ]
        try Sample.fill(&bundle)
        for i in bundle.tensors.indices { bundle.tensors[i].values = bundle.tensors[i].values.map { $0 / 10_000 } }
        return bundle
    }

    @Test func classifier() throws {
        let bundle = try bundle("lora")
        let out = folder.file("out")
        #expect(try TransformersExport.write(bundle, model: model, merge: true, to: out) == [])
        let merged = try EncoderModel(folder: out)
        #expect(merged.configuration == model.configuration)
        let overlay = try bundle.merged(into: model)
        #expect(overlay.count == 6)
        for tensor in model.architecture.tensors {
            let expected = overlay.first { $0.name == "base/\(tensor.name)" }?.values
            #expect(merged.weight(tensor.name)?.values == expected ?? model.weight(tensor.name)?.values)
        }
        let file = try SafetensorsFile(out.appendingPathComponent("model.safetensors"))
        for (ours, theirs) in [
            ("dense.weight", "bert.pooler.dense.weight"), ("dense.bias", "bert.pooler.dense.bias"),
            ("out.weight", "classifier.weight"), ("out.bias", "classifier.bias"),
        ] {
            #expect(try file.floats(theirs) == bundle.tensors.first { $0.name == "heads/h/\(ours)" }?.values)
        }
        let json = try Data(contentsOf: out.appendingPathComponent("config.json"))
        guard case .map(let fields)? = ConfigurationValue(json: [UInt8](json)) else {
            Issue.record("no JSON")
            return
        }
        #expect(fields["id2label"] == .map(["0": .string("no"), "1": .string("yes")]))
        #expect(fields["label2id"] == .map(["no": .number(0), "yes": .number(1)]))
        #expect(fields["architectures"] == .list([.string("BertForSequenceClassification")]))
        // Nothing else lies there, and a second export does not mix with the first
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["out"])
        #expect(
            problem { try TransformersExport.write(bundle, model: model, merge: true, to: out) }.contains(
                "write into the existing folder"))
    }

    @Test func encoderAlone() throws {
        let out = folder.file("out")
        let warnings = try TransformersExport.write(
            bundle("ia3", pooling: "mean"), model: model, merge: true, to: out)
        #expect(
            warnings == [
                "the folder contains the encoder without the head h (classification): only one classification head on the "
                    + "first token can be exported; load it with transformers.AutoModel"
            ])
        let file = try SafetensorsFile(out.appendingPathComponent("model.safetensors"))
        #expect(Set(file.names) == Set(model.architecture.tensors.map(\.name)))
    }

    /// Heads for tags and numbers stay in the bundle: every format says so, and none writes an empty folder.
    @Test func otherHeads() throws {
        var bundle = try bundle("lora")
        bundle.heads = [NamedHead("ner", TaggingHead(labels: ["O", "B-X"]))]
        bundle.tensors = []
        try Sample.fill(&bundle)
        let expected = "without the head ner (tagging): only one classification head on the first token can be exported"
        let peft = try PEFTExport.write(bundle, to: folder.file("peft"))
        let hf = try TransformersExport.write(bundle, model: model, merge: true, to: folder.file("hf"))
        #expect(peft.count == 1 && peft[0].contains(expected), "\(peft)")
        #expect(hf.count == 1 && hf[0].contains(expected), "\(hf)")
        bundle.heads = [NamedHead("ner", RegressionHead(numbers: [.identity, .identity], pooling: .first))]
        try Sample.fill(&bundle)
        let hub = try AdapterHubExport.write(bundle, to: folder.file("hub"))
        #expect(
            hub.count == 1 && hub[0].contains("does not contain the head ner of kind regression with 2 numbers"),
            "\(hub)")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.file("hub").path).sorted()
        #expect(files == ["README.md", "adapter.safetensors", "adapter_config.json"])

        let alone = AdapterBundle(
            name: "ner", base: bundle.base, heads: bundle.heads,
            tensors: bundle.tensors.filter { $0.name.hasPrefix("heads/") })
        #expect(
            problem { try AdapterHubExport.write(alone, to: folder.file("head")) }
                .contains("heads: head ner of kind regression with 2 numbers, expected a head for labels, for tags or"))
    }

    @Test func refusals() throws {
        let out = folder.file("out")
        #expect(
            problem { try TransformersExport.write(bundle("lora"), model: model, merge: false, to: out) }.contains(
                "add --merge"))
        #expect(
            problem { try TransformersExport.write(bundle("seq_bn"), model: model, merge: true, to: out) }.contains(
                "method bottleneck cannot be part of a transformers model"))
        // The advice leads somewhere, with --merge or without
        for (preset, merge) in [("seq_bn", true), ("seq_bn", false), ("prefix_tuning", true), ("prefix_tuning", false)]
        {
            let text = problem { try TransformersExport.write(bundle(preset), model: model, merge: merge, to: out) }
            #expect(
                text.hasSuffix("use --format adapterhub, which can hold it") && !text.contains("--merge"), "\(text)")
        }
        var stacked = try bundle("lora")
        stacked.language = LanguageReference(name: "l", hash: "")
        #expect(
            problem { try TransformersExport.write(stacked, model: model, merge: true, to: out) }.contains(
                "language adapter"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
    }
}
