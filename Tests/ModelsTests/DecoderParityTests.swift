import Files
import Foundation
import Numerics
import Testing

@testable import Models

/// LLaMA, Qwen2, Qwen3 and Mistral against `transformers` in float64 (Tests/Golden/decoders_golden.py).
@Suite struct DecoderParityTests {
    static let folder = Fixture.golden.appendingPathComponent("decoders")
    static let kinds = ["llama", "llama-b", "qwen2", "qwen3", "mistral"]

    private let workspace = Workspace(threads: 2)

    private func golden(_ kind: String) throws -> SafetensorsFile {
        try SafetensorsFile(Self.folder.appendingPathComponent("\(kind).safetensors"))
    }

    private func model(_ kind: String) throws -> EncoderModel {
        try EncoderModel(folder: Self.folder.appendingPathComponent(kind))
    }

    /// The sequences without padding.
    static func texts(_ golden: SafetensorsFile) throws -> [[Int32]] {
        let (ids, mask) = (try golden.int64s("input_ids"), try golden.int64s("attention_mask"))
        let width = golden.tensors["input_ids"]?.shape.last ?? 1
        return stride(from: 0, to: ids.count, by: width).map { start in
            (start..<start + width).filter { mask[$0] == 1 }.map { Int32(ids[$0]) }
        }
    }

    /// Every token's logits, and with trainable tensors the mean loss of all next tokens.
    private func plan(
        _ model: EncoderModel, _ parameters: ParameterBuffer, trains: Bool
    ) throws -> (plan: Plan, logits: Value, loss: Value) {
        try Products.load()
        let builder = PlanBuilder()
        let operand = OperandTable(trainable: parameters) { model.weight(String($0.dropFirst("base/".count))) }
        let decoder = EncoderPlan(model, operand: operand, plugin: NoPlugin(), dropout: false, in: builder)
        let hidden = try decoder.build(pooling: nil).output
        let marked = trains ? builder.append(GatherMarked(hidden, head: 0, in: builder)) : hidden
        let logits = try decoder.logits(marked)
        let losses = trains ? builder.append(CrossEntropy(logits, head: 0, in: builder)) : logits
        let loss = trains ? builder.append(Reduce(losses, head: 0, in: builder)) : logits
        return (Plan(builder, outputs: trains ? [loss] : [logits], trains: trains), logits, loss)
    }

    private func batch(_ texts: [[Int32]], targets: [Int: HeadTargets] = [:]) -> PackedBatch {
        PackedBatch(
            texts.enumerated().map { ($1, $1.map { _ in 0 }, SequenceRow(example: UInt64($0))) }, targets: targets)
    }

    /// 1e-4, as for encoders.
    @Test(arguments: kinds) func logits(_ kind: String) throws {
        let (model, golden) = (try model(kind), try golden(kind))
        let plan = try plan(model, try ParameterBuffer([], seed: 0), trains: false)
        let ours = plan.plan.run(batch(try Self.texts(golden)), workspace: workspace).values(plan.logits)
        let theirs = try golden.floats("logits")
        #expect(ours.count == theirs.count)
        let worst = zip(ours, theirs).map { abs($0 - $1) }.max() ?? .infinity
        #expect(worst < 1e-4, "off by \(worst)")
    }

    /// The gradients of all tensors within 1e-3 of each one's largest.
    @Test(arguments: kinds) func lossAndGradients(_ kind: String) throws {
        let (model, golden) = (try model(kind), try golden(kind))
        let parameters = try ParameterBuffer(
            model.architecture.tensors.compactMap { tensor in
                model.weight(tensor.name).map { ParameterSpec("base/\(tensor.name)", tensor.shape, .copy($0)) }
            }, seed: 0)
        let plan = try plan(model, parameters, trains: true)
        let texts = try Self.texts(golden)
        var (marks, next, start): ([Int32], [Int32], Int32) = ([], [], 0)
        for text in texts {
            marks += text.indices.dropLast().map { start + Int32($0) }
            next += text.dropFirst()
            start += Int32(text.count)
        }
        let targets = [0: HeadTargets(.classes(next), marks: marks)]
        let results = plan.plan.run(batch(texts, targets: targets), workspace: workspace)
        let loss = results.values(plan.loss).reduce(0) { $0 + Double($1) }
        #expect(abs(loss - Double(try golden.floats("loss")[0])) < 1e-5)
        #expect(plan.plan.parameters.count == golden.names.filter { $0.hasPrefix("grad.") }.count)
        for parameter in parameters.parameters {
            let name = parameter.name.dropFirst("base/".count)
            let theirs = try golden.floats("grad." + (name.hasPrefix("lm_head") ? "" : "model.") + name)
            let ours = parameter.gradientArray
            #expect(ours.count == theirs.count)
            let worst = zip(ours, theirs).map { abs($0 - $1) }.max() ?? .infinity
            let scale = theirs.map { abs($0) }.max() ?? 0
            // No shift of all keys changes a softmax: only rounding is left of the gradient of the keys' biases, but for positions
            #expect(worst < 1e-3 * scale + 1e-7, "\(name): off by \(worst) of \(scale)")
        }
    }
}
