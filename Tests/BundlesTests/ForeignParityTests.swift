import Adapters
import Files
import Foundation
import Models
import Testing

@testable import Bundles

/// Folders that AdapterHub's library has written, read and written again.
@Suite struct ForeignParityTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Every file of the export is the library's own, byte for byte.
    @Test(arguments: Golden.cases) func sameFiles(path: String) throws {
        let bundle = try AdapterHubImport.read(folder: Golden.url(path))
        let out = folder.file("out")
        #expect(try AdapterHubExport.write(bundle, to: out) == [])
        let files = try FileManager.default.subpathsOfDirectory(atPath: out.path).filter {
            $0.contains(".") && $0 != "README.md"
        }
        // A fusion's adapters are beside it here, and within it in our exports
        #expect(files.count == 2 + 2 * (bundle.kind == .fusion ? bundle.members.count : 0))
        for file in files {
            let places = [path, URL(fileURLWithPath: path).deletingLastPathComponent().relativePath].map {
                Golden.url($0).appendingPathComponent(file)
            }
            let place = try #require(places.first { FileManager.default.fileExists(atPath: $0.path) })
            #expect(try Data(contentsOf: out.appendingPathComponent(file)) == Data(contentsOf: place), "\(file)")
        }
        #expect(try AdapterHubImport.read(folder: out) == bundle)
    }

    @Test(arguments: Golden.cases) func throughBundle(path: String) throws {
        let bundle = try AdapterHubImport.read(folder: Golden.url(path))
        let url = folder.file("a.h5")
        try BundleFile.write(bundle, to: url)
        let read = try BundleFile.read(url)
        #expect(read == bundle)
        #expect(try BundleFile.data(read) == Data(contentsOf: url))
        // It goes with the model that it was trained on
        let model = try EncoderModel(folder: Golden.url("tiny"))
        let warnings = try read.check(model: model, fingerprint: "", tokenizer: "", file: "a", force: false)
        #expect(warnings.count == 1 && warnings[0].contains("only the shapes were checked"), "\(warnings)")
    }

    @Test func adapterContent() throws {
        let bundle = try AdapterHubImport.read(folder: Golden.url("double_seq_bn/adapter"), name: "other")
        #expect(bundle.kind == .adapter && bundle.name == "other" && bundle.composition == .leaf("other"))
        #expect(bundle.members.map(\.name) == ["other"] && bundle.heads.isEmpty)
        #expect(bundle.members[0].configuration == (try AdapterConfiguration.resolve("double_seq_bn")))
        #expect(bundle.base.name == "tiny" && bundle.base.fingerprint == nil)
        #expect(bundle.base.shape.hidden == 48 && bundle.base.shape.layers == 3 && bundle.base.shape.vocabulary == 0)
        let file = try SafetensorsFile(Golden.url("double_seq_bn/adapter/adapter.safetensors"))
        #expect(file.tensors.count == bundle.tensors.count)
        for (ours, theirs) in [
            ("afterAttention/2/down.weight", "attention.output.adapters.t.adapter_down.0.weight"),
            ("afterFeedForward/2/up.bias", "output.adapters.t.adapter_up.bias"),
        ] {
            let tensor = try #require(bundle.tensors.first { $0.name == "members/other/\(ours)" })
            #expect(tensor.values == (try file.floats("bert.encoder.layer.2.\(theirs)")))
        }
    }

    @Test func configurations() throws {
        for (path, preset) in [("seq_bn/adapter", "seq_bn"), ("par_bn/adapter", "par_bn")] {
            let bundle = try AdapterHubImport.read(folder: Golden.url(path))
            #expect(bundle.members[0].configuration == (try AdapterConfiguration.resolve(preset)))
        }
    }

    @Test func fusionContent() throws {
        let bundle = try AdapterHubImport.read(folder: Golden.url("fusion3/fusion"))
        #expect(bundle.kind == .fusion && bundle.name == "a,b,c" && bundle.composition == .fuse(["a", "b", "c"]))
        let file = try SafetensorsFile(Golden.url("fusion3/fusion/model_adapter_fusion.safetensors"))
        let tensor = try #require(bundle.tensors.first { $0.name == "blocks/fuse/afterFeedForward/1/value.weight" })
        #expect(
            tensor.values == (try file.floats("bert.encoder.layer.1.output.adapter_fusion_layer.a,b,c.value.weight")))
    }

    @Test func headContent() throws {
        let bundle = try AdapterHubImport.read(folder: Golden.url("head"))
        #expect(bundle.kind == .head && bundle.members.isEmpty && bundle.base.shape.layers == 0)
        let labels = ["LABEL_0", "LABEL_1", "LABEL_2"]
        #expect(bundle.heads == [NamedHead("h", ClassificationHead(labels: labels, pooling: .first))])
        let renamed = try AdapterHubImport.read(folder: Golden.url("head"), name: "x")
        #expect(renamed.heads[0].name == "x" && renamed.tensors[0].name == "heads/x/dense.weight")
    }

    /// Static fusion: no value matrix. Its adapters are another folder's, so they are brought beside it.
    @Test func staticFusion() throws {
        let files = FileManager.default
        try files.copyItem(at: Golden.url("fusion3_static/fusion"), to: folder.file("fusion"))
        for name in ["a", "b", "c"] { try files.copyItem(at: Golden.url("fusion3/\(name)"), to: folder.file(name)) }
        let bundle = try AdapterHubImport.read(folder: folder.file("fusion"))
        #expect(
            bundle.composition == .fuse(["a", "b", "c"], .static)
                && !bundle.tensors.contains { $0.name.contains("value") })
        try AdapterHubExport.write(bundle, to: folder.file("out"))
        #expect(try AdapterHubImport.read(folder: folder.file("out")) == bundle)
        for file in ["adapter_fusion_config.json", "model_adapter_fusion.safetensors"] {
            let theirs = try Data(contentsOf: Golden.url("fusion3_static/fusion/\(file)"))
            #expect(try Data(contentsOf: folder.file("out/\(file)")) == theirs)
        }
    }
}

/// Bundles that were made here, written for the library.
@Suite struct ForeignExportTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// What an import of an export of `bundle` is to be.
    private func expected(_ bundle: AdapterBundle) -> AdapterBundle {
        var bundle = bundle
        let shape = bundle.base.shape
        bundle.base.fingerprint = nil
        bundle.base.shape = ModelConfiguration(
            family: shape.family, hidden: shape.hidden, layers: bundle.kind == .head ? 0 : shape.layers,
            heads: 0, intermediate: 0, vocabulary: 0, positions: 0, types: 0)
        bundle.provenance = Provenance()
        return bundle
    }

    @Test(arguments: [AdapterBundle.Kind.adapter, .fusion, .head]) func roundTrip(kind: AdapterBundle.Kind) throws {
        let bundle = try Sample.bundle(kind)
        try AdapterHubExport.write(bundle, to: folder.file("deep/out"))
        #expect(
            try AdapterHubImport.read(folder: folder.file("deep/out"), name: kind == .fusion ? "sample" : nil).tensors
                .count == bundle.tensors.count)
        var read = try AdapterHubImport.read(folder: folder.file("deep/out"))
        read.name = bundle.name
        #expect(read == expected(bundle))
    }

    @Test func severalHeads() throws {
        var bundle = try Sample.bundle(.adapter)
        bundle.heads.append(NamedHead("z", ClassificationHead(labels: ["1", "2"], pooling: .first)))
        try Sample.fill(&bundle)
        try AdapterHubExport.write(bundle, to: folder.file("out"))
        var read = try AdapterHubImport.read(folder: folder.file("out"))
        read.name = bundle.name
        #expect(read == expected(bundle))
    }

    @Test func leftOutLayers() throws {
        var bundle = try Sample.bundle(.adapter)
        let configuration = try AdapterConfiguration.resolve("seq_bn", overrides: ["reduction_factor=2.5"])
        var fields = configuration.fields
        fields["leave_out"] = .list([.number(1)])
        bundle.members = [
            Member(name: "a", configuration: try AdapterConfiguration(method: "bottleneck", fields: fields, source: ""))
        ]
        try Sample.fill(&bundle)
        try AdapterHubExport.write(bundle, to: folder.file("out"))
        var read = try AdapterHubImport.read(folder: folder.file("out"))
        read.name = bundle.name
        #expect(read == expected(bundle))
    }

    /// The library's fusion file has tensors for a layer that all members leave out; nothing runs there.
    @Test func leftOutOfFusion() throws {
        var bundle = try Sample.bundle(.fusion)
        try AdapterHubExport.write(bundle, to: folder.file("whole"))
        bundle.members = try bundle.members.map { member in
            var fields = member.configuration.fields
            fields["leave_out"] = .list([.number(1)])
            return Member(
                name: member.name,
                configuration: try AdapterConfiguration(method: "bottleneck", fields: fields, source: ""))
        }
        try Sample.fill(&bundle)
        let out = folder.file("out")
        try AdapterHubExport.write(bundle, to: out)
        let less = try AdapterHubImport.read(folder: out)
        let weights = "model_adapter_fusion.safetensors"
        let whole = try SafetensorsFile(folder.file("whole/\(weights)"))
        let own = try SafetensorsFile(out.appendingPathComponent(weights))
        #expect(own.tensors.count * 2 == whole.tensors.count)
        let tensors: [(name: String, shape: [Int], value: SafetensorsValue)] = try whole.names.map { name in
            let file = own.tensors[name] == nil ? whole : own
            return (name, file.tensors[name]?.shape ?? [], .float32(try file.floats(name)))
        }
        let data = try SafetensorsWriter.data(tensors: tensors)
        try data.write(to: out.appendingPathComponent(weights))
        #expect(try AdapterHubImport.read(folder: out) == less)
    }

    @Test func warnings() throws {
        var bundle = try Sample.bundle(.adapter)
        let labels = bundle.heads[0].head.labels
        bundle.heads[0].head = ClassificationHead(labels: labels, pooling: .mean, textPrefix: "query: ")
        let words = try AdapterHubExport.write(bundle, to: folder.file("out"), name: "v1.5")
        #expect(words.count == 3)
        #expect(words[0].contains("v1.5 is exported as v1_5"))
        #expect(words[1].contains("reads the mean of all tokens"))
        #expect(words[2].contains("put \"query: \" before each text"))
        #expect(try AdapterHubImport.read(folder: folder.file("out")).members[0].name == "v1_5")
    }

    /// A member's name becomes a folder's: it must not lead out of the export.
    @Test func hostileName() throws {
        var bundle = try Sample.bundle(.fusion)
        bundle.members[0] = try Sample.member("..")
        bundle.composition = .fuse(["..", "b"])
        try Sample.fill(&bundle)
        try AdapterHubExport.write(bundle, to: folder.file("out"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["out"])
        #expect(FileManager.default.fileExists(atPath: folder.file("out/__/adapter.safetensors").path))
    }

    /// Members that the library fuses otherwise than the paper, or not at all.
    @Test func mixedFusion() throws {
        func export(_ last: Member) throws -> [String] {
            var bundle = try Sample.bundle(.fusion)
            bundle.members[2] = last
            try Sample.fill(&bundle)
            return try AdapterHubExport.write(bundle, to: folder.file("out"))
        }
        #expect(
            problem { try export(Sample.member("é", "double_seq_bn")) }
                .hasPrefix("sample: mh_adapter of the adapters b and é differs"))
        let words = try export(Sample.member("é", more: ["original_ln_before=false"]))
        #expect(words.count == 1 && words[0].contains("original_ln_before of b and é differs"))
        #expect(
            problem { try AdapterHubImport.read(folder: folder.file("out")) }
                .contains("adapter_names: original_ln_before of b and é differs"))
    }

    @Test func refusals() throws {
        #expect(problem { try AdapterHubExport.write(Sample.bundle(.full), to: folder.url) }.contains("kind: full"))
        var bundle = try Sample.bundle(.fusion)
        bundle.composition = .fuse(
            ["b", "a", "é"], FusionConfiguration(value: true, regularization: 0.01, temperature: 2))
        #expect(
            problem { try AdapterHubExport.write(bundle, to: folder.url) }.contains(
                "fusion.temperature: 2.0, expected 1"))
        bundle = try Sample.bundle(.adapter)
        bundle.base.shape.family = "gpt2"
        #expect(problem { try AdapterHubExport.write(bundle, to: folder.url) }.contains("base.architecture: gpt2"))
        bundle = try Sample.bundle(.adapter)
        bundle.tensors.removeLast()
        #expect(
            problem { try AdapterHubExport.write(bundle, to: folder.url) }.contains("heads/task/out.bias: missing"))
        // Nothing of all this was written
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
    }

    /// An adapter's export over a fusion's would read as both.
    @Test func staleFolder() throws {
        try AdapterHubExport.write(Sample.bundle(.fusion), to: folder.file("out"))
        try AdapterHubExport.write(Sample.bundle(.fusion), to: folder.file("out"))
        let text = problem { try AdapterHubExport.write(Sample.bundle(.adapter), to: folder.file("out")) }
        #expect(text.contains("adapter_fusion_config.json: an existing file"), "\(text)")
    }
}
