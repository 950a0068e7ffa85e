import Models
import Numerics
import Testing

@testable import Adapters

@Suite struct LoRATests {
    private func architecture() throws -> Architecture {
        try Architecture(
            ModelConfiguration(
                family: "bert", hidden: 6, layers: 3, heads: 2, intermediate: 10, vocabulary: 7, positions: 8, types: 2)
        )
    }

    private func specs(_ overrides: String...) throws -> [String: [Int]] {
        let specs = try AdapterConfiguration.resolve("lora", overrides: overrides).makeMethod().specs(architecture())
        return Dictionary(specs.map { ($0.name, $0.shape) }) { first, _ in first }
    }

    /// As `adapters` and `peft` count MiniLM-L6's: rank 8 on queries and values.
    @Test func parameterCount() throws {
        let minilm = try Architecture(
            ModelConfiguration(
                family: "bert", hidden: 384, layers: 6, heads: 12, intermediate: 1536, vocabulary: 30522,
                positions: 512, types: 2))
        let specs = try AdapterConfiguration.resolve("lora").makeMethod().specs(minilm)
        #expect(specs.reduce(0) { $0 + $1.count } == 73_728)
    }

    @Test func shapesFollowTheProjections() throws {
        let all = try specs("targets=all", "rank=3", "leave_out=[1]")
        #expect(all.count == 2 * 6 * 2)
        #expect(all["intermediate/0/A"] == [3, 6] && all["intermediate/0/B"] == [10, 3])
        #expect(all["feedForwardOutput/2/A"] == [3, 10] && all["feedForwardOutput/2/B"] == [6, 3])
        #expect(all["query/1/A"] == nil)
        #expect(try specs("targets=key,output").keys.sorted().first == "feedForwardOutput/0/A")
    }

    /// Role and layer, before role, before layer; rank 0 is no update.
    @Test func patterns() throws {
        let found = try specs(#"rank_pattern={"query":2,"1":4,"query/1":5,"value/2":0}"#)
        #expect(found["query/0/A"] == [2, 6] && found["query/1/A"] == [5, 6] && found["query/2/A"] == [2, 6])
        #expect(found["value/0/A"] == [8, 6] && found["value/1/A"] == [4, 6] && found["value/2/A"] == nil)
        let reader = try ConfigurationReader(
            [
                "rank": .number(4), "alpha": .number(6), "rslora": .bool(true),
                "alpha_pattern": .map(["2": .number(8)]), "rank_pattern": .map(["key/0": .number(9)]),
                "targets": .string("all"),
            ], defaults: LoRA.defaults, source: "test")
        let method = try LoRA(reader)
        #expect(method.update(at: Site(.query, layer: 0))?.scale == 3)
        #expect(method.update(at: Site(.query, layer: 2))?.scale == 4)
        #expect(method.update(at: Site(.key, layer: 0))?.scale == 2)
        #expect(method.update(at: Site(.afterAttention, layer: 0)) == nil)
    }

    @Test(arguments: [
        ("rank=0", "rank: found 0, expected an integer in 1...65536"), ("rank=1.5", "rank: found 1.5"),
        ("alpha=0", "alpha: found 0"), ("dropout=1", "dropout: found 1, expected a probability in 0..<1"),
        ("targets=q", "targets: found q, expected query, key"), ("targets=[]", "targets: found []"),
        ("targets=[1]", "targets: found 1"), (#"rank_pattern={"q":1}"#, "rank_pattern: found \"q\""),
        (#"rank_pattern={"query/x":1}"#, "rank_pattern: found \"query/x\""),
        (#"rank_pattern={"":1}"#, "rank_pattern: found \"\""),
        (#"rank_pattern={"3":1,"03":2}"#, "twice, expected each site once"),
        (#"rank_pattern={"3":1.5}"#, "rank_pattern: found 3: 1.5, expected a rank"),
        (#"alpha_pattern={"3":0}"#, "alpha_pattern: found 3: 0"), ("alpha_pattern=3", "alpha_pattern: found 3"),
        ("r=8", "r: unknown field"),
    ]) func refuses(_ override: String, _ message: String) {
        do {
            _ = try AdapterConfiguration.resolve("lora", overrides: [override])
            Issue.record("no error for \(override)")
        } catch {
            #expect("\(error)".contains(message), "\(error)")
        }
    }
}
