import Adapters
import Bundles
import Files
import Foundation
import Models
import Numerics
import Testing

@testable import Training

/// Blocks that send texts or tokens through different adapters, against AdapterHub's `adapters` (routes_golden.py): the last
/// hidden states of each text.
@Suite struct RoutesParityTests {
    static let folder = Golden.folder.deletingLastPathComponent().appendingPathComponent("routes")

    /// What acts on each text, for each stream of them.
    private enum Route: Sendable {
        case heads([[String]])
        case order
    }

    private static let cases: [(name: String, tree: Composition, route: Route)] = [
        ("parallel", Composition(Parallel(heads: [["x"], ["y"]]), leaves("a", "b")), streams),
        (
            "parallel_stacks",
            .stack([
                .leaf("l"), Composition(Parallel(heads: [["x"], ["y"]]), [.leaf("a"), .stack(leaves("m", "b"))]),
            ]), streams
        ),
        ("batch_split", Composition(BatchSplit(sizes: [1, 3]), leaves("a", "b")), .order),
        (
            "batch_splits",
            Composition(
                BatchSplit(sizes: [2, 2]),
                [Composition(BatchSplit(sizes: [1, 1]), leaves("a", "b")), .stack(leaves("l", "m"))]), .order
        ),
        ("split", Composition(TokenSplit(lengths: [3, 4]), leaves("a", "b")), .order),
        (
            "splits",
            Composition(
                TokenSplit(lengths: [3, 4]),
                [Composition(TokenSplit(lengths: [1, 2]), leaves("a", "b")), .stack(leaves("l", "m"))]), .order
        ),
        (
            "multitask", Composition(MultiTask(heads: [["x"], ["y"]]), leaves("a", "b")),
            .heads([["y", "x", "y", "x"]])
        ),
        (
            "multitask_stack",
            .stack([
                .leaf("l"), Composition(MultiTask(heads: [["x"], ["y"]]), [.leaf("a"), .stack(leaves("m", "b"))]),
            ]), .heads([["x", "y", "y", "x"]])
        ),
    ]
    private static let streams = Route.heads([["x", "x", "x", "x"], ["y", "y", "y", "y"]])
    private static func leaves(_ names: String...) -> [Composition] { names.map { .leaf($0) } }

    /// The tree's adapters with the fixture's numbers, frozen.
    private func arrangement(_ name: String, _ tree: Composition) throws -> Arrangement {
        var arrangement = Arrangement(model: try Golden.model())
        for name_ in tree.members {
            let folder = Self.folder.appendingPathComponent("\(name)/\(name_)")
            let bundle = try ForeignImport.read(folder: folder, name: name_, model: Golden.model()).bundle
            let member = try #require(bundle.members.first)
            arrangement.members.append(Member(name: name_, configuration: member.configuration))
            for tensor in bundle.tensors {
                let own = "members/\(name_)" + tensor.name.dropFirst(member.scope.count)
                arrangement.frozen[own] = Weight(tensor.values, shape: tensor.shape)
            }
        }
        arrangement.composition = tree
        return arrangement
    }

    /// The last hidden states of some texts under one tree.
    private func hidden(_ arrangement: Arrangement, _ tree: Composition, _ texts: [[Int32]]) throws -> [Float] {
        var own = arrangement
        own.composition = tree
        let (plan, hidden) = try Network(own, seed: 0).hiddenStates()
        let workspace = Workspace(threads: 2)
        let batch = PackedBatch(
            texts.enumerated().map { ($1, $1.map { _ in 0 }, SequenceRow(example: UInt64($0))) })
        let run = plan.run(batch, workspace: workspace)
        return withExtendedLifetime(workspace) { Array(run.values(hidden[hidden.count - 1])) }
    }

    @Test(arguments: cases.map(\.name)) func lastHiddenStates(_ name: String) throws {
        let test = try #require(Self.cases.first { $0.name == name })
        let file = try SafetensorsFile(Self.folder.appendingPathComponent("\(name).safetensors"))
        let (ids, shape) = (try file.int64s("input_ids").map { Int32($0) }, try file.tensor("input_ids").shape)
        let texts = (0..<shape[0]).map { Array(ids[$0 * shape[1]..<($0 + 1) * shape[1]]) }
        let arrangement = try arrangement(name, test.tree)
        var found: [Float] = []
        switch test.route {
        case .heads(let streams):
            for stream in streams {
                for (text, head) in zip(texts, stream) {
                    found += try hidden(arrangement, test.tree.serving(head), [text])
                }
            }
        case .order:
            for part in try test.tree.batchParts(texts.count) {
                found += try hidden(arrangement, part.composition, Array(texts[part.range]))
            }
        }
        // Four layers of float32 against float64
        let difference = Difference(found, try file.floats("hidden"))
        #expect(difference.largest < 1e-4, "\(difference)")
    }
}
