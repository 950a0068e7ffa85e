import Files
import Foundation
import Numerics
import Testing

@testable import Models

/// Real encoders' hidden states against `transformers` in float64 (Tests/Golden/encoder_golden.py).
@Suite struct EncoderParityTests {
    static let minilmFolder = ProcessInfo.processInfo.environment["AMALGAM_TEST_MODEL"]
    static let e5Folder = ProcessInfo.processInfo.environment["AMALGAM_TEST_E5"]

    /// The library's own float32 is 1.2e-5 off.
    @Test(.enabled(if: minilmFolder != nil, "AMALGAM_TEST_MODEL names no folder of all-MiniLM-L6-v2"))
    func minilm() throws { try hiddenStates(try #require(Self.minilmFolder), "minilm.safetensors") }

    /// The library's own float32 is 4e-6 off.
    @Test(.enabled(if: e5Folder != nil, "AMALGAM_TEST_E5 names no folder of multilingual-e5-small"))
    func multilingual() throws {
        let folder = try #require(Self.e5Folder)
        try hiddenStates(folder, "e5.safetensors")
        let model = try EncoderModel(folder: URL(fileURLWithPath: folder))
        #expect(try model.pooling() == .mean && model.textPrefix == "query: ")
    }

    /// Hidden states within 1e-4. `projected` is a row times a unit vector, so errors that are random across columns stay
    /// as small there, and the same bound holds.
    private func hiddenStates(_ folder: String, _ file: String) throws {
        try Products.load()
        let model = try EncoderModel(folder: URL(fileURLWithPath: folder))
        let golden = try SafetensorsFile(Fixture.golden.appendingPathComponent(file))
        let ids = try golden.int64s("input_ids").map { Int32($0) }
        let types = try golden.int64s("token_type_ids").map { Int32($0) }
        var sequences: [(ids: [Int32], types: [Int32], row: SequenceRow)] = []
        var start = 0
        for length in try golden.int64s("lengths").map({ Int($0) }) {
            let range = start..<start + length
            sequences.append((Array(ids[range]), Array(types[range]), SequenceRow(example: UInt64(start))))
            start += length
        }
        let batch = PackedBatch(sequences)
        let operand = OperandTable(trainable: try ParameterBuffer([], seed: 0)) {
            model.weight(String($0.dropFirst("base/".count)))
        }
        let builder = PlanBuilder()
        let encoder = EncoderPlan(model, operand: operand, plugin: NoPlugin(), dropout: false, in: builder)
        let (pooled, hidden) = try encoder.build(pooling: .mean)
        let plan = Plan(builder, outputs: hidden + [pooled], trains: false)
        let workspace = Workspace(threads: 2)
        defer { withExtendedLifetime(workspace) {} }
        let results = plan.run(batch, workspace: workspace)
        let rows = try golden.int64s("rows").map { Int($0) }
        let direction = try golden.floats("direction").map { Double($0) }
        let width = model.configuration.hidden
        for (layer, value) in hidden.enumerated() {
            let states = results.values(value)
            let picked = rows.flatMap { Array(states[$0 * width..<($0 + 1) * width]) }
            expectClose(picked, try golden.floats("hidden.\(layer)"), 1e-4, "layer \(layer)")
            let projected = (0..<batch.tokens).map { row in
                var sum = 0.0
                for c in 0..<width { sum += Double(states[row * width + c]) * direction[c] }
                return Float(sum)
            }
            expectClose(projected, try golden.floats("projected.\(layer)"), 1e-4, "layer \(layer), every row")
        }
        let means = results.values(pooled)
        let picked = try golden.int64s("pooled_of").flatMap { Array(means[Int($0) * width..<(Int($0) + 1) * width]) }
        expectClose(picked, try golden.floats("pooled"), 1e-4, "pooled")
    }

    private func expectClose(_ ours: [Float], _ theirs: [Float], _ tolerance: Float, _ what: String) {
        var worst: (error: Float, index: Int) = (0, 0)
        for (i, (a, b)) in zip(ours, theirs).enumerated() {
            let error = a.isFinite ? abs(a - b) : .infinity
            if error > worst.error { worst = (error, i) }
        }
        #expect(ours.count == theirs.count, "\(what)")
        #expect(worst.error < tolerance, "\(what): off by \(worst.error) at element \(worst.index)")
    }
}
