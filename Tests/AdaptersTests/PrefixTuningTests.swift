import Models
import Numerics
import Testing

@testable import Adapters

@Suite struct PrefixTuningTests {
    private func miniLM() throws -> Architecture {
        try Architecture(
            ModelConfiguration(
                family: "bert", hidden: 384, layers: 6, heads: 12, intermediate: 1536, vocabulary: 30522,
                positions: 512, types: 2))
    }

    private func fields(_ fields: [String: ConfigurationValue]) throws -> AdapterConfiguration {
        try AdapterConfiguration(method: "prefix_tuning", fields: fields, source: "test")
    }

    /// MiniLM's number of parameters, as the `adapters` library has it.
    @Test func parameters() throws {
        let architecture = try miniLM()
        func count(_ configuration: AdapterConfiguration) throws -> Int {
            try configuration.makeMethod().specs(architecture).reduce(0) { $0 + $1.count }
        }
        #expect(try count(.resolve("prefix_tuning")) == 2_572_544)
        #expect(try count(.resolve("prefix_tuning_flat")) == 30 * 6 * 2 * 384)
        #expect(
            try count(fields(["flat": .bool(true), "leave_out": .list([.init(0), .init(5)])])) == 30 * 4 * 2 * 384)
        // without layers there is nothing to learn
        #expect(try count(fields(["leave_out": .list((0..<6).map { .init($0) })])) == 0)
    }

    @Test func wrongFields() throws {
        for wrong: [String: ConfigurationValue] in [
            ["prefix_length": .init(0)], ["bottleneck_size": .number(1.5)], ["non_linearity": .string("step")],
            ["dropout": .number(1)], ["flat": .string("yes")], ["gating": .bool(true)],
        ] {
            #expect(throws: AdapterError.self) { try fields(wrong) }
        }
    }

    /// What bundles hold is flat, and stays so.
    @Test func savedForm() throws {
        let saved = try fields(["prefix_length": .init(4)]).saved()
        #expect(try saved == fields(["prefix_length": .init(4), "flat": .bool(true)]))
        #expect(try saved.saved() == saved)
        #expect(try AdapterConfiguration.resolve("prefix_tuning").saved().option == "--config prefix_tuning_flat")
        #expect(try AdapterConfiguration.resolve("lora").saved() == .resolve("lora"))
    }

    @Test func fusionRefusesIt() throws {
        let architecture = try miniLM()
        let members = try ["a", "b"].map { Member(name: $0, configuration: try .resolve("prefix_tuning_flat")) }
        #expect(throws: AdapterError.self) {
            _ = try ComposedAdapters(
                .fuse(["a", "b"]), members: members, architecture: architecture,
                operand: OperandTable(trainable: ParameterBuffer([], seed: 0), frozen: { _ in nil }))
        }
    }
}
