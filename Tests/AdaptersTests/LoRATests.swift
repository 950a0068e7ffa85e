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
        for (preset, count) in [("lora", 73_728), ("pissa", 73_728), ("lora_plus", 73_728), ("dora", 78_336)] {
            let specs = try AdapterConfiguration.resolve(preset).makeMethod().specs(minilm)
            #expect(specs.reduce(0) { $0 + $1.count } == count, "\(preset)")
        }
    }

    /// Fields that came later are not in configurations that do not use them: bundles of before keep their bytes.
    @Test func laterFields() throws {
        #expect(
            try AdapterConfiguration.resolve("lora", overrides: ["use_dora=false", "loraplus_lr_ratio=1"]).json
                == #"{"alpha":8,"alpha_pattern":{},"dropout":0,"leave_out":[],"rank":8,"rank_pattern":{},"rslora":false,"#
                + #""targets":["query","value"]}"#)
        for (preset, field) in [
            ("dora", "use_dora"), ("pissa", "init_lora_weights"), ("lora_plus", "loraplus_lr_ratio"),
        ] {
            let configuration = try AdapterConfiguration.resolve(preset)
            #expect(configuration.fields.count == 9 && configuration.fields[field] != nil)
            #expect(configuration.option == "--config \(preset)")
        }
    }

    /// LoRA+: B and DoRA's magnitudes learn faster, A does not.
    @Test func rateFactors() throws {
        let specs = try AdapterConfiguration.resolve("lora_plus", overrides: ["use_dora=true", "loraplus_lr_ratio=4"])
            .makeMethod().specs(architecture())
        #expect(specs.allSatisfy { $0.rateFactor == ($0.name.hasSuffix("/A") ? 1 : 4) } && specs.count == 18)
        let plain = try AdapterConfiguration.resolve("lora").makeMethod().specs(architecture())
        #expect(plain.allSatisfy { $0.rateFactor == 1 })
    }

    /// A bundle of PiSSA is plain LoRA of twice the rank with the same scale.
    @Test(arguments: [false, true]) func savedPiSSA(_ rslora: Bool) throws {
        let configuration = try AdapterConfiguration.resolve(
            "pissa",
            overrides: [
                "rslora=\(rslora)", "rank=3", "alpha=5", #"rank_pattern={"query/1":2}"#, #"alpha_pattern={"value":7}"#,
            ])
        let saved = try Member(name: "t", configuration: configuration).saved().configuration
        #expect(saved.fields["init_lora_weights"] == nil && saved.fields["rank"] == .number(6))
        #expect(saved.fields["rank_pattern"] == .map(["query/1": .number(4)]))
        let methods = try [configuration, saved].map { try #require(try $0.makeMethod() as? LoRA) }
        for site in try architecture().sites([.query, .value]) {
            let (trained, held) = (
                try #require(methods[0].update(at: site.site)), try #require(methods[1].update(at: site.site))
            )
            #expect(held.rank == 2 * trained.rank && abs(held.scale / trained.scale - 1) < 1e-7)
        }
    }

    /// B₀ A₀ is the best approximation of W of its rank, as singular vectors give it, and larger ranks are refused.
    @Test func startOfPiSSA() throws {
        let member = Member(
            name: "t", configuration: try .resolve("pissa", overrides: ["targets=intermediate", "rank=2", "alpha=3"]))
        let encoder = try architecture()
        // Rank 2, so that nothing is left of W
        let (left, right) = ([1, -2, 3, 0.5, 1, 1, 2, -1, 0, 4] as [Float], [2, 1, 0, -1, 1, 3] as [Float])
        let weight = (0..<60).map { (i: Int) -> Float in
            let odd: Float = i / 6 % 2 == 1 && i % 2 == 1 ? 1 : 0
            return left[i / 6] * right[i % 6] + odd
        }
        let start = try member.start(encoder) { _ in weight }
        for layer in 0..<3 {
            func values(_ tensor: String) throws -> [Float] {
                let name = "members/t/intermediate/\(layer)/\(tensor)"
                if let frozen = start.frozen.first(where: { $0.name == name }) { return frozen.weight.values }
                guard case .values(let values)? = start.trainable.first(where: { $0.name == name })?.initializer else {
                    return []
                }
                return values
            }
            let (a, b) = (try values("A"), try values("B"))
            #expect(try values("A0") == a && values("B0") == b.map { -$0 } && a.count == 12 && b.count == 20)
            for i in weight.indices {
                let (row, column) = (i / 6, i % 6)
                let sum: Float = b[row * 2] * a[column] + b[row * 2 + 1] * a[6 + column]
                let product = 1.5 * sum
                #expect(abs(product - weight[i]) < 1e-5)
            }
        }
        #expect {
            try Member(name: "t", configuration: .resolve("pissa", overrides: ["rank=7"])).start(encoder) { _ in
                [Float](repeating: 1, count: 36)
            }
        } throws: {
            "\($0)" == "adapter: rank: found 7, expected at most 6 at query/0, with init_lora_weights: pissa"
        }
    }

    /// Magnitudes start as the norms of W's rows.
    @Test func startOfDoRA() throws {
        let member = Member(name: "t", configuration: try .resolve("dora", overrides: ["targets=query"]))
        let start = try member.start(architecture()) { _ in (0..<36).map { $0 % 6 == 0 ? 3 : $0 % 6 == 1 ? 4 : 0 } }
        #expect(start.frozen.isEmpty && start.trainable.count == 9)
        #expect(start.trainable[2].name == "members/t/query/0/magnitude")
        #expect(start.trainable[2].initializer == .values([5, 5, 5, 5, 5, 5]))
        #expect(start.trainable[0].initializer == .kaimingUniform(fanIn: 6))
    }

    @Test func shapesFollowTheProjections() throws {
        let all = try specs("targets=all", "rank=3", "leave_out=[1]")
        #expect(all.count == 2 * 6 * 2)
        #expect(all["intermediate/0/A"] == [3, 6] && all["intermediate/0/B"] == [10, 3])
        #expect(all["feedForwardOutput/2/A"] == [3, 10] && all["feedForwardOutput/2/B"] == [6, 3])
        #expect(all["query/1/A"] == nil)
        #expect(try specs("targets=key,output").keys.sorted().first == "feedForwardOutput/0/A")
        #expect(try specs("targets=key, output").keys == specs("targets=key,output").keys)
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
        ("targets=[1]", "targets: found 1"),
        (
            "targets=[query, output]",
            "targets: found [query, output], expected query, key, value, attention_output, gate, intermediate, output, or all, "
                + "separated by commas: targets=query,value"
        ), (#"rank_pattern={"q":1}"#, "rank_pattern: found \"q\""),
        (#"rank_pattern={"query/x":1}"#, "rank_pattern: found \"query/x\""),
        (#"rank_pattern={"":1}"#, "rank_pattern: found \"\""),
        (#"rank_pattern={"3":1,"03":2}"#, "twice, expected each site once"),
        (#"rank_pattern={"3":1.5}"#, "rank_pattern: found 3: 1.5, expected a rank"),
        (#"alpha_pattern={"3":0}"#, "alpha_pattern: found 3: 0"), ("alpha_pattern=3", "alpha_pattern: found 3"),
        ("r=8", "r: unknown field"), ("use_dora=1", "use_dora: found 1, expected true or false"),
        ("init_lora_weights=olora", "init_lora_weights: found \"olora\", expected true or pissa"),
        ("init_lora_weights=false", "init_lora_weights: found false"),
        ("loraplus_lr_ratio=0", "loraplus_lr_ratio: found 0"),
    ]) func refuses(_ override: String, _ message: String) {
        do {
            _ = try AdapterConfiguration.resolve("lora", overrides: [override])
            Issue.record("no error for \(override)")
        } catch {
            #expect("\(error)".contains(message), "\(error)")
        }
    }
}
