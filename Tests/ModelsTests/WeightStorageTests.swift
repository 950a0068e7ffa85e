import Files
import Foundation
import Numerics
import Testing

@testable import Models

/// A model's matrices in the blocks of its file, in NF4, and in float32.
@Suite struct WeightStorageTests {
    private static let models = Fixture.golden.appendingPathComponent("gguf_models")

    private func folder<Result>(_ kind: String, _ body: (URL) throws -> Result) throws -> Result {
        try Fixture.withFolder { folder in
            try FileManager.default.copyItem(
                at: Self.models.appendingPathComponent("\(kind).gguf"), to: folder.appendingPathComponent("m.gguf"))
            return try body(folder)
        }
    }

    /// Every type: the kernels unpack what the reader does, which the package `gguf` does.
    @Test func unpacksAsTheReader() throws {
        let file = try GGUFFile(Fixture.golden.appendingPathComponent("gguf/blocks.gguf"))
        var seen: Set<Blocks.Format> = []
        for name in file.names {
            let tensor = try file.tensor(name)
            guard tensor.shape.count == 2, let format = Blocks.Format(rawValue: tensor.type.name) else { continue }
            seen.insert(format)
            let blocks = Blocks(
                format, tensor.bytes, rows: tensor.shape[0], columns: tensor.shape[1], owner: file)
            let (made, wanted) = (Weight(blocks).values, try tensor.floats())
            let wrong = zip(made, wanted).enumerated().first { $1.0.bitPattern != $1.1.bitPattern }
            #expect(made.count == wanted.count && wrong == nil, "\(name): \(String(describing: wrong))")
        }
        #expect(seen == Set(Blocks.Format.allCases).subtracting([.nf4]))
    }

    /// The blocks stay where they are; values, fingerprint and logits are those of the unpacked model, bit for bit.
    @Test(arguments: ["llama", "llama-untied", "qwen2"]) func blocksAreWhatTheyUnpackTo(_ kind: String) throws {
        try folder(kind) { folder in
            let (stored, floats) = (
                try EncoderModel(folder: folder), try EncoderModel(folder: folder, storage: .float32)
            )
            #expect(floats.storageSummary.formats.isEmpty && floats.mappedBlocks == 0)
            // llama-untied is in float32
            #expect(stored.storageSummary.formats.isEmpty == (kind == "llama-untied"))
            let bytes = try FileManager.default.attributesOfItem(atPath: folder.path + "/m.gguf")[.size] as? Int
            #expect(Double(stored.storageSummary.bytes) <= 1.05 * Double(bytes ?? 0))
            #expect(stored.computeFingerprint() == floats.computeFingerprint())
            for tensor in stored.architecture.tensors {
                #expect(stored.weight(tensor.name)?.values == floats.weight(tensor.name)?.values, "\(tensor.name)")
            }
            for threads in [1, 2, 4] where !Products.usesLibrary {
                #expect(try logits(stored, threads: threads) == logits(floats, threads: 1))
            }
        }
    }

    /// - Parameter unpacks: whether each matrix is replaced by what it unpacks to.
    private func logits(_ model: EncoderModel, threads: Int, unpacks: Bool = false) throws -> [Float] {
        try Products.load()
        let builder = PlanBuilder()
        let parameters = try ParameterBuffer([], seed: 0)
        let operand = OperandTable(trainable: parameters) { name in
            let weight = model.weight(String(name.dropFirst("base/".count)))
            return unpacks ? weight.map { Weight($0.values, shape: $0.shape) } : weight
        }
        let decoder = EncoderPlan(model, operand: operand, plugin: NoPlugin(), dropout: false, in: builder)
        let logits = try decoder.logits(try decoder.build(pooling: nil).output)
        let plan = Plan(builder, outputs: [logits], trains: false)
        let batch = PackedBatch(
            [5, 1, 9].enumerated().map { index, length in
                let ids = (0..<length).map { Int32(($0 * 7 + index) % model.configuration.vocabulary) }
                return (ids, ids.map { _ in 0 }, SequenceRow(example: UInt64(index)))
            })
        let workspace = Workspace(threads: threads)
        return Array(plan.run(batch, workspace: workspace).values(logits))
    }

    /// NF4 of a float model: the layers' matrices alone, half a byte an element; the fingerprint stays the model's own.
    @Test(arguments: ["llama", "qwen3"]) func makesNF4(_ kind: String) throws {
        let folder = DecoderParityTests.folder.appendingPathComponent(kind)
        let (model, floats) = (try EncoderModel(folder: folder, storage: .nf4), try EncoderModel(folder: folder))
        #expect(model.storageSummary.formats == ["NF4"] && floats.storageSummary.formats.isEmpty)
        var quantized = 0
        for tensor in model.architecture.tensors {
            let (weight, own) = (
                try #require(model.weight(tensor.name)), try #require(floats.weight(tensor.name))
            )
            guard let blocks = weight.blocks else {
                #expect(weight.values == own.values)
                continue
            }
            quantized += 1
            #expect(weight.values == Weight(NF4.blocks(of: own)).values)
            // The map of 256 numbers is a kilobyte
            #expect(Double(blocks.byteCount - 1024) <= 0.6 * Double(weight.count))
        }
        #expect(quantized == 7 * model.configuration.layers)
        #expect(model.weight(model.architecture.wordTable)?.blocks == nil)
        #expect(model.computeFingerprint() == floats.computeFingerprint())
        let (a, b) = (try logits(model, threads: 1), try logits(floats, threads: 1))
        #expect(a != b && a.allSatisfy(\.isFinite))
        guard !Products.usesLibrary else { return }
        #expect(try logits(model, threads: 4) == a)
        #expect(try logits(model, threads: 2, unpacks: true) == a)
    }

    /// What is quantized already gets no second rounding; numbers that are not finite are found in blocks, too.
    @Test func refuses() throws {
        try folder("llama") { folder in
            let error = try #require(throws: ModelError.self) { _ = try EncoderModel(folder: folder, storage: .nf4) }
            #expect(error.description.contains("quantized already"), "\(error)")
            let url = folder.appendingPathComponent("m.gguf")
            let file = try GGUFFile(url)
            let model = try GGUFModel(file)
            let name = try #require(
                model.names.first { ["Q8_0", "Q4_0", "Q4_1"].contains(model[$0]?.stored.type.name ?? "") })
            let tensor = try #require(model[name]?.stored)
            var data = try Data(contentsOf: url)
            // The scale of the first block: infinity
            let place = try #require(data.range(of: Data(tensor.bytes)))
            data.replaceSubrange(place.lowerBound..<place.lowerBound + 2, with: [0x00, 0x7C])
            try data.write(to: url)
            let damaged = try #require(throws: ModelError.self) { _ = try EncoderModel(folder: folder) }
            #expect(damaged.description.contains("expected finite numbers"), "\(damaged)")
        }
    }
}
