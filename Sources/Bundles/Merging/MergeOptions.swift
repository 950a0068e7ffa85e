import Adapters
import Files

/// How adapters are merged, beside the method.
package struct MergeOptions: Equatable, Sendable {
    /// An option that some methods read.
    package enum Option: String, CaseIterable, Sendable { case density, scale, rank, combination, seed }

    /// What becomes of heads of one name that are not equal.
    package enum Heads: String, CaseIterable, Sendable {
        /// They are refused.
        case keep
        /// All are kept, under new names.
        case rename
        /// Their mean is kept, for heads of one kind with the same labels.
        case average
    }

    /// One for each adapter; nil: as the method has it.
    package var weights: [Double]?
    /// The share of values that is kept, over 0 and at most 1; nil: as the method has it.
    package var density: Double?
    /// Multiplies the result: λ; nil: 1.
    package var scale: Double?
    /// The largest rank of LoRA's result; nil: as the method has it.
    package var rank: Int?
    /// How KnOTS merges in the common space; nil: ties.
    package var combination: String?
    /// Of what is drawn at random.
    package var seed = 0
    package var heads = Heads.keep

    package init() {}

    /// Refuses options that a method does not read.
    /// - Throws: `MergeFault`
    func check(_ method: any MergeMethod.Type) throws(MergeFault) {
        guard seed >= 0 else { throw MergeFault("--seed", found: "\(seed)", expected: "0 or more") }
        let given: [(Option, String?)] = [
            (.density, density.map { "\($0)" }), (.scale, scale.map { "\($0)" }), (.rank, rank.map { "\($0)" }),
            (.combination, combination),
        ]
        for case (let option, let value?) in given where !method.options.contains(option) {
            let readers = MergeMethods.builtIn.filter { $0.options.contains(option) }.map { $0.name }
            throw MergeFault(
                "--\(option.rawValue)", found: value,
                expected: "none with method \(method.name); it is an option of \(readers.joined(separator: ", "))")
        }
    }

    /// - Parameter fallback: for each adapter, where none are given
    /// - Throws: `MergeFault` for another number of weights, or one that is not finite or 0
    func weights(_ count: Int, default fallback: Double) throws(MergeFault) -> [Double] {
        guard let weights else { return Array(repeating: fallback, count: count) }
        guard weights.count == count else {
            throw MergeFault(
                "--weights", found: counted(weights.count, "number"), expected: "\(count), one for each bundle")
        }
        if let wrong = weights.first(where: { !$0.isFinite || $0 == 0 }) {
            throw MergeFault("--weights", found: JSONText.number(wrong), expected: "finite numbers other than 0")
        }
        return weights
    }

    /// - Throws: `MergeFault`
    func density(default fallback: Double) throws(MergeFault) -> Double {
        let value = density ?? fallback
        guard value > 0, value <= 1 else {
            throw MergeFault(
                "--density", found: "\(value)", expected: "a share over 0 and at most 1, such as \(fallback)")
        }
        return value
    }

    /// - Throws: `MergeFault`
    func scale(default fallback: Double) throws(MergeFault) -> Double {
        let value = scale ?? fallback
        guard value.isFinite, value != 0 else {
            throw MergeFault(
                "--scale", found: "\(value)", expected: "a finite number other than 0, such as \(fallback)")
        }
        return value
    }
}
