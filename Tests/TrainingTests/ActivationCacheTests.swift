import Adapters
import Bundles
import Models
import Numerics
import Testing

@testable import Training

/// What frozen layers give is kept from one epoch to the next: faster, and not one bit differs.
@Suite struct ActivationCacheTests {
    /// A preset with fields, or another recipe; and how many whole layers of three are frozen below all that trains.
    static let recipes: [(name: String, layers: Int)] = [
        ("seq_bn leave_out=[0]", 1), ("double_seq_bn leave_out=[0,1]", 2), ("par_bn leave_out=[0]", 1),
        ("lora leave_out=[0] dropout=0.2", 1), ("ia3 leave_out=[0,1]", 2), ("prefix_tuning leave_out=[0]", 1),
        ("ln_tuning targets=output_norm leave_out=[0]", 1), ("unipelt", 0), ("seq_bn", 0), ("seq_bn leave_out=[1]", 0),
        ("seq_bn_inv leave_out=[0,1]", 0), ("bitfit leave_out=[0,1]", 0), ("prompt_tuning", 0), ("full", 0),
        ("head", 3),
        ("fuse leave_out=[0]", 1), ("stack leave_out=[0,1]", 2),
    ]

    private static func adapter(_ name: String, _ overrides: [String]) throws -> AdapterBundle {
        let model = try Golden.model()
        let network = try Network(
            Recipe.adapter(try .resolve("seq_bn", overrides: overrides), from: nil).arrangement(
                model: model, heads: [], name: name), seed: 5)
        for parameter in network.parameters.parameters {
            for i in 0..<parameter.count { parameter.values[i] += 0.1 * Randomness.normal(UInt64(parameter.offset), i) }
        }
        return try network.bundle(
            name: name, base: BaseIdentity(name: "tiny", fingerprint: nil, shape: model.configuration),
            provenance: Provenance())
    }

    private static func recipe(_ text: String) throws -> Recipe {
        let words = text.split(separator: " ").map(String.init)
        let fields = Array(words.dropFirst())
        switch words[0] {
        case "head": return .head
        case "full": return .full
        case "fuse": return try .fusion(["a", "b"].map { try adapter($0, fields) }, .dynamic)
        case "stack":
            // A frozen adapter in every layer; the one above it learns, but not in the lowest
            var composed = Composed()
            let below = try composed.take(adapter("a", []))
            return .composition(
                .above("", Stack(), [below, Recipe.newAdapter]), of: composed,
                new: try .resolve("seq_bn", overrides: fields))
        default: return .adapter(try .resolve(words[0], overrides: fields), from: nil)
        }
    }

    private static func settings(baseDropout: Bool = false, mix: Mix = .batch) -> TrainingSettings {
        var settings = TrainingSettings()
        (settings.epochs, settings.learningRate, settings.batch) = (3, 3e-3, .examples(8))
        (settings.baseDropout, settings.mix) = (baseDropout, mix)
        return settings
    }

    private struct Outcome {
        let tensors: [NamedTensor]
        let result: TrainingResult

        init(_ recipe: String, _ settings: TrainingSettings, cache: Int, threads: Int = 1) throws {
            let probe = try MultitaskProbe(settings, recipe: ActivationCacheTests.recipe(recipe))
            result = try probe.trainer(threads: threads, cache: cache).run()
            tensors = probe.network.tensors
        }

        init(_ run: (tensors: [NamedTensor], result: TrainingResult)) { (tensors, result) = run }

        /// Everything but what is said of the cache.
        func isEqual(_ other: Outcome) -> Bool {
            func scores(_ dev: [String: Evaluation]) -> [String: [String]] {
                dev.mapValues { ["\($0.loss)", "\($0.score)"] + $0.scores.map { "\($0.name) \($0.value)" } }
            }
            return tensors == other.tensors && result.losses == other.result.losses
                && scores(result.dev) == scores(other.result.dev)
        }
    }

    @Test(arguments: recipes) func everyByteIsThatOfARunWithoutIt(_ recipe: String, _ layers: Int) throws {
        for mix in Mix.allCases {
            let settings = Self.settings(mix: mix)
            let without = try Outcome(recipe, settings, cache: 0)
            #expect(without.result.cached == nil)
            let with = try Outcome(recipe, settings, cache: ActivationCache.standardBytes)
            #expect(with.isEqual(without), "\(mix)")
            #expect(with.result.cached?.train?.layers == (layers > 0 ? layers : nil))
            #expect(with.result.cached?.dev?.layers == with.result.cached?.train?.layers)
            guard let train = with.result.cached?.train, let dev = with.result.cached?.dev else { continue }
            #expect(train.texts == 106 && train.allTexts == 106 && dev.texts == 40 && dev.allTexts == 40)
            // Room for some of the texts only, on two threads
            let some = try Outcome(recipe, settings, cache: train.bytes / 3, threads: 2)
            #expect(some.isEqual(without), "\(mix)")
            let part = try #require(some.result.cached?.train)
            #expect(part.texts > 20 && part.texts < 80 && part.bytes <= train.bytes / 3 && part.bytes > train.bytes / 4)
            #expect(some.result.cached?.dev?.texts == 0)
        }
    }

    /// With dropout in the base, no layer gives the same twice, except where dev is scored.
    @Test func dropoutInTheBase() throws {
        let settings = Self.settings(baseDropout: true)
        for (recipe, layers) in [("seq_bn leave_out=[0,1]", 2), ("head", 3)] {
            let with = try Outcome(recipe, settings, cache: ActivationCache.standardBytes, threads: 2)
            #expect(with.result.cached?.train == nil && with.result.cached?.dev?.layers == layers)
            #expect(try with.isEqual(Outcome(recipe, settings, cache: 0)))
        }
        // Nothing is read again
        for change in [{ $0.epochs = 1 }, { $0.keep = .last }] as [(inout TrainingSettings) -> Void] {
            var settings = settings
            change(&settings)
            #expect(try Outcome("head", settings, cache: ActivationCache.standardBytes).result.cached == nil)
        }
    }

    /// A run that is stopped in each of its epochs goes on with an empty cache.
    @Test(arguments: ["seq_bn leave_out=[0]", "head"]) func resuming(_ recipe: String) throws {
        let settings = Self.settings()
        let whole = try Outcome(recipe, settings, cache: 0)
        let steps = whole.result.losses.count / 3
        let resumed = try Outcome(
            MultitaskProbe.stopped(
                settings, after: [steps / 2, steps, steps / 2], recipe: Self.recipe(recipe)))
        #expect(resumed.isEqual(whole))
        #expect(resumed.result.cached?.train != nil)
    }

    @Test func stepsLeaveOutTheFrozenLayers() throws {
        let network = try MultitaskProbe(recipe: Self.recipe("lora leave_out=[0,1]")).network
        for trains in [true, false] {
            let heads = Array(MultitaskProbe.heads.indices)
            let plan = try network.plan(heads: heads, trains: trains, baseDropout: false, splits: true)
            #expect(plan.frozen?.count == 2)
            #expect(plan.plan.operations.count { $0 is Attention } == 1)
            #expect(!plan.plan.operations.contains { $0 is Embedding })
            #expect(plan.frozen?.part.plan.operations.count { $0 is Attention } == 2)
        }
        #expect(try network.plan(heads: [0], trains: true, splits: true).frozen == nil)
    }

    /// In all families of models, texts that are kept and texts that are not give the same loss and gradients.
    @Test(arguments: TestBase.allCases) func everyFamily(_ base: TestBase) throws {
        let network = try Network(
            Recipe.adapter(try .resolve("seq_bn", overrides: ["leave_out=[0]"]), from: nil)
                .arrangement(model: base.model(), heads: [Golden.head], name: "t"), seed: 3)
        let whole = try network.plan(heads: [0], trains: true, baseDropout: false)
        let rest = try network.plan(heads: [0], trains: true, baseDropout: false, splits: true)
        let frozen = try #require(rest.frozen)
        #expect(frozen.count == 1)
        let batch = try base.batches()[0]
        let texts = (0..<batch.count).map { Array(batch.ids[batch.offsets[$0]..<batch.offsets[$0 + 1]]) }
        let store = ActivationStore(frozen, examples: [0: EncodedExamples(sequences: texts)])
        store.reserve(store.needed)
        let workspace = Workspace(threads: 2)
        func bytes(_ plan: LossPlan) -> [UInt64] {
            let loss = plan.step(batch, workspace: workspace, stepKey: 5)
            return [loss.bitPattern] + plan.plan.parameters.flatMap { $0.gradientArray.map { UInt64($0.bitPattern) } }
        }
        let expected = bytes(whole.training)
        store.load(batch.sequences([1]), workspace: workspace, keeps: true)
        #expect(store.facts.texts == 1)
        for keeps in [false, true, true] {
            store.load(batch, workspace: workspace, keeps: keeps)
            #expect(bytes(rest.training) == expected)
            #expect(store.facts.texts == (keeps ? batch.count : 1))
        }
    }

    /// The cache gets what a memory limit leaves; a limit below the rest of the run refuses the run as ever.
    @Test func theMemoryLimitComesFirst() throws {
        let probe = try MultitaskProbe(Self.settings(), recipe: Self.recipe("head"))
        func trainer() throws -> Trainer { try probe.trainer() }
        let all = try trainer().memoryEstimate(resident: 0)
        #expect(try all.cache > 0 && probe.trainer(cache: 0).memoryEstimate(resident: 0).cache == 0)
        #expect(try trainer().fit(all, MemoryLimit(bytes: all.total, source: "")) == all)
        let less = try trainer()
        let fitting = try less.fit(all, MemoryLimit(bytes: all.total - all.cache / 2, source: ""))
        #expect(fitting.cache == all.cache - all.cache / 2)
        let kept = try #require(try less.run().cached)
        let bytes = (kept.train?.bytes ?? 0) + (kept.dev?.bytes ?? 0)
        #expect(bytes > 0 && bytes <= fitting.cache)
        let none = try trainer()
        #expect(throws: TrainingError.self) {
            try none.fit(all, MemoryLimit(bytes: all.total - all.cache - 1000, source: ""))
        }
    }
}
