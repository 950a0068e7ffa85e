import Numerics

/// What training has changed, adapter by adapter: vectors of the same tensors in one order.
package struct TaskVectors {
    /// Number of adapters.
    package let count: Int
    /// Name, for random numbers, and number of values of each tensor.
    package let tensors: [(name: String, count: Int)]
    /// The values of an adapter's tensor. They may be computed each time.
    package let values: (_ adapter: Int, _ tensor: Int) throws -> [Float]

    /// All values of an adapter.
    var size: Int { tensors.reduce(0) { $0 + $1.count } }

    /// Σ wₙ τₙ of a tensor.
    func sum(_ weights: [Double], _ tensor: Int) throws -> [Double] {
        var sum = [Double](repeating: 0, count: tensors[tensor].count)
        for (adapter, weight) in weights.enumerated() {
            for (i, value) in try values(adapter, tensor).enumerated() { sum[i] += weight * Double(value) }
        }
        return sum
    }

    /// The same with every value mapped.
    func map(_ change: @escaping (_ adapter: Int, _ tensor: Int, _ values: inout [Float]) -> Void) -> TaskVectors {
        TaskVectors(count: count, tensors: tensors) { adapter, tensor in
            var own = try values(adapter, tensor)
            change(adapter, tensor, &own)
            return own
        }
    }
}
