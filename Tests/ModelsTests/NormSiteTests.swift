import Foundation
import Numerics
import Testing

@testable import Models

/// Norms as sites: shifts of their vectors and of projections' biases, and deltas of what they give.
@Suite struct NormSiteTests {
    static let folders = [Fixture.tiny, Fixture.golden.appendingPathComponent("families/modernbert")]

    /// What a plugin does at every norm and projection.
    private struct Plugin: SitePlugin {
        var shifts: (@Sendable (SiteSpec) -> SiteShift?)?
        var deltas: (@Sendable (Site, SiteContext) throws -> SiteDelta?)?

        func shift(at site: SiteSpec) throws -> SiteShift? { shifts?(site) }
        func delta(at site: Site, _ context: SiteContext) throws -> SiteDelta? { try deltas?(site, context) }

        func extraKeysValues(layer: Int, input: Value, _ builder: PlanBuilder) throws -> (
            keys: Value, values: Value, rows: Int
        )? { nil }
    }

    /// The last hidden states, and the number of operations.
    private func run(
        _ model: EncoderModel, _ plugin: any SitePlugin, changed: [String: Weight] = [:]
    ) throws -> (hidden: [Float], operations: Int) {
        let operand = OperandTable(trainable: try ParameterBuffer([], seed: 0)) { name in
            let name = String(name.dropFirst("base/".count))
            return changed[name] ?? model.weight(name)
        }
        let builder = PlanBuilder()
        let (output, _) = try EncoderPlan(model, operand: operand, plugin: plugin, dropout: false, in: builder)
            .build(pooling: nil)
        let batch = PackedBatch([([5, 9, 11, 2], [0, 0, 0, 0], SequenceRow(example: 0))])
        let workspace = Workspace(threads: 1)
        let results = Plan(builder, outputs: [output], trains: false).run(batch, workspace: workspace)
        return withExtendedLifetime(workspace) { (Array(results.values(output)), builder.operations.count) }
    }

    private static func vector(_ site: SiteSpec, _ tensor: String) -> Weight {
        let key = Randomness.key(3, Randomness.hash("\(site.site.name)/\(tensor)"))
        return Weight((0..<site.output).map { 0.1 * Randomness.normal(key, $0) }, shape: [site.output])
    }

    /// As if the model had these vectors, without an operation more.
    @Test(arguments: folders) func shifts(_ folder: URL) throws {
        let model = try EncoderModel(folder: folder)
        let bare = try run(model, NoPlugin())
        var changed: [String: Weight] = [:]
        for site in model.architecture.sites {
            for (tensor, name) in [("weight", site.site.kind.isNorm ? site.weight : nil), ("bias", site.bias)] {
                guard let name, let old = model.weight(name) else { continue }
                changed[name] = Weight(
                    zip(old.values, Self.vector(site, tensor).values).map { $0 + 2 * $1 }, shape: old.shape)
            }
        }
        #expect(changed.count == (folder == Fixture.tiny ? 7 * 2 + 3 * 6 : 9))
        let shifted = try run(
            model,
            Plugin(shifts: { site in
                guard site.weight != nil else { return nil }
                let weight = site.site.kind.isNorm ? Operand.frozen(Self.vector(site, "weight")) : nil
                let shift = SiteShift(
                    weight: weight, bias: site.bias == nil ? nil : .frozen(Self.vector(site, "bias")))
                return SiteShift(sum: [(shift, 0.5), (nil, 1), (shift, 1.5)])
            }))
        let expected = try run(model, NoPlugin(), changed: changed).hidden
        #expect(shifted.operations == bare.operations)
        #expect((zip(shifted.hidden, expected).map { abs($0 - $1) }.max() ?? 1) < 1e-5)
        #expect((zip(shifted.hidden, bare.hidden).map { abs($0 - $1) }.max() ?? 0) > 1e-2)
    }

    /// A bias where the base has none is the method's own.
    @Test func newBias() throws {
        let model = try EncoderModel(folder: Self.folders[1])
        let final = try #require(model.architecture[Site(.finalNorm)])
        let added = Self.vector(final, "bias")
        let bare = try run(model, NoPlugin())
        let biased = try run(
            model, Plugin(shifts: { $0.site.kind == .finalNorm ? SiteShift(bias: .frozen(added)) : nil }))
        #expect(biased.operations == bare.operations)
        for (i, (old, new)) in zip(bare.hidden, biased.hidden).enumerated() {
            #expect(abs(new - old - added.values[i % final.output]) < 1e-5)
        }
    }

    /// A method sees what a norm gives and may replace it; each norm is one site.
    @Test(arguments: folders) func deltas(_ folder: URL) throws {
        let model = try EncoderModel(folder: folder)
        let seen = Seen()
        let doubled = try run(
            model,
            Plugin(deltas: { site, context in
                guard site.kind.isNorm else { return nil }
                seen.names.append(site.name)
                return .dense(try context.normalized())
            }))
        #expect(seen.names == model.architecture.sites.filter { $0.site.kind.isNorm }.map { $0.site.name })
        var changed: [String: Weight] = [:]
        for site in model.architecture.sites where site.site.kind.isNorm {
            for name in [site.weight, site.bias].compactMap({ $0 }) {
                changed[name] = model.weight(name).map { Weight($0.values.map { 2 * $0 }, shape: $0.shape) }
            }
        }
        let expected = try run(model, NoPlugin(), changed: changed).hidden
        #expect((zip(doubled.hidden, expected).map { abs($0 - $1) }.max() ?? 1) < 1e-4)
    }

    private final class Seen: Sendable {
        nonisolated(unsafe) var names: [String] = []
    }
}
