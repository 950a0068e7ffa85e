import Foundation
import Testing

@testable import Numerics

/// The frozen part of a plan: where it ends, and that a plan which reads its rows gives the bytes of one that computes them.
@Suite struct FrozenPartTests {
    /// words, attention, a product a, a product b with or without a residual, pooling, logits.
    private struct Network {
        let parameters: ParameterBuffer
        let builder = PlanBuilder()
        let loss: Value
        /// Of the steps: "words", "attention", "a", "b", "sum", "pooled".
        private(set) var values: [String: Value] = [:]

        init(trains: Set<String>, residual: Bool = false, rate: Float = 0, virtual: Bool = false) throws {
            try Products.load()
            let specs = [
                ParameterSpec("words", [11, 8], .normal(0.7)), ParameterSpec("a", [8, 8], .normal(0.5)),
                ParameterSpec("b", [8, 8], .normal(0.5)), ParameterSpec("out", [3, 8], .normal(0.5)),
            ]
            parameters = try ParameterBuffer(specs.filter { trains.contains($0.name) }, seed: 1)
            let frozen = try ParameterBuffer(specs.filter { !trains.contains($0.name) }, seed: 2)
            let table = OperandTable(trainable: parameters) { name in
                frozen[name].map { Weight($0.array, shape: $0.shape) }
            }
            if virtual { builder.virtualTokens = VirtualTokens(count: 2, place: .first) }
            let x = builder.append(Embedding(words: try table("words"), positions: nil, types: nil, in: builder))
            let attended = builder.append(Attention(q: x, k: x, v: x, heads: 2, dropout: .none, in: builder))
            let a = builder.append(Linear(attended, weight: try table("a"), bias: nil, in: builder))
            let b = builder.append(Linear(a, weight: try table("b"), bias: nil, in: builder))
            let sum = builder.append(
                DropAdd(
                    b, residual: residual ? a : nil, dropout: DropoutSite(site: "sum", rate: rate), in: builder))
            let pooled = builder.append(Pool(sum, .mean, in: builder))
            let logits = builder.append(Linear(pooled, weight: try table("out"), bias: nil, in: builder))
            loss = builder.append(
                Reduce(builder.append(CrossEntropy(logits, head: 0, in: builder)), head: 0, in: builder))
            values = ["words": x, "attention": attended, "a": a, "b": b, "sum": sum, "pooled": pooled]
        }

        func boundary(drops: Bool = true) -> String? {
            let found = builder.frozenBoundary(below: [loss], drops: drops)?.value
            return values.first { $0.value == found }?.key
        }
    }

    @Test func theBoundaryIsTheHighestValueThatConnectsBothParts() throws {
        #expect(try Network(trains: ["out"]).boundary() == "pooled")
        #expect(try Network(trains: ["out"], rate: 0.5).boundary() == "b")
        #expect(try Network(trains: ["out"], rate: 0.5).boundary(drops: false) == "pooled")
        // The residual is read above, so that a is needed too
        #expect(try Network(trains: ["out"], residual: true, rate: 0.5).boundary() == "a")
        #expect(try Network(trains: ["b", "out"], residual: true).boundary() == "a")
        #expect(try Network(trains: ["a", "out"]).boundary() == "attention")
        #expect(try Network(trains: ["words", "out"]).boundary() == nil)
        #expect(try Network(trains: ["out"], virtual: true).boundary() == nil)
    }

    /// An operation that drops without saying so would be taken for frozen.
    @Test func operationsSayThatTheyDrop() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Sources/Numerics/Operations")
        var dropping = 0
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) where name.hasSuffix(".swift") {
            let text = try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
            guard text.contains(".kernel(stepKey") else { continue }
            dropping += 1
            #expect(text.contains("package var drops: Bool { dropout.rate > 0 }"), "\(name)")
        }
        #expect(dropping >= 4)
    }

    /// Rows of tokens and of sequences, on threads that share slices in any way: losses and gradients to the last bit.
    @Test(arguments: ["out", "b out"]) func readingGivesTheBytesOfComputing(_ trains: String) throws {
        let network = try Network(trains: Set(trains.split(separator: " ").map(String.init)))
        let found = try #require(network.builder.frozenBoundary(below: [network.loss], drops: true))
        let part = FrozenPart(found.value, in: network.builder)
        let whole = Plan(network.builder, outputs: [network.loss], trains: true)
        let rest = Plan(network.builder, outputs: [network.loss], trains: true, reading: part.rows)
        #expect(!rest.operations.contains { $0 is Embedding || $0 is Attention })
        #expect(found.computed.count + rest.operations.count == whole.operations.count + 1)
        for seed in 0..<6 as Range<UInt64> {
            let lengths = (0..<3 + Int(seed)).map { 1 + Randomness.integer(seed, $0, below: 90) }
            let batch = OperationProbe.batch(lengths: lengths, labels: lengths.map { $0 % 4 - 1 }, seed: seed)
            func bytes(_ plan: Plan, _ workspace: Workspace) -> [UInt32] {
                let results = plan.run(batch, workspace: workspace, stepKey: 3)
                return (Array(results.values(network.loss)) + network.parameters.parameters.flatMap(\.gradientArray))
                    .map(
                        \.bitPattern)
            }
            let alone = Workspace(threads: 1)
            let expected = bytes(whole, alone)
            // Each text's rows from a batch of its own
            var rows: [[Float]] = []
            for i in 0..<batch.count {
                let one = batch.sequences([i])
                #expect(one.rows == [batch.rows[i]] && one.tokens == lengths[i])
                rows.append(Array(part.plan.run(one, workspace: alone).values(found.value)))
            }
            let buffers = rows.map { AlignedBuffer(count: $0.count) }
            for (buffer, own) in zip(buffers, rows) { buffer.floats.update(from: own, count: own.count) }
            part.rows.sources = buffers.map { UnsafePointer($0.floats) }
            for workspace in [alone] + PartTests.cuts.enumerated().map({ Workspace(threads: 2 + $0, sharing: $1) }) {
                #expect(bytes(rest, workspace) == expected, "batch \(seed), \(workspace.pool.threads) threads")
            }
            withExtendedLifetime(buffers) {}
        }
    }
}
