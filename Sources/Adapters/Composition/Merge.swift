import Models
import Numerics

/// A projection of the base while adapters are merged into it, or a norm.
package struct Projection {
    package let site: SiteSpec
    /// Of the base.
    package let architecture: Architecture
    /// [output, input], row by row; of a norm [output].
    package var weight: [Float]
    /// [output]; nil: the projection has none.
    package var bias: [Float]?
    /// Both as the model has them, without any adapter.
    package let base: (weight: [Float], bias: [Float]?)
}

extension Projection {
    /// - Throws: `AdapterError` for a bias where the base has none
    fileprivate mutating func add(_ shift: SiteShift) throws(AdapterError) {
        func sum(_ values: [Float], _ terms: [SiteShift.Term]) -> [Float] {
            let vectors = terms.map { (values: $0.tensor.values, scale: Double($0.scale)) }
            return values.indices.map { i in
                Float(vectors.reduce(Double(values[i])) { $0 + $1.scale * Double($1.values[i]) })
            }
        }
        weight = sum(weight, shift.weight)
        guard let bias else {
            guard shift.bias.isEmpty else {
                throw .composition(
                    "\(site.site.name): found no bias in the model, and an adapter adds one; use it without --merge")
            }
            return
        }
        self.bias = sum(bias, shift.bias)
    }
}

/// Adapters as part of the base's weights: a model that computes the same without them.
package enum Merge {
    /// The tensors of the base that the adapters change.
    /// - Parameters:
    ///   - adapter: a tensor of an adapter by its full name, `members/NAME/query/3/A`
    ///   - base: a tensor of the base by its name in `Architecture.tensors`
    /// - Returns: the changed tensors in the architecture's order, each with its name there
    /// - Throws: `AdapterError` for a method or a composition that cannot be merged
    package static func overlay(
        _ composition: Composition, members: [Member], architecture: Architecture,
        adapter: @escaping (String) throws -> [Float], base: (String) throws -> [Float]
    ) throws -> [(name: String, shape: [Int], values: [Float])] {
        let outline = try Outline(composition, members: members)
        if let kind = composition.selectors.first {
            throw AdapterError.composition(
                "\(kind) has different weights for different texts, so it cannot be part of one transformers model; export "
                    + "its adapters one by one")
        }
        let shifts = try ComposedAdapters(
            composition, members: members, architecture: architecture,
            operand: OperandTable(trainable: ParameterBuffer([], seed: 0)) { name in
                (try? adapter(name)).map { Weight($0, shape: [$0.count]) }
            })
        var changed: [String: [Float]] = [:]
        for site in architecture.sites {
            guard let weight = site.weight else { continue }
            let width = site.site.kind.isNorm ? 1 : site.input
            func put(_ values: [Float], _ name: String, width: Int) throws {
                guard let rows = site.rows else {
                    changed[name] = values
                    return
                }
                var whole = try changed[name] ?? base(name)
                whole.replaceSubrange(rows.lowerBound * width..<rows.upperBound * width, with: values)
                changed[name] = whole
            }
            // Each row of a tensor belongs to one site, so the sites before have not changed these
            let original = (
                weight: site.ownRows(of: try base(weight), width: width),
                bias: try site.bias.map { site.ownRows(of: try base($0), width: 1) }
            )
            var projection = Projection(
                site: site, architecture: architecture, weight: original.weight, bias: original.bias, base: original)
            if let shift = try shifts.shift(at: site) { try projection.add(shift) }
            // A norm has no other changes that stay when the adapters are gone
            if !site.site.kind.isNorm {
                try outline.merge(into: &projection) { try adapter("\($0.scope)/\(site.site.name)/\($1)") }
            }
            if projection.weight != original.weight { try put(projection.weight, weight, width: width) }
            if let bias = site.bias, let values = projection.bias, values != original.bias {
                try put(values, bias, width: 1)
            }
        }
        return architecture.tensors.compactMap { tensor in
            changed[tensor.name].map { (tensor.name, tensor.shape, $0) }
        }
    }
}
