import CKernels
import Models
import Numerics

/// The gradients of a step's tasks, each by itself: for balancers that combine them, and for their cosines.
///
/// Each head's part of the batch runs by itself, so that a step does the work of one over all of it; only where tasks share
/// their texts, these pass once for each head. Dropout is that of the whole step, since it follows from the example.
final class TaskGradients {
    private let plans: StepPlans
    private let network: Network
    private let pool: ThreadPool
    private let kernels = Products.kernels
    /// The tensors that each head's loss reaches, by the head's index.
    private let reached: [Int: [Parameter]]
    /// The gradient of each head, as the parameter buffer lies; only what the head reaches is written.
    private var kept: [Int: AlignedBuffer] = [:]
    private let hasTables: Bool

    /// Elements that one thread adds at a time.
    private static let chunk = 65_536

    init(_ plans: StepPlans, _ network: Network, pool: ThreadPool) {
        self.plans = plans
        self.network = network
        self.pool = pool
        let hidden = network.arrangement.model.configuration.hidden
        let own = network.arrangement.heads.map { named in
            Set(named.head.specs(hidden: hidden, scope: named.scope).map(\.name))
        }
        var reached: [Int: [Parameter]] = [:]
        for task in plans.tasks.indices {
            let parameters = plans.parameters(of: task)
            for head in plans.heads(of: task) {
                reached[head] = parameters.filter { parameter in
                    !own.enumerated().contains { $0.offset != head && $0.element.contains(parameter.name) }
                }
            }
        }
        self.reached = reached
        hasTables = network.parameters.parameters.contains { $0.ledger != nil }
    }

    /// Bytes that a step over all heads keeps.
    static func bytes(_ network: Network) -> Int {
        network.arrangement.heads.count * network.parameters.count * MemoryLayout<Float>.size
    }

    /// Runs a step head by head; their gradients are kept until the next one, and the parameters' own are zero then.
    /// - Returns: the losses without regularizers, and the heads that have a target, in order.
    func run(_ step: TrainingStep, workspace: Workspace, stepKey: UInt64) -> (losses: StepPlans.Losses, heads: [Int]) {
        forget()
        let all = Set(network.parameters.parameters.map(\.offset))
        let count = network.arrangement.heads.count
        var losses = StepPlans.Losses(heads: [Double?](repeating: nil, count: count), regularizers: 0, total: 0)
        for part in step.parts {
            let alone = TrainingStep([part], epoch: step.epoch)
            let heads = plans.heads(of: part.task)
            for head in heads {
                let coefficients = (0..<count).map { heads.count == 1 || $0 == head ? 1.0 : 0 }
                let batch = plans.batch(alone, coefficients: coefficients, stepKey: stepKey)
                let ran = plans.run(alone, batch, workspace: workspace, stepKey: stepKey, adding: all)
                guard ran.heads.indices.contains(head), let loss = ran.heads[head] else {
                    clear()
                    continue
                }
                losses.heads[head] = loss
                losses.total += loss
                take(head)
            }
        }
        return (losses, losses.heads.indices.filter { losses.heads[$0] != nil })
    }

    /// Keeps the present gradient as this head's.
    private func take(_ head: Int) {
        let buffer = kept[head] ?? AlignedBuffer(count: network.parameters.count)
        kept[head] = buffer
        for parameter in reached[head] ?? [] {
            (buffer.floats + parameter.offset).update(from: parameter.gradient, count: parameter.count)
        }
        clear()
    }

    /// Forgets the gradients that were computed, and which rows of tables had one: they are those of the step alone.
    func forget() {
        if hasTables { network.parameters.releaseGradients() } else { clear() }
    }

    /// Gives the memory back.
    func release() { kept = [:] }

    private func clear() {
        for parameter in network.parameters.parameters {
            parameter.gradient.update(repeating: 0, count: parameter.count)
        }
    }

    /// The tensors that several of the heads reach, and those of one alone.
    private func tensors(of heads: [Int]) -> [(parameter: Parameter, heads: [Int])] {
        var found: [Int: (parameter: Parameter, heads: [Int])] = [:]
        for (n, head) in heads.enumerated() {
            for parameter in reached[head] ?? [] { found[parameter.offset, default: (parameter, [])].heads.append(n) }
        }
        return found.values.sorted { $0.parameter.offset < $1.parameter.offset }
    }

    /// Scalar products of the heads' gradients in the tensors that several of them reach. Sums have one order, whatever the
    /// number of threads.
    func products(_ heads: [Int]) -> [[Double]] {
        let pieces = tensors(of: heads).filter { $0.heads.count > 1 }.flatMap { tensor in
            stride(from: 0, to: tensor.parameter.count, by: Self.chunk).map {
                (
                    offset: tensor.parameter.offset + $0, count: min(Self.chunk, tensor.parameter.count - $0),
                    heads: tensor.heads
                )
            }
        }
        let gradients = heads.map { kept[$0]?.floats }
        let width = heads.count * heads.count
        var partial = [Double](repeating: 0, count: pieces.count * width)
        partial.withUnsafeMutableBufferPointer { partial in
            guard let base = partial.baseAddress else { return }
            pool.run(pieces.count) { i, _ in
                let piece = pieces[i]
                for a in piece.heads {
                    for b in piece.heads where b >= a {
                        guard let x = gradients[a], let y = gradients[b] else { continue }
                        base[i * width + a * heads.count + b] = Self.product(
                            x + piece.offset, y + piece.offset, piece.count)
                    }
                }
            }
        }
        var products = [[Double]](repeating: [Double](repeating: 0, count: heads.count), count: heads.count)
        for i in pieces.indices {
            for a in heads.indices {
                for b in a..<heads.count { products[a][b] += partial[i * width + a * heads.count + b] }
            }
        }
        for a in heads.indices { for b in 0..<a { products[a][b] = products[b][a] } }
        return products
    }

    private static func product(_ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ count: Int) -> Double {
        var sums = SIMD8<Double>.zero
        var i = 0
        while i + 8 <= count {
            let a = UnsafeRawPointer(x + i).loadUnaligned(as: SIMD8<Float>.self)
            let b = UnsafeRawPointer(y + i).loadUnaligned(as: SIMD8<Float>.self)
            sums += SIMD8<Double>(a) * SIMD8<Double>(b)
            i += 8
        }
        var sum = sums.sum()
        while i < count {
            sum += Double(x[i]) * Double(y[i])
            i += 1
        }
        return sum
    }

    /// Writes the step's gradient: in tensors that several heads reach, the sum of theirs with these factors.
    func combine(_ heads: [Int], factors: [Double]) {
        for (parameter, owners) in tensors(of: heads) {
            let starts = stride(from: 0, to: parameter.count, by: Self.chunk).map { $0 }
            pool.run(starts.count) { i, _ in
                let count = min(Self.chunk, parameter.count - starts[i])
                for (n, owner) in owners.enumerated() {
                    guard let gradient = kept[heads[owner]]?.floats else { continue }
                    kernels.pointee.add(
                        parameter.gradient + starts[i], gradient + parameter.offset + starts[i], count,
                        owners.count > 1 ? Float(factors[owner]) : 1, n > 0)
                }
            }
        }
    }

    /// Cosines of the angles between the heads' gradients; NaN where one is zero.
    static func cosines(_ products: [[Double]]) -> [[Double]] {
        let norms = products.indices.map { products[$0][$0].squareRoot() }
        return products.indices.map { a in
            products.indices.map { b in
                guard norms[a] > 0, norms[b] > 0 else { return .nan }
                return a == b ? 1 : max(-1, min(1, products[a][b] / (norms[a] * norms[b])))
            }
        }
    }
}
