import Amalgam
import Foundation
import Testing

/// Bundles as values and files, their compositions, and other libraries' folders.
@Suite struct BundleTests {
    private let fixture: Fixture

    init() throws { fixture = try Fixture() }

    @Test func filesAndBytes() async throws {
        let bundle = try await fixture.adapter()
        let file = fixture.url("a.h5")
        try bundle.write(to: file)
        let read = try AdapterBundle(contentsOf: file)
        #expect(try read.data() == bundle.data() && read.warnings.isEmpty)
        #expect(try AdapterBundle(data: bundle.data()).members == bundle.members)
        #expect(try AdapterBundle.changes(in: file).isEmpty)
        #expect(read.named("other").name == "other")

        var bytes = try Data(contentsOf: file)
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: file)
        let error = await AmalgamError.thrown { _ = try AdapterBundle(contentsOf: file) }
        #expect(error?.kind == .changedFile && error?.file == file && error?.description.contains("--") == false)
        let missing = await AmalgamError.thrown { _ = try AdapterBundle(contentsOf: fixture.url("no.h5")) }
        #expect(missing?.kind == .missingFile && missing?.file == fixture.url("no.h5"))
        let nowhere = await AmalgamError.thrown { try bundle.write(to: fixture.url("a.h5/b.h5")) }
        #expect(nowhere?.kind == .unwritableFile)
        try bundle.write(to: fixture.url("new/folder/a.h5"))
        #expect(try AdapterBundle(contentsOf: fixture.url("new/folder/a.h5")).data() == bundle.data())

        // A file that is no bundle may be there by mistake
        let vocabulary = fixture.url("tiny/vocab.txt")
        let kept = await AmalgamError.thrown { try bundle.write(to: vocabulary, replacesOtherFiles: false) }
        #expect(kept?.kind == .option && kept?.description.contains("--") == false, "\(kept as Any)")
        #expect(try Data(contentsOf: vocabulary).starts(with: Data("[PAD]".utf8)))
        try bundle.write(to: fixture.url("new/folder/a.h5"), replacesOtherFiles: false)
    }

    @Test func whatItHolds() async throws {
        let bundle = try await fixture.adapter()
        #expect(bundle.members[0].bytes == 4 * bundle.members[0].parameters && bundle.heads[0].pooling != nil)
        #expect(bundle.composition == "game" && bundle.compositionTree == "game")
        #expect(bundle.description.hasPrefix("adapter game, ") && bundle.description.hasSuffix(" parameters"))
        let report = bundle.report
        #expect(report.values == .map(bundle.values) && report.values["seed"]?.number != nil)
        #expect(report.text().contains("adapter game") && report.html.contains("<table"))
        #expect(report.markdown.contains("| kind "))
        let values = SettingValue.list([true, 1.5, -3, "x", nil, ["a": [1]]])
        #expect(try JSONDecoder().decode(SettingValue.self, from: JSONEncoder().encode(values)) == values)
        #expect(try JSONEncoder().encode(SettingValue.list([.number(.nan)])) == Data("[null]".utf8))
        let both = Composition.stack([.bundle(bundle), .bundle(try await fixture.adapter("b"))])
        let tree = try #require(try AdapterBundle(composing: both).compositionTree)
        #expect(tree.json.contains("stack") && tree.json.contains("\"b\""), "\(tree.json)")
        let tags = try TextTask.tagging(
            name: "t", train: (0..<8).map { TaggingExample(["a", "x"], tags: ["O", $0 % 2 == 0 ? "O" : "B-T"]) })
        let tagger = try await fixture.model().train(.head, on: tags, options: Fixture.options).result.bundle
        #expect(tagger.heads[0].pooling == nil && tagger.compositionTree == nil)
        #expect(try bundle.check(against: fixture.model(), rereadsWeights: true).isEmpty)
        let names = try Composition.bundleNames(in: "stack(a.h5, fuse(\"b c.h5\", a.h5))")
        #expect(names == ["a.h5", "b c.h5"])
        #expect(await AmalgamError.thrown { _ = try Composition.bundleNames(in: "stack(") }?.kind == .composition)
    }

    @Test func anotherModelIsRefused() async throws {
        let bundle = try await fixture.adapter()
        #expect(try bundle.check(against: fixture.model()).isEmpty)
        try fixture.writeVocabulary(reversed: true)
        let changed = try fixture.model()
        let error = await AmalgamError.thrown { try bundle.check(against: changed) }
        #expect(error?.kind == .otherModel && error?.field == "tokenizer", "\(error as Any)")
        #expect(await AmalgamError.thrown { _ = try Predictor(changed, bundle) } == error)
        #expect(try bundle.check(against: changed, allowsOtherModel: true).map(\.kind) == [.base])
        let missing = await AmalgamError.thrown { _ = try Model(folder: fixture.url("nowhere")) }
        #expect(missing?.kind == .missingFile && missing?.file?.lastPathComponent == "nowhere")
        #expect(await AmalgamError.thrown { _ = try Model(named: "no-such-model") }?.kind == .unknownModel)
    }

    @Test func compositions() async throws {
        let (a, b) = (try await fixture.adapter("a"), try await fixture.adapter("b"))
        try a.write(to: fixture.url("a.h5"))
        try b.write(to: fixture.url("b.h5"))
        let average = try AdapterBundle(composing: .average([.bundle(a), .bundle(b)], weights: [0.25, 0.75]))
        #expect(average.kind == .composition && average.heads.map(\.name) == ["a", "b"] && average.warnings.isEmpty)
        let text = "average(a.h5, b.h5, weights=[0.25, 0.75])"
        let read = try AdapterBundle(composing: Composition(text, in: fixture.folder))
        #expect(try read.data() == average.data())
        // The same value in two places is one adapter in two places; the same file read twice would be two
        let twice = try AdapterBundle(composing: .stack([.bundle(a), .average([.bundle(a), .bundle(b)])]))
        #expect(twice.members.map(\.name) == ["a", "b"])
        let copies = try AdapterBundle(
            composing: .stack([.bundle(a), .bundle(AdapterBundle(contentsOf: fixture.url("a.h5")))]))
        #expect(copies.members.map(\.name) == ["a", "a_2"] && copies.warnings.map(\.kind) == [.composition, .head])

        let untrained = await AmalgamError.thrown {
            _ = try AdapterBundle(composing: .fuse([.bundle(a), .bundle(b)]))
        }
        #expect(
            untrained?.kind == .composition && untrained?.description.contains("amalgam ") == false,
            "\(untrained as Any)")
        let sum = await AmalgamError.thrown { _ = try Composition.average([.bundle(a)], weights: [0.5]) }
        #expect(sum?.kind == .composition && sum?.field == "weights")
        let column = await AmalgamError.thrown { _ = try Composition("stack(a.h5, ", in: fixture.folder) }
        #expect(column?.kind == .composition && column?.field?.hasPrefix("column ") == true)
        #expect(await AmalgamError.thrown { _ = try AdapterBundle(composing: .new) }?.found == "new")
        #expect(await AmalgamError.thrown { _ = try Composition.block("sum", []) }?.field == "sum")
        #expect(Composition.blockNames.contains("average"))
    }

    @Test func configurations() async throws {
        let wide = try AdapterConfiguration(preset: "lora", ["rank": 4, "targets": ["query"]])
        #expect(wide.method == "lora" && wide.fields["rank"] == 4 && wide.fields["targets"] == ["query"])
        #expect(try AdapterConfiguration.lora.with(["rank": 4, "targets": ["query"]]) == wide)
        try fixture.write("my.yaml", ["method: lora", "rank: 4", "targets: [query]"])
        #expect(try AdapterConfiguration(contentsOf: fixture.url("my.yaml")) == wide)
        let unknown = await AmalgamError.thrown { _ = try AdapterConfiguration.lora.with(["rnak": 4]) }
        #expect(unknown?.kind == .configuration && unknown?.field == "rnak")
        #expect(await AmalgamError.thrown { _ = try AdapterConfiguration(preset: "x") }?.kind == .configuration)
        let both = try AdapterConfiguration(union: [.prefixTuning, .parallelBottleneck])
        #expect(try both.with(["prefix_tuning.bottleneck_size": 800]) == .mixAndMatch)
        #expect(both.method == "union" && both.parts == [.prefixTuning, .parallelBottleneck] && wide.parts.isEmpty)
        let nested = await AmalgamError.thrown { _ = try AdapterConfiguration(union: [both]) }
        #expect(nested?.kind == .configuration && nested?.found == "a union within a union")
        for name in AdapterConfiguration.presetNames { _ = try AdapterConfiguration(preset: name) }
        let bundle = try await fixture.adapter("game", wide)
        #expect(bundle.members[0].configuration == wide)
    }

    @Test func otherLibraries() async throws {
        let bundle = try await fixture.adapter()
        let hub = fixture.url("hub")
        _ = try bundle.export(to: hub, as: .adapterHub())
        let adapter = try AdapterBundle(importing: hub)
        #expect(adapter.members.map(\.parameters) == bundle.members.map(\.parameters))
        #expect(adapter.warnings.allSatisfy { $0.kind == .exchange })

        let lora = try await fixture.adapter("game", .lora)
        try lora.export(to: fixture.url("peft"), as: .peft())
        let back = try AdapterBundle(importing: fixture.url("peft"), model: fixture.model())
        #expect(back.members.map(\.configuration.method) == ["lora"])
        let norms = try await fixture.adapter("s", .layerNormTuning)
        let refused = await AmalgamError.thrown { try norms.export(to: fixture.url("norms"), as: .adapterHub()) }
        #expect(refused?.description.contains("method ln_tuning") == true, "\(refused as Any)")
        #expect(!FileManager.default.fileExists(atPath: fixture.url("norms").path))
        #expect(
            await AmalgamError.thrown { try bundle.export(to: fixture.url("no"), as: .peft()) }?.description
                .contains("--") == false)

        let model = try fixture.model()
        let merged = fixture.url("merged")
        try lora.export(to: merged, as: .transformers(model, merges: true))
        #expect(FileManager.default.fileExists(atPath: merged.appendingPathComponent("model.safetensors").path))

        try fixture.writeVocabulary(reversed: true)
        let changed = AdapterBundle.ExportFormat.transformers(try fixture.model(), merges: true)
        #expect(
            await AmalgamError.thrown { try lora.export(to: fixture.url("other"), as: changed) }?.kind == .otherModel)
        #expect(
            try lora.export(to: fixture.url("other"), as: changed, allowsOtherModel: true).contains { $0.kind == .base }
        )
    }

    /// Heads of one name: which file's is used, and how to choose the other. A fusion over LoRA names the file.
    @Test func headsOfOneNameAndWhatCannotBeFused() async throws {
        let (a, b) = (try await fixture.adapter(), try await fixture.adapter("game", .lora))
        try a.write(to: fixture.url("a.h5"))
        try b.write(to: fixture.url("b.h5"))
        let both = try AdapterBundle(composing: Composition("stack(b.h5, a.h5)", in: fixture.folder))
        #expect(both.heads.map(\.name) == ["game", "game_2"])
        let words = try #require(both.warnings.first { $0.description.contains("head named game") }).commandLineText
        #expect(
            words.contains("b.h5 is used; choose --head game_2 for that of ") && words.hasSuffix("a.h5"), "\(words)")
        let task = try Fixture.task()
        for recipe in [
            TrainingRecipe.fusion([a, b]), .composition(.fuse([.bundle(a), .stack([.bundle(b), .bundle(a)])])),
        ] {
            let error = await AmalgamError.thrown {
                _ = try await fixture.model().train(recipe, on: task, options: Fixture.options).result
            }
            #expect(error?.kind == .composition && error?.found == "method lora", "\(error as Any)")
            #expect(
                error?.description.contains("acts on query, value, where") == true && error?.fix != nil,
                "\(error as Any)")
        }
    }

    /// Statements for Python come with one format alone.
    @Test func pythonStatements() async throws {
        let bundle = try await fixture.adapter()
        #expect(
            bundle.pythonLoading("out", as: .adapterHub())
                == "model.load_adapter(\"out\", use_safetensors=True, set_active=True)")
        #expect(bundle.pythonLoading("out", as: .peft()) == nil)
    }
}
