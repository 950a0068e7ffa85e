import Models
import Numerics

/// DoRA: magnitude and direction of a projection's rows apart (Liu et al. 2024, eq. 5), as `peft` has it.
///
/// y = c ⊙ (W x + s B A x) + b with c = m / ‖W + s B A‖, one norm a row. m: [out], starting at the norms of W's rows. The
/// norms are constants to the backward pass (section 4.3) and are computed once per step.
///
/// With dropout, as `peft`: y = W x + b + (c − 1) ⊙ W x̃ + c ⊙ s B A x̃, where x̃ is what dropout leaves of x. In a stack,
/// W x is what the lower adapters make of it.
extension LoRA {
    package static let magnitude = "magnitude"

    /// ‖row of W‖ for each row.
    func norms(_ weight: [Float], at site: SiteSpec) -> [Float] {
        (0..<site.output).map { row in
            Float(
                weight[row * site.input..<(row + 1) * site.input].reduce(0) { $0 + Double($1) * Double($1) }
                    .squareRoot())
        }
    }

    /// - Parameter dropped: the projection's input after the method's dropout
    func doraDelta(
        at site: Site, scale: Float, dropped: Value, _ context: SiteContext, _ tensors: MemberTensors
    ) throws -> SiteDelta? {
        guard let weight = context.weight else { return nil }
        let (builder, x) = (context.builder, context.input)
        let h = try context.output()
        let factors = try factors(at: site, scale: scale, weight, tensors, in: builder)
        func add(_ x: Value, dropped: Value, to residual: Value) throws -> Value {
            let (narrow, up) = try product(at: site, dropped, constant: x, tensors, in: builder)
            return builder.append(Linear(narrow, weight: up, bias: nil, residual: residual, scale: scale, in: builder))
        }
        guard dropout > 0 else {
            let sum = try add(x, dropped: x, to: h)
            return .replacement(builder.append(MultiplyRows(sum, by: factors, around: context.bias, in: builder)))
        }
        var beneath: Value?
        if context.depth > 0 {
            let bare = builder.append(Linear(x, weight: weight, bias: context.bias, in: builder))
            beneath = builder.append(WeightedSum([h, bare], weights: [1, -1], in: builder))
        }
        let base = builder.append(Linear(dropped, weight: weight, bias: nil, residual: beneath, in: builder))
        let scaled = builder.append(
            MultiplyRows(try add(dropped, dropped: dropped, to: base), by: factors, in: builder))
        var parts = [h, scaled, base]
        if startsFromSingularVectors {
            // What PiSSA takes from W x is not dropped, and only W x̃ without it is multiplied
            let kept = builder.append(WeightedSum([x, dropped], weights: [1, -1], in: builder))
            parts.append(try startProduct(at: site, kept, scale: scale, tensors, in: builder))
        }
        return .replacement(
            builder.append(
                WeightedSum(parts, weights: [1, 1, -1] + parts.dropFirst(3).map { _ in 1 }, in: builder)))
    }

    /// c: [out]
    private func factors(
        at site: Site, scale: Float, _ weight: Operand, _ tensors: MemberTensors, in builder: PlanBuilder
    ) throws -> Operand {
        let rows = weight.shape[0]
        return try builder.derive("\(tensors.scope(site))/factors", rows: rows) { inner in
            var updates = [(down: try tensors(site, "A"), up: try tensors(site, "B"))]
            if startsFromSingularVectors {
                updates.append((try tensors(site, Self.startA), try tensors(site, Self.startB)))
            }
            let inverse = inner.append(InverseRowNorms(weight, updates: updates, scale: scale, in: inner))
            let magnitude = try tensors(site, Self.magnitude).reshaped([rows, 1])
            return [inner.append(WeightRows(magnitude, times: inverse, in: inner))]
        }[0].reshaped([rows])
    }

    /// c ⊙ (W + s B A), and c ⊙ (b − b₀) + b₀ where lower adapters have changed the bias b₀; each row summed in double.
    /// - Parameter add: adds a row of s B A
    func doraMerge(
        into projection: inout Projection, magnitude: [Float], add: (_ row: Int, _ sum: inout [Double]) -> Void
    ) {
        let width = projection.site.input
        for o in 0..<projection.site.output {
            let range = o * width..<(o + 1) * width
            var direction = projection.base.weight[range].map { Double($0) }
            add(o, &direction)
            let norm = direction.reduce(0) { $0 + $1 * $1 }.squareRoot()
            let factor = norm > 0 ? Double(magnitude[o]) / norm : 0
            var row = projection.weight[range].map { Double($0) }
            add(o, &row)
            for (i, value) in zip(range, row) { projection.weight[i] = Float(factor * value) }
            if let bias = projection.bias, let base = projection.base.bias, bias[o] != base[o] {
                projection.bias?[o] = Float(factor * (Double(bias[o]) - Double(base[o])) + Double(base[o]))
            }
        }
    }
}
