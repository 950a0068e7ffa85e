import Files
import Foundation
import Models
import Numerics
import Testing

@testable import Bundles

@Suite struct BundleFileTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test(arguments: Sample.kinds) func roundTrip(kind: AdapterBundle.Kind) throws {
        let bundle = try Sample.bundle(kind)
        let url = folder.file("a.h5")
        try BundleFile.write(bundle, to: url)
        let read = try BundleFile.read(url)
        #expect(read == bundle)
        // Save, load, save: the same bytes; and from values made anew too
        let bytes = try Data(contentsOf: url)
        #expect(try BundleFile.data(read) == bytes)
        #expect(try BundleFile.data(Sample.bundle(kind)) == bytes)
    }

    @Test func changedFile() throws {
        let url = folder.file("a.h5")
        var data = try BundleFile.data(Sample.bundle(.adapter))
        data[data.count - 9] ^= 4
        try data.write(to: url)
        let text = problem { try BundleFile.read(url) }
        #expect(text.hasPrefix("\(url.path): changed after it was written; SHA-256"), "\(text)")
    }

    @Test func cutFile() throws {
        let url = folder.file("a.h5")
        let data = try BundleFile.data(Sample.bundle(.head))
        try data.dropLast().write(to: url)
        #expect(problem { try BundleFile.read(url) }.contains("changed after it was written; \(data.count - 1) bytes"))
        try Data().write(to: url)
        #expect(problem { try BundleFile.read(url) }.contains("user block: an empty file"))
        #expect(problem { try BundleFile.read(folder.file("none.h5")) }.contains("none.h5: cannot open it"))
    }

    /// A sealed file with another tree: what a program that writes bundles wrongly, or an attacker, could make.
    private func refusal(_ kind: AdapterBundle.Kind, _ change: (inout HDF5Group) throws -> Void) throws -> String {
        var (root, _) = try BundleContainer.open(BundleFile.data(Sample.bundle(kind)), name: "sample")
        try change(&root)
        let url = folder.file("wrong.h5")
        try BundleContainer.seal(root).write(to: url)
        let text = problem { try BundleFile.read(url) }
        #expect(text.hasPrefix(url.path), "\(text)")
        return String(text.dropFirst(url.path.count + 2))
    }

    private let tensor = "members/a/afterFeedForward/1/up.weight"

    @Test func wrongShape() throws {
        let text = try refusal(.adapter) {
            $0[tensor] = HDF5Dataset(shape: [2, 8], value: .float32(.init(repeating: 1, count: 16)))
        }
        #expect(
            text
                == "/\(tensor): shape [2, 8], expected [8, 2] by its configuration; export the bundle again from "
                + "the program that made it")
    }

    @Test func wrongTensors() throws {
        #expect(try refusal(.adapter) { $0[tensor] = nil }.hasPrefix("/\(tensor): missing, expected shape [8, 2]"))
        #expect(
            try refusal(.adapter) { $0["members/a/more"] = HDF5Dataset(shape: [1], value: .float32([1])) }
                .hasPrefix("/members/a/more: a tensor, expected no tensor of that name"))
        #expect(
            try refusal(.adapter) {
                $0[tensor] = HDF5Dataset(shape: [8, 2], value: .float16bits(.init(repeating: 1, count: 16)))
            }
            .hasPrefix("/\(tensor): another type, expected float32"))
        for (bad, word) in [(Float.nan, "nan"), (-.infinity, "-inf")] {
            let text = try refusal(.fusion) {
                var values = [Float](repeating: 1, count: 8)
                values[5] = bad
                $0["blocks/fuse/afterFeedForward/0/key.bias"] = HDF5Dataset(shape: [8], value: .float32(values))
            }
            #expect(
                text.hasPrefix(
                    "/blocks/fuse/afterFeedForward/0/key.bias: \(word) at element 5, expected finite numbers"))
        }
    }

    @Test func wrongAttributes() throws {
        func set(_ path: String, _ name: String, _ value: HDF5Attribute?, in kind: AdapterBundle.Kind = .adapter) throws
            -> String
        {
            try refusal(kind) { $0.set(path, name, value) }
        }
        #expect(
            try set("", "version", .integer(3)).hasPrefix("/@version: 3, expected 1 to 2; use the version of amalgam"))
        #expect(try set("", "version", .string("1")).hasPrefix("/@version: "))
        #expect(
            try set("", "kind", .string("lora")).hasPrefix("/@kind: lora, expected adapter, which is what it holds"))
        #expect(try set("", "kind", nil).hasPrefix("/@kind: nothing, expected text"))
        #expect(try set("", "format", .string("other")).hasPrefix("/@format: other, expected amalgam.bundle"))
        #expect(try set("", "composition", .string(#""z""#)).hasPrefix("/@composition: z, expected one of the members"))
        #expect(try set("", "composition", .string("{")).hasPrefix("/@composition: {, expected JSON"))
        #expect(
            try set("", "composition", .string(#"{"fuse":["a"]}"#)).hasPrefix("/@composition: composition: {"))
        #expect(
            try set("base", "hidden", .integer(0)).hasPrefix("/base@hidden: integer(0), expected an integer in 1..."))
        #expect(try set("base", "layers", .integer(.max)).hasPrefix("/base@layers: "))
        #expect(try set("base", "layers", .integer(0)).hasPrefix("/base@layers: "))
        #expect(try set("base", "vocabulary", .integer(0), in: .full).hasPrefix("/base@vocabulary: "))
        // BERT has token types; a family without them has no such tensor
        #expect(
            try set("base", "types", .integer(0), in: .full)
                .hasPrefix("/base: shape [0, 8] of embeddings.token_type_embeddings.weight"))
        #expect(
            try set("base", "layers", .integer(3)).hasPrefix("/members/a/afterFeedForward/2/down.weight: missing"))
        #expect(try set("members/a", "method", .string("x")).contains("/members/a: unknown adapter configuration 'x'"))
        #expect(
            try set("members/a", "config", .string(#"{"learn_phm":false,"phm_layer":true}"#))
                == "/members/a: learn_phm: found false, expected true; other values are not supported")
        #expect(
            try set("members/a", "config", .string(#"{"reduction_factor":1e-300}"#))
                .hasPrefix("/members/a/afterFeedForward/0/down.weight: shape [2, 8], expected ["))
        #expect(
            try set("members/a", "config", .string("[]")).hasPrefix("/members/a@config: [], expected a JSON object"))
        #expect(try set("heads/task", "labels", .strings(["a", "a"])).hasPrefix("/heads/task@labels: "))
        #expect(try set("heads/task", "labels", .strings(["a"])).hasPrefix("/heads/task/out.weight: shape [3, 8]"))
        #expect(
            try set("heads/task", "config", .string(#"{"pooling":"max"}"#)).hasPrefix(#"/heads/task@pooling: "max""#))
        #expect(try set("heads/task", "config", .string("[]")).hasPrefix("/heads/task@config: []"))
        #expect(try set("heads/task", "kind", .string("x")).hasPrefix("/heads/task@kind: x, expected classification"))
        #expect(try set("provenance", "seed", .integer(-1)).hasPrefix("/provenance@seed: integer(-1)"))
    }

    /// Numbers of the base that nobody knows are 0 in the file.
    @Test func unknownBase() throws {
        var bundle = try Sample.bundle(.adapter)
        bundle.base = BaseIdentity(
            name: "elsewhere", fingerprint: nil,
            shape: ModelConfiguration(
                family: "bert", hidden: 8, layers: 2, heads: 0, intermediate: 0, vocabulary: 0, positions: 0,
                types: 0))
        let url = folder.file("a.h5")
        try BundleFile.write(bundle, to: url)
        #expect(try BundleFile.read(url) == bundle)
    }

    @Test(arguments: ["", "a/b", "..", "\u{7}"]) func wrongName(name: String) throws {
        var bundle = try Sample.bundle(.adapter)
        bundle.members = [try Sample.member(name)]
        #expect(
            problem { try BundleFile.data(bundle) }
                .hasPrefix(
                    "sample: name: \"\(name == "\u{7}" ? "\u{FFFD}" : name)\", expected 1 to 200 bytes without '/'"))
    }
}

/// Whether a bundle goes with a model.
@Suite struct BundleBaseTests {
    private func bundle(fingerprint: String?, _ change: (inout ModelConfiguration) -> Void = { _ in }) throws
        -> (AdapterBundle, EncoderModel)
    {
        let model = try EncoderModel(folder: Golden.url("tiny"))
        var bundle = AdapterBundle(
            name: "x",
            base: BaseIdentity(name: "mine", fingerprint: fingerprint, shape: model.configuration))
        change(&bundle.base.shape)
        return (bundle, model)
    }

    private func check(
        _ pair: (AdapterBundle, EncoderModel), tokenizer: String = "t", force: Bool = false
    ) throws -> [String] {
        try pair.0.check(
            model: pair.1, fingerprint: "fedcba9876543210", tokenizer: tokenizer, file: "x.h5", force: force)
    }

    @Test func sameBase() throws {
        #expect(try check(bundle(fingerprint: "fedcba9876543210")).isEmpty)
    }

    @Test func otherTokenizer() throws {
        var pair = try bundle(fingerprint: "fedcba9876543210")
        // Not recorded: an imported adapter, or version 1
        #expect(try check(pair, tokenizer: "another").isEmpty)
        pair.0.base.tokenizer = "0123456789abcdef"
        #expect(try check(pair, tokenizer: "0123456789abcdef").isEmpty)
        #expect(
            problem { try check(pair, tokenizer: "fedcba9876543210") }
                == "x.h5: trained with tokenizer 0123456789ab, but tiny has tokenizer fedcba987654; the same text would "
                + "give different token ids. Use the model folder that it was trained with, or --force if you know that "
                + "the ids agree")
        #expect(try check(pair, tokenizer: "fedcba9876543210", force: true).count == 1)
    }

    @Test func otherBase() throws {
        let pair = try bundle(fingerprint: "0123456789abcdef")
        #expect(
            problem { try check(pair) }
                == "x.h5: trained on mine (bert, 3 layers, hidden 48, fingerprint 0123456789ab), but the model is tiny "
                + "(bert, 3 layers, hidden 48, fingerprint fedcba987654); use the model that it was trained on, or "
                + "--force if you know that they are compatible")
        #expect(
            try check(pair, force: true)
                == ["x.h5: used with another base model than it was trained on, because --force was given"])
    }

    @Test func otherShape() throws {
        let pair = try bundle(fingerprint: nil) { $0.layers = 6 }
        #expect(
            problem { try check(pair, force: true) }
                .hasPrefix(
                    "x.h5: trained on mine (bert, 6 layers, hidden 48), but the model is tiny (bert, 3 layers"))
        #expect(problem { try check(bundle(fingerprint: nil) { $0.hidden = 96 }) }.contains("hidden 96"))
        #expect(
            problem { try check(bundle(fingerprint: nil) { $0.intermediate = 7 }) }.contains("trained on mine"))
        #expect(
            problem { try check(bundle(fingerprint: nil) { $0.family = "roberta" }) }.contains("roberta"))
    }

    @Test func unknownBase() throws {
        let pair = try bundle(fingerprint: nil) {
            $0 = ModelConfiguration(
                family: "bert", hidden: 48, layers: 0, heads: 0, intermediate: 0, vocabulary: 0, positions: 0,
                types: 0)
        }
        #expect(
            try check(pair)
                == ["x.h5: its base model is not recorded (an imported adapter); only the shapes were checked"])
    }
}

extension HDF5Group {
    /// The dataset at a path of groups.
    subscript(path: String) -> HDF5Dataset? {
        get { nil }
        set {
            let parts = path.split(separator: "/").map(String.init)
            change(parts.dropLast()[...]) { group in
                group.datasets.removeAll { $0.0 == parts.last }
                if let newValue, let last = parts.last { group.datasets.append((last, newValue)) }
            }
        }
    }

    mutating func set(_ path: String, _ name: String, _ value: HDF5Attribute?) {
        change(path.split(separator: "/").map(String.init)[...]) { group in
            group.attributes.removeAll { $0.0 == name }
            if let value { group.attributes.append((name, value)) }
        }
    }

    private mutating func change(_ path: ArraySlice<String>, _ body: (inout HDF5Group) -> Void) {
        guard let first = path.first else { return body(&self) }
        for i in groups.indices where groups[i].0 == first { groups[i].1.change(path.dropFirst(), body) }
    }
}
