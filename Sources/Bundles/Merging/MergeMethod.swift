import Adapters
import Files

/// A way to make one adapter of several without training.
///
/// A new one is one file that conforms to `ValueMerge` or `UpdateMerge`, one line in `MergeMethods.builtIn`, and its test.
package protocol MergeMethod: Sendable {
    /// As peft calls it, where it has it.
    static var name: String { get }
    /// A line for lists.
    static var summary: String { get }
    /// Options that it reads beside the weights.
    static var options: Set<MergeOptions.Option> { get }
    /// One for each adapter: given or by default.
    var weights: [Double] { get }
    /// - Parameter count: of adapters
    /// - Throws: `MergeFault` for an option's value
    init(_ options: MergeOptions, count: Int) throws(MergeFault)
    /// For the provenance: options that shape the result, with their values.
    var fields: [String: ConfigurationValue] { get }
}

extension MergeMethod {
    package static var options: Set<MergeOptions.Option> { [] }
    package var fields: [String: ConfigurationValue] { [:] }
}

/// Merges vectors, whatever they hold: the parameters of adapters, or the changes ΔW of LoRA, which are factorized after.
package protocol ValueMerge: MergeMethod {
    /// - Returns: what gives the merged values of a tensor
    func rule(for vectors: TaskVectors) throws -> (_ tensor: Int) throws -> [Double]
}

/// The weighted sum Σ wₙ τₙ.
package protocol LinearMerge: ValueMerge {}

extension LinearMerge {
    package func rule(for vectors: TaskVectors) -> (_ tensor: Int) throws -> [Double] {
        { try vectors.sum(weights, $0) }
    }
}

/// Merges LoRA by its factors.
package protocol UpdateMerge: MergeMethod {
    /// - Returns: what gives the merged update of a site, by its place in `Updates.sites`
    func rule(for updates: Updates) throws -> (_ site: Int) throws -> MergedUpdate
}

/// The registry of ways to merge.
package enum MergeMethods {
    package static let builtIn: [any MergeMethod.Type] = [
        AverageMerge.self,
        TaskArithmetic.self,
        TIES.self,
        DARELinear.self,
        DARETIES.self,
        Concatenation.self,
        TruncatedSum.self,
        KnOTS.self,
    ]

    package static var names: [String] { builtIn.map { $0.name } }

    /// - Parameter option: that names it: `--method`
    /// - Throws: `MergeFault`
    package static func named(_ name: String, option: String) throws(MergeFault) -> any MergeMethod.Type {
        guard let type = builtIn.first(where: { $0.name == name }) else {
            throw MergeFault(option, found: "'\(name)'", expected: "one of \(names.joined(separator: ", "))")
        }
        return type
    }
}
