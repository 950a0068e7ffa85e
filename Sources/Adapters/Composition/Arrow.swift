import Files
import Models
import Numerics

/// Arrow (Ostapenko et al. 2024, section 3.2): each token chooses among LoRA adapters at each projection, without training.
///
/// An adapter's prototype is the first right singular vector of its B A: the direction that it changes most. A token's weights
/// are softmax(|x · prototype| / T) over its `top_k` largest; y = Σₙ wₙ sₙ Bₙ Aₙ x. Fields as `peft` (0.18.1) has them, which
/// calls `temperature` router_temperature.
package struct Arrow: CompositionBlock {
    package static let kind = "arrow"
    package let topK: Int
    package let temperature: Double
    package var fields: [String: ConfigurationValue] {
        ["top_k": .init(topK), "temperature": .number(temperature)]
    }

    /// - Parameters:
    ///   - topK: 1 or more; more than there are children: all
    ///   - temperature: over 0
    package init(topK: Int = 3, temperature: Double = 1) { (self.topK, self.temperature) = (topK, temperature) }

    package init(_ fields: BlockFields) throws(BlockFault) {
        try fields.check(["top_k", "temperature"])
        let topK = try fields.number("top_k", default: 3, expected: "a whole number, 1 or more") {
            $0 >= 1 && $0 <= 65_536 && $0 == $0.rounded()
        }
        self.init(
            topK: Int(topK),
            temperature: try fields.number("temperature", default: 1, expected: "a number above 0") { Float($0) > 0 })
    }

    /// None; but children that it cannot take are refused.
    package func specs(_ children: [Outline], _ architecture: Architecture, scope: String) throws(AdapterError)
        -> [ParameterSpec]
    {
        try StackedUpdates.check(children, of: Self.kind)
        return []
    }

    package func plugin(_ children: [ComposedChild], _ architecture: Architecture, _ tensors: MemberTensors)
        throws(AdapterError) -> any SitePlugin
    {
        try StackedUpdates.check(children.map(\.outline), of: Self.kind)
        return ArrowPlugin(children: children, block: self)
    }

    package func merge(into projection: inout Projection, _ children: [(inout Projection) throws -> Void]) throws {
        throw AdapterError.composition(
            "arrow weighs its adapters anew for each token, so it cannot be part of a transformers model; use cat, and make "
                + "one adapter of it with amalgam collapse")
    }

    /// The first right singular vector of B A: with B = U Σ Vᵀ, that of Σ Vᵀ A, which has few rows. Zeros where B A is 0.
    /// - Parameters:
    ///   - a: [rank, input]
    ///   - b: [output, rank]
    package static func prototype(a: [Float], b: [Float], rank: Int) -> [Float] {
        let (input, output) = (a.count / rank, b.count / rank)
        let count = min(rank, output)
        let factors = SingularVectors(b, rows: output, columns: rank, count: count)
        var narrow = [Float](repeating: 0, count: count * input)
        for (row, (value, vector)) in zip(factors.values, factors.right).enumerated() {
            for i in 0..<input {
                var sum = 0.0
                for k in 0..<rank { sum += vector[k] * Double(a[k * input + i]) }
                narrow[row * input + i] = Float(value * sum)
            }
        }
        let found = SingularVectors(narrow, rows: count, columns: input, count: 1)
        guard let value = found.values.first, value > 0 else { return [Float](repeating: 0, count: input) }
        return found.right[0].map { Float($0) }
    }
}

private struct ArrowPlugin: SitePlugin {
    let children: [ComposedChild]
    let block: Arrow

    func delta(at site: Site, _ context: SiteContext) throws -> SiteDelta? {
        let updates = try StackedUpdates(children, at: site)
        guard !updates.parts.isEmpty else { return nil }
        guard updates.isFrozen else {
            throw AdapterError.composition(
                "arrow: found adapters that learn, expected frozen ones; it routes by what they are, so train them first"
            )
        }
        let builder = context.builder
        let prototypes = updates.parts.flatMap { Arrow.prototype(a: $0.a.values, b: $0.b.values, rank: $0.rank) }
        let scores = builder.append(
            Linear(
                context.input,
                weight: .frozen(Weight(prototypes, shape: [updates.parts.count, context.input.width])), bias: nil,
                in: builder))
        let narrow = builder.append(
            RoutedBlocks(
                scores: scores, z: updates.narrow(context), widths: updates.parts.map(\.rank), choosing: block.topK,
                temperature: Float(block.temperature), in: builder))
        return .factored(
            narrow: narrow, up: .frozen(updates.ups(output: context.spec.output)), bias: nil, scale: 1)
    }

    func extraKeysValues(layer: Int, input: Value, _ builder: PlanBuilder) throws -> (
        keys: Value, values: Value, rows: Int
    )? { nil }
}
