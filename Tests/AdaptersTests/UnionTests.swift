import Files
import Models
import Numerics
import Testing

@testable import Adapters

@Suite struct UnionTests {
    private func architecture() throws -> Architecture {
        try Architecture(
            ModelConfiguration(
                family: "bert", hidden: 48, layers: 3, heads: 4, intermediate: 96, vocabulary: 10, positions: 10,
                types: 2)
        )
    }

    private func union(_ yaml: String) throws -> AdapterConfiguration {
        let (method, fields) = try AdapterConfiguration.fields(yaml: Array(yaml.utf8), source: "u.yaml")
        return try AdapterConfiguration(method: method, fields: fields, source: "u.yaml")
    }

    /// Each part's tensors are those that it has alone, under names with its id; the second of a method has a number.
    @Test func tensors() throws {
        let configuration = try union("method: union\nconfigs: [lora, {method: bottleneck, leave_out: [0]}, lora]\n")
        let method = try #require(configuration.makeMethod() as? Union)
        #expect(method.parts.map(\.id) == ["lora", "bottleneck", "lora_2"])
        let specs = try method.specs(architecture())
        let alone = try method.parts.flatMap { try $0.method.specs(architecture()) }
        #expect(specs.map(\.shape) == alone.map(\.shape) && Set(specs.map(\.name)).count == specs.count)
        #expect(specs[0].name == "query/0/lora.A")
        #expect(specs.last?.name == "value/2/lora_2.B")
        #expect(specs.contains { $0.name == "afterFeedForward/1/bottleneck.down.weight" })
        for (spec, own) in zip(specs, alone) {
            let found = try #require(method.part(of: spec.name))
            #expect(found.own == own.name && Union.name(own.name, of: found.part.id) == spec.name)
        }
        #expect(method.part(of: "query/0/A") == nil && method.part(of: "query/0/ia3.A") == nil)
    }

    /// A configuration is kept in full, however it was given, and its own JSON gives it back.
    @Test func configurations() throws {
        let short = try union("method: union\nconfigs: [{method: prefix_tuning, bottleneck_size: 800}, par_bn]\n")
        #expect(try short == .resolve("mam"))
        #expect(short.option == "--config mam")
        guard case .map(let fields)? = ConfigurationValue(json: short.json) else {
            Issue.record("not JSON: \(short.json)")
            return
        }
        #expect(try AdapterConfiguration(method: "union", fields: fields, source: "x") == short)
    }

    /// A field of a part is set by the part's id.
    @Test func overrides() throws {
        let changed = try AdapterConfiguration.resolve(
            "mam", overrides: ["prefix_tuning.prefix_length=5", "bottleneck.scaling=2", #"bottleneck.leave_out=[1]"#])
        let parts = try #require(changed.makeMethod() as? Union).parts
        #expect(parts[0].configuration.fields["prefix_length"] == .number(5))
        #expect(parts[1].configuration.fields["scaling"] == .number(2))
        #expect(parts[1].configuration.fields["is_parallel"] == .bool(true))
        let again = try changed.with(["bottleneck.scaling": .number(4), "bottleneck.leave_out": .list([])])
        #expect(try again == .resolve("mam", overrides: ["prefix_tuning.prefix_length=5"]))
    }

    @Test(arguments: [
        ("[]", "configs: found [], expected a list of 1 to 32 methods"), ("lora", "configs: found \"lora\""),
        ("[x]", "unknown adapter configuration 'x'"), ("[a/b.yaml]", "unknown adapter configuration 'a/b.yaml'"),
        ("[{rank: 3}]", "configs: found {\"rank\":3}"), ("[3]", "configs: found 3"),
        ("[mam]", "found a union within a union"), ("[{method: union}]", "found a union within a union"),
        ("[{method: lora, rank: 0}]", "u.yaml: lora: rank: found 0"),
        ("[lora, {method: lora, rung: 1}]", "u.yaml: lora_2: rung: unknown field"),
        ("[prompt_tuning, prompt_tuning]", "found several prompts"),
    ]) func refuses(_ configs: String, _ message: String) {
        do {
            _ = try union("method: union\nconfigs: \(configs)\n")
            Issue.record("no error for \(configs)")
        } catch {
            #expect("\(error)".contains(message) && !"\(error)".contains { $0.isNewline }, "\(error)")
        }
    }

    @Test(arguments: [
        (
            "prefix_length=3",
            "mam: prefix_length: unknown field; use one of configs, prefix_tuning.FIELD, bottleneck.FIELD"
        ),
        ("lora.rank=3", "lora.rank: unknown field"), ("bottleneck.rank=3", "bottleneck: rank: unknown field"),
        ("prefix_tuning.prefix_length=0", "mam: prefix_tuning: prefix_length: found 0"),
    ]) func refusesOverrides(_ override: String, _ message: String) {
        do {
            _ = try AdapterConfiguration.resolve("mam", overrides: [override])
            Issue.record("no error for \(override)")
        } catch {
            #expect("\(error)".contains(message), "\(error)")
        }
    }

    /// A union is more than a bottleneck, so a fusion refuses it; and only the first adapter can have a prompt.
    @Test func compositions() throws {
        let members = [
            Member(name: "u", configuration: try .resolve("unipelt")),
            Member(name: "a", configuration: try .resolve("seq_bn")),
            Member(name: "p", configuration: try union("method: union\nconfigs: [prompt_tuning, lora]\n")),
        ]
        func compose(_ composition: Composition) throws -> ComposedAdapters {
            try ComposedAdapters(
                composition, members: members, architecture: architecture(),
                operand: OperandTable(trainable: ParameterBuffer([], seed: 0), frozen: { _ in nil }))
        }
        #expect(try compose(.stack([.leaf("u"), .leaf("a")])).mixesTokens)
        #expect(try !compose(.leaf("a")).mixesTokens)
        #expect(try compose(.stack([.leaf("p"), .leaf("a")])).virtualTokens?.count == 10)
        #expect { try compose(.stack([.leaf("a"), .leaf("p")])) } throws: { "\($0)".contains("found a prompt above") }
        #expect { try Composition.fuse(["u", "a"]).blockSpecs(members, architecture()) } throws: {
            "\($0)".contains("adapter u: found method union, expected bottleneck")
        }
    }
}
