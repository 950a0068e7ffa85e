import Numerics

/// Gradient surgery (Yu et al. 2020, algorithm 1): where the gradients of two tasks point against each other, each loses the part
/// of it that does.
///
/// For each task i, gᵢ' starts as gᵢ; for each other task j, in random order, gᵢ' ← gᵢ' − (gᵢ' · gⱼ / ‖gⱼ‖²) gⱼ if the product is below
/// 0. The step's gradient is Σ gᵢ'. It is a sum of the gⱼ, so that their scalar products say all: gᵢ' is kept as the factors that
/// it has of them. Products are those in the tensors that tasks share.
package struct PCGradBalancer: GradientBalancer {
    package static let name = "pcgrad"
    private static let site = Randomness.hash("balancer/pcgrad")

    package init(_ tasks: [BalancedTask]) {}

    package func factors(_ products: [[Double]], key: UInt64) -> [Double] {
        let key = Randomness.key(key, Self.site)
        return Self.factors(products) {
            Randomness.permutation(products.count, key: Randomness.key(key, UInt64($0)))
        }
    }

    /// - Parameter order: the tasks in the order in which a task's gradient meets theirs; its own number is passed over.
    static func factors(_ products: [[Double]], order: (Int) -> [Int]) -> [Double] {
        var sum = [Double](repeating: 0, count: products.count)
        for i in products.indices {
            var own = [Double](repeating: 0, count: products.count)
            own[i] = 1
            for j in order(i) where j != i && products[j][j] > 0 {
                let product = zip(own, products).reduce(0) { $0 + $1.0 * $1.1[j] }
                if product < 0 { own[j] -= product / products[j][j] }
            }
            for (k, factor) in own.enumerated() { sum[k] += factor }
        }
        return sum
    }
}
