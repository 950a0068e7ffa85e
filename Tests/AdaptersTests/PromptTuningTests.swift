import Models
import Numerics
import Testing

@testable import Adapters

@Suite struct PromptTuningTests {
    private func architecture() throws -> Architecture {
        try Architecture(
            ModelConfiguration(
                family: "bert", hidden: 384, layers: 6, heads: 12, intermediate: 1536, vocabulary: 30522,
                positions: 512,
                types: 2))
    }

    /// As the `adapters` library has it: ten rows, U(-0.5, 0.5).
    @Test func defaults() throws {
        let method = try AdapterConfiguration.resolve("prompt_tuning").makeMethod()
        let specs = try method.specs(architecture())
        #expect(specs == [ParameterSpec("afterEmbeddings/prompt", [10, 384], .uniform(0.5))])
        #expect(method.virtualTokens == VirtualTokens(count: 10, place: .first))
        let other = try AdapterConfiguration.resolve(
            "prompt_tuning", overrides: ["prompt_length=3", "random_uniform_scale=0.1", "combine=prefix_after_bos"]
        ).makeMethod()
        #expect(try other.specs(architecture()) == [ParameterSpec("afterEmbeddings/prompt", [3, 384], .uniform(0.1))])
        #expect(other.virtualTokens == VirtualTokens(count: 3, place: .second))
        let words = try AdapterConfiguration.resolve("prompt_tuning", overrides: ["insert_into=word_embeddings"])
        #expect(try words.makeMethod().virtualTokens == VirtualTokens(count: 10, place: .first, positions: 10))
    }

    @Test(arguments: [
        ("prompt_length=0", "prompt_length: found 0"), ("combine=suffix", "combine: found \"suffix\", expected prefix"),
        ("random_uniform_scale=0", "random_uniform_scale: found 0"),
        ("prompt_init=from_string", "prompt_init_text: found null, expected a text"),
        ("prompt_init=zeros", "prompt_init: found \"zeros\", expected random_uniform, from_string"),
        ("prompt_init_text=a", "prompt_init_text: found \"a\", expected null unless prompt_init is from_string"),
        ("insert_into=words", "insert_into: found \"words\", expected hidden_states, word_embeddings"),
        ("length=3", "length: unknown field"),
    ]) func refuses(_ override: String, _ message: String) {
        do {
            _ = try AdapterConfiguration.resolve("prompt_tuning", overrides: [override])
            Issue.record("no error for \(override)")
        } catch {
            #expect("\(error)".contains(message), "\(error)")
        }
    }

    /// A text gives the first values, one row for each virtual token; without a tokenizer it cannot.
    @Test func fromText() throws {
        let text = ["prompt_length=3", "prompt_init=from_string", "prompt_init_text=x y"]
        let union =
            #"configs=["lora",{"method":"prompt_tuning","prompt_length":3,"prompt_init":"from_string","prompt_init_text":"x y"}]"#
        for (preset, overrides) in [("prompt_tuning", text), ("mam", [union])] {
            let member = Member(name: "p", configuration: try .resolve(preset, overrides: overrides))
            func start(_ embeddings: ((String, Int) throws -> [Float])?) throws -> Initializer? {
                try member.start(architecture(), base: { _ in [] }, embeddings: embeddings).trainable.last?.initializer
            }
            #expect(try start { $0 == "x y" ? [Float($1)] : [] } == .values([3]))
            #expect { try start(nil) } throws: {
                "\($0)".hasPrefix("adapter p: prompt_init_text: found a text, expected a tokenizer")
            }
        }
    }

    private func compose(_ composition: Composition, _ preset: String = "prompt_tuning", _ overrides: [String] = [])
        throws -> ComposedAdapters
    {
        try ComposedAdapters(
            composition,
            members: [
                Member(name: "p", configuration: try .resolve(preset, overrides: overrides)),
                Member(name: "a", configuration: try .resolve("seq_bn")),
            ], architecture: architecture(),
            operand: OperandTable(trainable: ParameterBuffer([], seed: 0), frozen: { _ in nil }))
    }

    /// Only the first adapter of a composition changes the embeddings: a prompt elsewhere would do nothing.
    @Test func compositions() throws {
        #expect(try compose(.leaf("p")).virtualTokens?.count == 10)
        #expect(try compose(.stack([.leaf("p"), .leaf("a")])).virtualTokens?.count == 10)
        #expect(try compose(.leaf("a")).virtualTokens == nil)
        #expect { try compose(.stack([.leaf("a"), .leaf("p")])) } throws: {
            "\($0)".contains("adapter p: found a prompt above other adapters")
        }
        #expect { try compose(Composition(Average(weights: [0.5, 0.5]), [.leaf("p"), .leaf("a")])) } throws: {
            "\($0)".contains("adapter p: found a prompt in an average")
        }
        #expect(throws: AdapterError.self) { try compose(.fuse(["p", "a"])) }
    }

    /// A prefix that takes positions moves the text for all adapters, so it comes first, too.
    @Test func prefixesWithPositions() throws {
        let options = ["prefix_length=4", "takes_positions=true"]
        let expected = VirtualTokens(count: 0, place: .first, positions: 4)
        #expect(try compose(.leaf("p"), "prefix_tuning", options).virtualTokens == expected)
        #expect(try compose(.stack([.leaf("p"), .leaf("a")]), "prefix_tuning", options).virtualTokens == expected)
        #expect(try compose(.leaf("p"), "prefix_tuning").virtualTokens == nil)
        #expect { try compose(.stack([.leaf("a"), .leaf("p")]), "prefix_tuning", options) } throws: {
            "\($0)".contains("adapter p: found a prefix that takes positions above other adapters")
        }
        #expect {
            try AdapterConfiguration.resolve(
                "mam", overrides: [#"configs=["prompt_tuning",{"method":"prefix_tuning","takes_positions":true}]"#])
        } throws: { "\($0)".contains("found several prompts, or prefixes that take positions") }
    }

    /// Some of the model's positions remain for the text.
    @Test(arguments: [
        ("prompt_tuning", "insert_into=word_embeddings", "prompt"), ("prefix_tuning", "takes_positions=true", "prefix"),
    ])
    func tooLong(_ preset: String, _ option: String, _ name: String) throws {
        _ = try compose(.leaf("p"), preset, [option, "\(name)_length=509"])
        #expect { try compose(.leaf("p"), preset, [option, "\(name)_length=510"]) } throws: {
            "\($0)".contains("adapter p: found 510 virtual tokens with positions, expected at most 509")
        }
    }
}
