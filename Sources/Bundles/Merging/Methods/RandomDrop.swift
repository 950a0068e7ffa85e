import Numerics

extension TaskVectors {
    /// DARE's first step: each value stays with probability `density` and is divided by it, else it is 0 (Yu et al. 2024, eq. 2).
    ///
    /// Which values stay depends on the seed, the place of the adapter among those that are merged, and the tensor's name.
    func dropped(density: Double, seed: Int) -> TaskVectors {
        map { adapter, tensor, values in
            let key = Randomness.key(
                UInt64(truncatingIfNeeded: seed), UInt64(adapter), Randomness.hash(tensors[tensor].name))
            for i in values.indices {
                values[i] =
                    Double(Randomness.uniform(key, i)) < density ? Float(Double(values[i]) / density) : 0
            }
        }
    }
}
