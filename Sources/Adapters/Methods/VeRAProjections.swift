import Models
import Numerics

/// The frozen matrices that all layers of a VeRA share: A: [r, widest input] and B: [widest output, r]. A site uses A's first
/// columns and B's first rows, as many as it is wide.
///
/// Both are U(−√(6 / fan in), √(6 / fan in)) and come from a key as `peft` draws them (src/peft/tuners/vera/model.py): A row by
/// row, then B. So a bundle holds the key in their place: at rank 256 on BERT base, they would be 16 times as large as all that
/// is learned.
package struct VeRAProjections {
    private let key: UInt32
    private let rank: Int
    /// Widths of the widest input and output.
    package let input: Int
    package let output: Int

    /// - Parameter sites: all that the adapter acts at
    package init(key: UInt32, rank: Int, sites: [SiteSpec]) {
        (self.key, self.rank) = (key, rank)
        input = sites.map(\.input).max() ?? 0
        output = sites.map(\.output).max() ?? 0
    }

    /// A and B whole, row by row.
    package var values: (a: [Float], b: [Float]) {
        // The order of the operations as in peft: another one gives other last digits
        func bound(_ fanIn: Int) -> Double { 3.0.squareRoot() * (2.0.squareRoot() / Double(fanIn).squareRoot()) }
        var generator = MersenneTwister(seed: key)
        let a = generator.uniform(rank * input, bound: bound(input))
        return (a, generator.uniform(output * rank, bound: bound(rank)))
    }

    /// What a site uses: A [r, in] and B [out, r], row by row.
    func values(at site: SiteSpec) -> (a: [Float], b: [Float]) {
        let (a, b) = values
        return (columns(a, site.input), Array(b.prefix(site.output * rank)))
    }

    /// The same as operands of a plan, one for all sites and adapters that use it.
    func operands(at site: SiteSpec, in builder: PlanBuilder) -> (a: Operand, b: Operand) {
        func constant(_ name: String, rows: Int, _ values: () -> [Float]) -> Operand {
            builder.derive("\(name)/\(key)/\(rank)/\(input)/\(output)", rows: rows) { inner in
                let values = values()
                let weight = Weight(values, shape: [rows, values.count / rows])
                return [inner.append(WeightRows(.frozen(weight), in: inner))]
            }[0]
        }
        let a = constant("vera_A/\(site.input)", rows: rank) { columns(values.a, site.input) }
        let b = constant("vera_B", rows: output) { values.b }
        return (a, b.rows(0..<site.output))
    }

    private func columns(_ a: [Float], _ width: Int) -> [Float] {
        width == input ? a : (0..<rank).flatMap { a[$0 * input..<$0 * input + width] }
    }
}
