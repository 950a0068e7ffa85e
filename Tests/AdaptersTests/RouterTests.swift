import Files
import Models
import Testing

@testable import Adapters

/// Blocks whose parts serve different heads: how they are written, stored, nested and taken apart.
@Suite struct RouterTests {
    private static func parallel(_ heads: [[String]]?, _ parts: [Composition]) -> Composition {
        Composition(Parallel(heads: heads), parts)
    }

    private func tree(_ text: String) throws -> Composition {
        try CompositionExpression(text).tree(new: .leaf("NEW")) { file, _ in .leaf(file) }.numbered()
    }

    @Test func expressionsAndText() throws {
        #expect(try tree("parallel(a, b)") == Self.parallel(nil, [.leaf("a"), .leaf("b")]))
        let named = try tree(#"stack(l, multitask(a, b, tasks=[["x", "y"], "z"]))"#)
        #expect(
            named
                == .stack([.leaf("l"), Composition(MultiTask(heads: [["x", "y"], ["z"]]), [.leaf("a"), .leaf("b")])]))
        #expect(named.text == #"stack(l, multitask(a, b, tasks=[["x", "y"], ["z"]]))"#)
        #expect(try tree(named.text) == named)
        let short = Self.parallel([["x"], ["z"]], [.leaf("a"), .leaf("b")])
        #expect(short.text == #"parallel(a, b, heads=["x", "z"])"#)
        #expect(try tree(short.text) == short)
    }

    @Test func goThroughJSON() throws {
        for tree in [
            Self.parallel([["x"], ["y", "z"]], [.leaf("a"), .fuse(["a", "b"])]),
            .stack([.leaf("l"), Composition(MultiTask(heads: [["x"]]), [.leaf("a")])]),
        ] {
            #expect(try Composition(json: #require(ConfigurationValue(json: tree.json.json))) == tree)
        }
        let nested = Composition(Average(weights: [1]), [Self.parallel([["x"]], [.leaf("a")])])
        #expect { try Composition(json: nested.json) } throws: { ($0 as? BlockFault)?.found == "parallel in average" }
    }

    @Test(arguments: [
        ("average(a, parallel(b, c))", "column 12: found parallel in average, expected parallel alone or in stack"),
        (
            "average(stack(a, multitask(b)))",
            "column 18: found multitask in average, expected multitask alone or in stack"
        ),
        ("parallel(multitask(a), b)", "column 10: found multitask in parallel, expected multitask alone or in stack"),
        (
            "parallel(a, b, heads=[\"x\"])",
            "column 16: found parallel: heads: 1 entry, expected 2, one for each child"
        ),
        (
            "parallel(a, b, heads=[\"x\", \"x\"])",
            "column 16: found parallel: heads: 'x' twice, expected each name once"
        ),
        (
            "multitask(a, tasks=3)",
            "column 14: found multitask: tasks: 3, expected a list of names, such as [\"a\", \"b\"]"
        ),
        (
            "fuse(a, batchsplit(b, batch_sizes=3))",
            "column 9: found batchsplit in fuse, expected batchsplit alone or in average, batchsplit, multitask, parallel, split, stack"
        ),
        (
            "batchsplit(a, b, batch_sizes=[1])",
            "column 18: found batchsplit: batch_sizes: 1 number, expected 2 whole numbers from 1 on, one for each child"
        ),
        (
            "split(a, b)",
            "column 1: found split: splits: nothing, expected 2 whole numbers from 1 on, one for each child"
        ),
        (
            "split(a, splits=[1.5])",
            "column 10: found split: splits: 1.5, expected 1 whole numbers from 1 on, one for each child"
        ),
        ("multitask(a, heads=[\"x\"])", "column 14: found multitask: heads: an unknown option, expected tasks"),
    ]) func mistakes(_ text: String, _ message: String) {
        #expect { try CompositionExpression(text) } throws: { "\($0)" == message }
    }

    /// One number counts for all parts, as in the `adapters` library.
    @Test func sizes() throws {
        #expect(
            try tree("split(a, batchsplit(b, c, batch_sizes=3), splits=[2, 5])")
                == Composition(
                    TokenSplit(lengths: [2, 5]),
                    [.leaf("a"), Composition(BatchSplit(sizes: [3, 3]), [.leaf("b"), .leaf("c")])]))
    }

    /// Each head's own tree, with the ids that the whole has.
    @Test func servingOneHead() throws {
        let whole = Composition.stack([
            .leaf("l"),
            Self.parallel([["x"], ["y", "z"]], [.fuse(["a", "b"]), .stack([.leaf("c"), .fuse(["d"])])]),
        ])
        #expect(try whole.serving("x").text.hasPrefix("stack(l, fuse(a, b, "))
        let other = try whole.serving("z")
        #expect(other.members == ["l", "c", "d"] && other.nodes.map(\.id) == ["stack", "stack_2", "fuse_2"])
        #expect(try whole.serving("y") == other)
        #expect { try whole.serving("q") } throws: { "\($0)".contains("found no part for head q, expected x, y, z") }
        #expect(throws: AdapterError.self) { try whole.serving(nil) }
        let plain = Composition.stack([.leaf("l"), .leaf("a")])
        #expect(try plain.serving(nil) == plain)
    }

    @Test func headsOfABundle() {
        let tree = Self.parallel([["x"], ["y"]], [.leaf("a"), .leaf("b")])
        #expect(tree.routingFault(heads: ["y", "x"]) == nil)
        #expect(tree.routingFault(heads: ["x"])?.found == "y")
        #expect(tree.routingFault(heads: ["x", "y", "z"])?.expected == "z as well")
        #expect(Self.parallel(nil, [.leaf("a")]).routingFault(heads: ["x"])?.found == "nothing")
    }

    /// The check holds wherever a tree comes from, not only for expressions.
    @Test func nestingInPrograms() throws {
        let members = try ["a", "b"].map { Member(name: $0, configuration: try .resolve("seq_bn")) }
        let tree = Composition.fuse(["a"])
        let wrong = Composition(Fuse(.static), [tree, Self.parallel([["x"]], [.leaf("b")])])
        #expect { _ = try Outline(wrong, members: members) } throws: { "\($0)".contains("found parallel in fuse") }
    }
}
