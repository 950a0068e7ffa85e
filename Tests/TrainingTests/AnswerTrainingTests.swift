import Adapters
import Files
import Foundation
import Models
import Numerics
import Tasks
import Testing

@testable import Bundles
@testable import Training

/// Adapters of a decoder, trained on answers alone.
@Suite struct AnswerTrainingTests {
    private func session(_ kind: String = "qwen3", threads: Int = 2) throws -> Session {
        try Session(folder: GeneratorTests.folder.appendingPathComponent(kind), threads: threads, cache: nil)
    }

    private static let rows = (0..<24).map { i in
        let words = ["the cat", "the mat", "one two", "naïve café"]
        return AnsweredPrompts.Row(
            prompt: "\(words[i % 4]) \(i / 4)", answer: [" sat", " on it", " three", " 12"][i % 4])
    }

    private static var settings: TrainingSettings {
        var settings = TrainingSettings()
        settings.epochs = 6
        settings.learningRate = 2e-2
        settings.batch = .examples(8)
        settings.maxLength = 64
        return settings
    }

    private func trained(
        _ session: Session, _ method: String = "lora", overrides: [String] = ["targets=all", "rank=4"],
        settings: TrainingSettings = Self.settings
    ) throws -> Session.Trained {
        try session.trainAnswers(
            AdapterConfiguration.resolve(method, overrides: overrides),
            on: AnsweredPrompts(source: "rows", train: Self.rows, heldOut: Array(Self.rows.prefix(8))), name: "answers",
            settings: settings)
    }

    /// The tokens of the answer and the end are targets; the prompt keeps its special tokens before it.
    @Test func encodesAnswers() throws {
        let session = try session()
        func encode(_ row: AnsweredPrompts.Row, length: Int) throws -> (ids: [Int32], learned: [Int]) {
            let examples = try AnswerEncoder(tokenizer: session.tokenizer, end: 2, length: length)
                .encode([row], pool: session.workspace.pool)
            let (ids, types, _) = examples.sequences(0, task: 0, longest: .max)[0]
            return (ids, types.indices.filter { types[$0] == 1 })
        }
        let row = Self.rows[0]
        let prompt = session.tokenizer.encode(row.prompt, pair: nil, maxLength: .max).ids
        let answer = session.tokenizer.encode(row.answer, pair: nil, maxLength: .max).ids + [2]
        let whole = try encode(row, length: 64)
        #expect(whole.ids == prompt + answer && whole.learned == Array(prompt.count..<prompt.count + answer.count))
        // The answer stays, the prompt loses its beginning
        let short = try encode(row, length: answer.count + 1)
        #expect(short.ids == [prompt[prompt.count - 1]] + answer && short.learned.count == answer.count)
        #expect(try encode(row, length: 2).learned.count == 1)
    }

    /// The loss and the gradients of a packed batch are the sums of those of each text by itself, whatever stands before and
    /// behind.
    @Test(arguments: GeneratorTests.kinds) func packedEqualsOneByOne(_ kind: String) throws {
        let session = try session(kind)
        let examples = try AnswerEncoder(tokenizer: session.tokenizer, end: 2, length: 64)
            .encode(Array(Self.rows.prefix(7)), pool: session.workspace.pool)
        let weight = try #require(session.model.weight(session.model.architecture.outputTable ?? ""))
        let objective = AnswerModelling(name: "a", table: MaskedCrossEntropy.TokenTable(all: weight))
        var arrangement = Arrangement(model: session.model)
        let member = Member(
            name: "a", configuration: try AdapterConfiguration.resolve("lora", overrides: ["targets=all", "rank=2"]))
        arrangement.members = [member]
        arrangement.composition = .leaf("a")
        arrangement.trainable = try member.specs(session.model.architecture).map { spec in
            var spec = spec
            spec.initializer = .normal(0.3)
            return spec
        }
        let network = try Network(arrangement, seed: 3)
        let plan = try objective.plan(network, settings: TrainingSettings(), splits: false)
        func run(_ indices: [Int]) -> (losses: [Float], gradients: [Double], tokens: Double) {
            let batch = PackedBatch([objective.part(indices, of: examples, task: 0, longest: .max, stepKey: 0)])
            let results = plan.plan.run(batch, workspace: session.workspace)
            let losses = Array(results.values(plan.losses[0]))
            return (
                losses, (0..<network.parameters.count).map { Double(network.parameters.gradients[$0]) },
                Double(losses.count)
            )
        }
        let packed = run(Array(0..<7))
        var (sum, losses) = ([Double](repeating: 0, count: network.parameters.count), [Float]())
        for i in 0..<7 {
            let own = run([i])
            for (k, gradient) in own.gradients.enumerated() { sum[k] += gradient * own.tokens / packed.tokens }
            losses += own.losses.map { $0 * Float(own.tokens / packed.tokens) }
        }
        // The same products, divided by another number of tokens
        let scale = sum.map { abs($0) }.max() ?? 0
        #expect(zip(packed.losses, losses).allSatisfy { abs($0 - $1) < 1e-6 * max(1, abs($1)) })
        #expect(zip(packed.gradients, sum).allSatisfy { abs($0 - $1) < 1e-5 * scale } && scale > 0)
        #expect(losses.count == packed.losses.count && losses.count == Int(packed.tokens))
    }

    /// LoRA on all seven projections and bottlenecks learn the answers; the bundle writes them.
    @Test(arguments: [("lora", ["targets=all", "rank=4"]), ("seq_bn", ["reduction_factor=2"])])
    func learnsAnswers(_ method: String, _ overrides: [String]) throws {
        let session = try session()
        let result = try trained(session, method, overrides: overrides)
        let scores = try #require(result.answers)
        #expect((scores.after ?? .infinity) < 0.5 * (scores.before ?? 0), "\(scores)")
        #expect(result.bundle.kind == .adapter && result.bundle.heads.isEmpty)
        if method == "lora" {
            let sites = Set(result.bundle.tensors.map { $0.name.split(separator: "/")[2] })
            #expect(sites == ["query", "key", "value", "attentionOutput", "gate", "intermediate", "feedForwardOutput"])
        }
        // Through its file
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("answers-\(UUID().uuidString).h5")
        defer { try? FileManager.default.removeItem(at: file) }
        try BundleFile.write(result.bundle, to: file)
        let read = try BundleFile.read(file)
        #expect(read.tensors == result.bundle.tensors)
        _ = try read.check(
            model: session.model, fingerprint: session.fingerprint, tokenizer: session.tokenizer.identity,
            file: "answers.h5", force: false)
        func write(_ bundle: AdapterBundle?) throws -> WrittenText {
            let writer = try TextWriter(session, bundle: bundle)
            var given = false
            var result = WrittenText()
            var settings = GenerationSettings()
            settings.maxTokens = 8
            try writer.run(
                slots: 1,
                next: { _ in
                    if given { return .end }
                    given = true
                    return .request(try writer.request(.text(Self.rows[1].prompt), settings, stops: [], number: 0))
                }, onPiece: { _, _ in true }, onEnd: { result = $1 })
            return result
        }
        #expect(try write(read) == write(result.bundle))
        #expect(try write(read) != write(nil))
    }

    /// The same bytes for any number of threads.
    @Test func bytesDoNotDependOnThreads() throws {
        var settings = Self.settings
        settings.epochs = 1
        let one = try trained(session(threads: 1), settings: settings)
        let three = try trained(session(threads: 3), settings: settings)
        #expect(one.bundle.tensors == three.bundle.tensors && one.run == three.run)
    }

    @Test func refusals() throws {
        #expect(throws: (any Error).self) {
            _ = try trained(session(), "prompt_tuning", overrides: [])
        }
        let folder = GeneratorTests.folder.deletingLastPathComponent().appendingPathComponent("families/roberta-bpe")
        let encoder = try Session(folder: folder, threads: 1, cache: nil)
        #expect { _ = try trained(encoder) } throws: { "\($0)".contains("expected a decoder") }
        #expect {
            _ = try session().trainAnswers(
                AdapterConfiguration.resolve("lora"), on: AnsweredPrompts(source: "x", train: [], heldOut: Self.rows),
                name: "x",
                settings: Self.settings)
        } throws: { "\($0)".contains("no examples in train") }
    }
}
