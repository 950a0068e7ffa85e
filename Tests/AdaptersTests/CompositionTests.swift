import Adapters
import Files
import Models
import Testing

/// Trees of blocks: their ids, their JSON, and the expressions that users write.
@Suite struct CompositionTests {
    static let trees: [Composition] = [
        .leaf("a"), .fuse(["a", "b\"c"]), .stack([.leaf("l"), .fuse(["a", "b"])]),
        .stack([.leaf("l"), .stack([.leaf("a"), .leaf("b")])]),
        Composition(Fuse(.static), [.stack([.leaf("l"), .leaf("a")]), .stack([.leaf("l"), .leaf("b")])]),
        Composition(Average(weights: [0.25, 0.75]), [.leaf("a"), .fuse(["a", "b"])]),
    ]

    @Test func goThroughJSON() throws {
        for tree in Self.trees {
            let json = try #require(ConfigurationValue(json: tree.json.json))
            #expect(try Composition(json: json) == tree)
        }
        for bad in ["3", "{}", #"{"fuse":["a"]}"#, #"["a"]"#, "null"] {
            let json = try #require(ConfigurationValue(json: bad))
            #expect(throws: BlockFault.self) { try Composition(json: json) }
        }
    }

    @Test func idsFollowPositions() {
        #expect(Self.trees[4].nodes.map(\.id) == ["fuse", "stack", "stack_2"])
        let nested = Composition(Stack(), [Self.trees[4], .fuse(["c"])])
        #expect(
            nested.nodes.map(\.scope) == [
                "blocks/stack", "blocks/fuse", "blocks/stack_2", "blocks/stack_3", "blocks/fuse_2",
            ])
        #expect(nested.members == ["l", "a", "b", "c"])
        #expect(nested.numbered() == nested)
    }

    /// What the expression's tree is, with files as adapters.
    private func tree(_ text: String) throws -> Composition {
        try CompositionExpression(text).tree(new: .leaf("NEW")) { file, _ in .leaf(file) }.numbered()
    }

    @Test func expressions() throws {
        #expect(try tree(" a.h5 ") == .leaf("a.h5"))
        #expect(
            try tree("stack(lang-de.h5, fuse(a.h5, ../b/c.h5))")
                == .stack([.leaf("lang-de.h5"), .fuse(["a.h5", "../b/c.h5"])]))
        #expect(
            try tree("average(a.h5,b.h5, weights = [0.7, 0.3])")
                == Composition(Average(weights: [0.7, 0.3]), [.leaf("a.h5"), .leaf("b.h5")]))
        #expect(try tree("average(a, b)") == Composition(Average(weights: [0.5, 0.5]), [.leaf("a"), .leaf("b")]))
        #expect(
            try tree("fuse(a, b, value=false, temperature=2)")
                == .fuse(["a", "b"], FusionConfiguration(value: false, regularization: 0, temperature: 2)))
        #expect(try tree(#"stack("my, file (1).h5", new)"#) == .stack([.leaf("my, file (1).h5"), .leaf("NEW")]))
        #expect(try tree(#"stack("new", ./stack)"#) == .stack([.leaf("new"), .leaf("./stack")]))
        #expect(try CompositionExpression("fuse(stack(l, a), stack(l, new))").files == ["l", "a"])
        #expect(try CompositionExpression("stack(l, new)").newColumns == [10])
    }

    @Test(arguments: [
        ("", "column 1: found the end of the expression, expected a bundle's file or a block"),
        ("stack(a, )", "column 10: found ')', expected a bundle's file or a block"),
        ("stack(a, b", "column 11: found the end of the expression, expected ',' or ')'"),
        ("stack(a b)", "column 9: found 'b', expected ',' or ')'"),
        ("stack()", "column 7: found ')', expected a bundle's file or a block"),
        (
            "fusion(a, b)",
            "column 1: found 'fusion(', expected \(CompositionBlocks.kinds.joined(separator: ", ")) or a file"
        ),
        (
            "stack(l, mix(a))",
            "column 10: found 'mix(', expected \(CompositionBlocks.kinds.joined(separator: ", ")) or a file"
        ),
        ("a.h5, b.h5", "column 5: found ',', expected the end of the expression"),
        (
            "average(a, b, weights=[2, 3])",
            "column 15: found average: weights: a sum of 5, expected a sum of 1, such as [0.4, 0.6]"
        ),
        ("average(a, b, weights=[1])", "column 15: found average: weights: 1 number, expected 2, one for each child"),
        ("fuse(a, temperature=0)", "column 9: found fuse: temperature: 0, expected a number above 0"),
        (
            "fuse(a, value=maybe)",
            "column 15: found 'maybe', expected a number, true, false, or a list such as [0.7, 0.3]"
        ),
        ("fuse(a, value=true, value=true)", "column 21: found 'value' twice, expected each option once"),
        ("fuse(a, value=true, b)", "column 21: found 'b', expected an option, since options follow the bundles"),
        ("stack(a, order=1)", "column 10: found stack: order: an unknown option, expected no options"),
        (#"stack("a, b)"#, "column 13: found the end of the expression, expected '\"' at the end of the name"),
        ("stack(weights=[1])", "column 1: found stack without bundles, expected at least one"),
    ]) func mistakes(_ text: String, _ message: String) {
        #expect { try CompositionExpression(text) } throws: { "\($0)" == message }
    }

    @Test func deepExpressionsAreRefused() {
        let text = String(repeating: "stack(", count: 50_000) + "a" + String(repeating: ")", count: 50_000)
        #expect { try CompositionExpression(text) } throws: { "\($0)".contains("more than 32 levels") }
    }

    /// Two blocks of one kind have tensors of their own; blocks without tensors have none.
    @Test func eachBlockHasItsTensors() throws {
        let architecture = try Architecture(
            ModelConfiguration(
                family: "bert", hidden: 8, layers: 1, heads: 2, intermediate: 16, vocabulary: 11, positions: 9, types: 2
            ))
        let members = try ["a", "b", "l"].map { Member(name: $0, configuration: try .resolve("seq_bn")) }
        let tree = Composition(
            Average(weights: [0.5, 0.5]), [.fuse(["a", "b"], .static), .stack([.leaf("l"), .fuse(["b", "a"])])])
        let names = try tree.blockSpecs(members, architecture).map(\.name)
        let site = "afterFeedForward/0"
        #expect(
            names == ["query.weight", "query.bias", "key.weight", "key.bias"].map { "blocks/fuse/\(site)/\($0)" }
                + ["query.weight", "query.bias", "key.weight", "key.bias", "value.weight"].map {
                    "blocks/fuse_2/\(site)/\($0)"
                })
        #expect { try Composition.fuse(["a", "q"]).blockSpecs(members, architecture) } throws: {
            "\($0)".contains("q, which is missing")
        }
        let lora = [Member(name: "a", configuration: try .resolve("lora"))]
        #expect { try Composition.fuse(["a"]).blockSpecs(lora, architecture) } throws: {
            "\($0)".contains("it also acts on query, value")
        }
    }
}
