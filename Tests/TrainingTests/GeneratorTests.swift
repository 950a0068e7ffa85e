import Files
import Foundation
import Models
import Numerics
import Testing

@testable import Training

/// Continuing texts token by token.
@Suite struct GeneratorTests {
    static let folder = Golden.folder.deletingLastPathComponent().appendingPathComponent("decoders")
    static let kinds = ["llama", "llama-b", "qwen2", "qwen3", "mistral"]

    private func network(_ kind: String) throws -> Network {
        try Network(
            Arrangement(model: EncoderModel(folder: Self.folder.appendingPathComponent(kind))), seed: 0)
    }

    static func settings(_ change: (inout GenerationSettings) -> Void) -> GenerationSettings {
        var settings = GenerationSettings()
        change(&settings)
        return settings
    }

    /// Runs requests, and gives each one's tokens with their log-probabilities and why it ended.
    private func run(
        _ requests: [GenerationRequest], _ network: Network, slots: Int, threads: Int = 2, ends: Set<Int32> = []
    ) throws -> [(tokens: [Int32], logs: [Double], end: GenerationEnd)] {
        let generator = try Generator(network, workspace: Workspace(threads: threads))
        var results = requests.map { _ in (tokens: [Int32](), logs: [Double](), end: GenerationEnd.length) }
        var (given, ended) = (0, 0)
        try generator.run(
            slots: slots, ends: ends,
            next: { _ in
                guard given < requests.count else { return .end }
                defer { given += 1 }
                return .request(requests[given])
            },
            onToken: { index, token, log in
                results[index].tokens.append(token)
                if let log { results[index].logs.append(log) }
                return true
            },
            onEnd: { index, end in
                results[index].end = end
                ended += 1
            })
        #expect(ended == requests.count)
        return results
    }

    private func prompts(_ golden: SafetensorsFile) throws -> [[Int32]] {
        let (ids, mask) = (try golden.int64s("input_ids"), try golden.int64s("attention_mask"))
        let width = golden.tensors["input_ids"]?.shape.last ?? 1
        return stride(from: 0, to: ids.count, by: width).map { start in
            (start..<start + width).filter { mask[$0] == 1 }.map { Int32(ids[$0]) }
        }
    }

    /// The same tokens as `transformers`' greedy search.
    @Test(arguments: kinds) func greedyTexts(_ kind: String) throws {
        let golden = try SafetensorsFile(Self.folder.appendingPathComponent("\(kind).safetensors"))
        let prompts = try prompts(golden)
        let requests = [2, 3].map { i in
            GenerationRequest(
                tokens: prompts[i], settings: Self.settings { $0.maxTokens = 20 }, number: UInt64(i))
        }
        for slots in [1, 2] {
            for (i, result) in zip([2, 3], try run(requests, network(kind), slots: slots)) {
                #expect(result.tokens == (try golden.int64s("greedy.\(i)").map { Int32($0) }), "sequence \(i)")
                #expect(result.end == .length)
            }
        }
    }

    /// What a text becomes depends neither on the others nor on the threads; log-probabilities to the last bit.
    @Test func textsDoNotDependOnTheBatch() throws {
        let network = try network("qwen2")
        let settings = Self.settings {
            ($0.maxTokens, $0.temperature, $0.topP, $0.seed, $0.logProbabilities) = (12, 1.2, 0.95, 5, true)
        }
        let requests = (0..<9).map { i in
            var own = settings
            own.maxTokens = 3 + 2 * i
            own.topK = i % 2 == 0 ? 0 : 40
            own.repetitionPenalty = i == 4 ? 1.3 : 1
            let length = [3, 1, 150, 7, 20, 2, 140, 1, 5][i]
            return GenerationRequest(
                tokens: (0..<length).map { Int32(3 + (7 * $0 + i) % 290) }, settings: own, number: UInt64(i))
        }
        let alone = try run(requests, network, slots: 1, threads: 1)
        for (slots, threads) in [(4, 1), (9, 3)] {
            let together = try run(requests, network, slots: slots, threads: threads)
            for i in requests.indices {
                #expect(together[i].tokens == alone[i].tokens && together[i].logs == alone[i].logs, "text \(i)")
            }
        }
        #expect(alone.map(\.tokens.count) == (0..<9).map { 3 + 2 * $0 })
        // Another seed or number, other tokens
        var other = requests[8]
        other.settings.seed = 6
        #expect(try run([other], network, slots: 1)[0].tokens != alone[8].tokens)
        (other.settings.seed, other.number) = (5, 100)
        #expect(try run([other], network, slots: 1)[0].tokens != alone[8].tokens)
    }

    /// Log-probabilities are those of a computation of the whole text at once: 5e-5 of logits up to 20, float32 sums in
    /// another order.
    @Test(arguments: kinds) func logProbabilitiesOfTheWholeText(_ kind: String) throws {
        let network = try network(kind)
        let prompt = (0..<140).map { Int32(3 + (11 * $0) % 290) }
        let made = try run(
            [
                GenerationRequest(
                    tokens: prompt,
                    settings: Self.settings { ($0.maxTokens, $0.temperature, $0.logProbabilities) = (30, 1, true) },
                    number: 0)
            ], network, slots: 1)[0]
        let text = prompt + made.tokens
        let (plan, logits) = try network.nextTokens(head: 0)
        let marks = (prompt.count - 1..<text.count - 1).map { Int32($0) }
        let batch = PackedBatch(
            [(text, text.map { _ in 0 }, SequenceRow(example: 0))],
            targets: [0: HeadTargets(.classes(marks.map { _ in -1 }), marks: marks)])
        let workspace = Workspace(threads: 1)
        let rows = plan.run(batch, workspace: workspace).values(logits)
        for (i, token) in made.tokens.enumerated() {
            let row = rows[i * logits.width..<(i + 1) * logits.width].map(Double.init)
            let top = row.max() ?? 0
            let sum = row.reduce(0) { $0 + exp($1 - top) }
            #expect(abs(made.logs[i] - (row[Int(token)] - top - log(sum))) < 5e-5, "token \(i)")
        }
    }

    /// A token that ends texts is not given; positions end; the caller may end.
    @Test func ends() throws {
        let network = try network("llama")
        let request = GenerationRequest(
            tokens: [5, 6, 7], settings: Self.settings { $0.maxTokens = 10 }, number: 0)
        let tokens = try run([request], network, slots: 1)[0].tokens
        let place = try #require(tokens.indices.dropFirst().first { !tokens[..<$0].contains(tokens[$0]) })
        let ended = try run([request], network, slots: 1, ends: [tokens[place]])[0]
        #expect(ended.tokens == Array(tokens[..<place]) && ended.end == .stop)
        let long = GenerationRequest(
            tokens: (0..<190).map { Int32(3 + $0) }, settings: Self.settings { $0.maxTokens = 100 }, number: 0)
        let last = try run([long], network, slots: 1)[0]
        // 200 positions; the last token made needs none
        #expect(last.tokens.count == 11 && last.end == .length)
    }
}
