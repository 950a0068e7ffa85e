import Adapters
import Bundles
import Files
import Foundation
import Models
import Numerics
import Testing
import Text

@testable import Training

/// Prompt tuning against `adapters` in float64 (Tests/Golden/prompt_golden.py).
@Suite struct PromptParityTests {
    static let cases = [("prompt", "prefix"), ("prompt_after_bos", "prefix_after_bos")]

    private func file(_ name: String) throws -> SafetensorsFile {
        try SafetensorsFile(
            Golden.folder.deletingLastPathComponent().appendingPathComponent("prompt/\(name).safetensors"))
    }

    private func network(_ name: String, _ combine: String) throws -> (network: Network, plan: HeadPlan) {
        var arrangement = try Golden.arrangement("base")
        let member = Member(
            name: "t",
            configuration: try .resolve("prompt_tuning", overrides: ["prompt_length=5", "combine=\(combine)"]))
        arrangement.members = [member]
        arrangement.composition = .leaf("t")
        arrangement.trainable += try Parity.start(member.specs(arrangement.model.architecture)) { _ in
            try file(name).floats("prompt")
        }
        let network = try Network(arrangement, seed: 0)
        return (network, try network.plan(head: 0, trains: true, baseDropout: false, headDropout: 0))
    }

    @Test(arguments: cases) func logitsLossAndGradients(_ name: String, _ combine: String) throws {
        let (network, plan) = try network(name, combine)
        try Parity.expectEqual(network, plan, file(name)) {
            $0.hasPrefix("members/") ? "prompt" : try #require(Golden.torchName($0, members: []))
        }
    }

    @Test(arguments: cases) func fiftySteps(_ name: String, _ combine: String) throws {
        let (network, plan) = try network(name, combine)
        var settings = AdamW.Settings()
        settings.decaysAll = true
        try Parity.expectEqualSteps(network, plan, file(name), settings)
    }

    /// A prompt that starts from a text, shorter and longer than the prompt, is what `adapters` and `peft` make of it, bit for
    /// bit.
    @Test(arguments: [3, 40], ["adapters", "peft"]) func startsFromAText(_ length: Int, _ library: String) throws {
        let model = try EncoderModel(
            folder: Golden.folder.deletingLastPathComponent().appendingPathComponent("families/roberta-bpe"))
        let configuration = try AdapterConfiguration.resolve(
            "prompt_tuning",
            overrides: [
                "prompt_length=\(length)", "prompt_init=from_string", "prompt_init_text=Is this package a game?",
            ])
        let arrangement = try Recipe.adapter(configuration, from: nil).arrangement(
            model: model, heads: [], name: "t", tokenizer: model.tokenizer())
        let network = try Network(arrangement, seed: 0)
        let prompt = try #require(network.parameters["members/t/afterEmbeddings/prompt"])
        #expect(try prompt.array == file("from_string").floats("\(library).\(length)"))
    }

    /// In a batch of several tasks, heads find their sequences and their tokens as in batches of one task.
    @Test(arguments: ["prefix", "prefix_after_bos"], TestBase.allCases) func mixedBatches(
        _ combine: String, _ base: TestBase
    ) throws {
        var arrangement = Arrangement(model: try base.model())
        arrangement.members = [
            Member(name: "t", configuration: try .resolve("prompt_tuning", overrides: ["combine=\(combine)"]))
        ]
        arrangement.composition = .leaf("t")
        arrangement.heads = [
            NamedHead("first", ClassificationHead(labels: ["0", "1", "2"], pooling: .first)),
            NamedHead("mean", ClassificationHead(labels: ["0", "1", "2"], pooling: .mean)),
            NamedHead("tags", TaggingHead(labels: ["O", "B-X"])),
        ]
        arrangement.trainable += try arrangement.members[0].specs(arrangement.model.architecture)
        for head in arrangement.heads {
            arrangement.trainable += head.head.specs(
                hidden: arrangement.model.configuration.hidden, scope: head.scope)
        }
        let network = try Network(arrangement, seed: 4)
        func part(_ head: Int, _ texts: [[Int32]]) -> BatchPart {
            let sequences = texts.map { ($0, $0.map { _ in Int32(0) }, SequenceRow(example: UInt64($0[1]))) }
            guard head == 2 else {
                return BatchPart(sequences, targets: [head: HeadTargets(.classes(texts.map { _ in 1 }))])
            }
            var (marks, start) = ([Int32](), Int32(0))
            for text in texts {
                marks += [start + 1, start + Int32(text.count) - 1]
                start += Int32(text.count)
            }
            return BatchPart(sequences, targets: [2: HeadTargets(.classes(marks.map { _ in 1 }), marks: marks)])
        }
        let parts = [
            part(0, [[2, 7, 5], [2, 9, 4, 6]]), part(1, [[2, 8, 3]]), part(2, [[2, 11, 3, 4], [2, 5, 9]]),
        ]
        let workspace = Workspace(threads: 2)
        let mixed = try network.plan(heads: [0, 1, 2], trains: false, mixes: true)
        let results = mixed.plan.run(PackedBatch(parts, marksSequences: true), workspace: workspace)
        let together = mixed.heads.map { Array(results.values($0.output)) }
        for head in 0..<3 {
            let plan = try network.plan(head: head, trains: false)
            let alone = Array(plan.plan.run(PackedBatch([parts[head]]), workspace: workspace).values(plan.output))
            let difference = Difference(together[head], alone)
            #expect(together[head].count == alone.count && difference.largest < 1e-5, "head \(head): \(difference)")
        }
    }
}
