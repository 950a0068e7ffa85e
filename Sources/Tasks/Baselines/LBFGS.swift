/// A point or direction that `LBFGS` can move along: a vector with its own inner product.
protocol MinimizerVector {
    func dot(_ other: Self) -> Double
    /// self += scale · other
    mutating func add(_ other: Self, scale: Double)
    mutating func multiply(by scale: Double)
}

/// Limited-memory BFGS (Nocedal and Wright 2006, algorithm 7.4) with a line search for the strong Wolfe conditions.
/// Deterministic.
struct LBFGS {
    /// Pairs of steps that stand for the curvature.
    var memory = 10
    var maximumIterations = 1000
    /// Stops when the gradient's length is at most this.
    var tolerance = 1e-4

    struct Outcome<Vector> {
        var point: Vector
        var value: Double
        var iterations: Int
        /// False if the iterations ran out or no step went down any more.
        var converged: Bool
    }

    /// Minimises a smooth function.
    /// - Parameter evaluate: value and gradient at a point
    func minimize<Vector: MinimizerVector>(
        from start: Vector, _ evaluate: (Vector) -> (value: Double, gradient: Vector)
    ) -> Outcome<Vector> {
        var point = start
        var (value, gradient) = evaluate(point)
        var pairs: [(step: Vector, change: Vector, scale: Double)] = []
        for iteration in 0..<maximumIterations {
            let length = gradient.dot(gradient).squareRoot()
            if length <= tolerance {
                return Outcome(point: point, value: value, iterations: iteration, converged: true)
            }
            var direction = descent(gradient, pairs)
            var slope = direction.dot(gradient)
            if !(slope < 0) {
                // Rounding spoilt the curvature: begin anew from steepest descent.
                pairs.removeAll()
                direction = descent(gradient, [])
                slope = -length * length
            }
            let first = pairs.isEmpty ? min(1, 1 / length) : 1
            let search = LineSearch(value: value, slope: slope)
            guard
                let next = search.run(
                    firstStep: first,
                    { step in
                        var trial = point
                        trial.add(direction, scale: step)
                        let (value, gradient) = evaluate(trial)
                        return (value, gradient.dot(direction), (trial, gradient))
                    })
            else {
                guard !pairs.isEmpty else {
                    return Outcome(point: point, value: value, iterations: iteration, converged: false)
                }
                pairs.removeAll()
                continue
            }
            var change = next.content.1
            change.add(gradient, scale: -1)
            var step = direction
            step.multiply(by: next.step)
            let curvature = step.dot(change)
            if curvature > 0 {
                if pairs.count == memory { pairs.removeFirst() }
                pairs.append((step, change, 1 / curvature))
            }
            (point, gradient) = next.content
            value = next.value
        }
        return Outcome(point: point, value: value, iterations: maximumIterations, converged: false)
    }

    /// −H·gradient by the two-loop recursion.
    private func descent<Vector: MinimizerVector>(
        _ gradient: Vector, _ pairs: [(step: Vector, change: Vector, scale: Double)]
    ) -> Vector {
        var direction = gradient
        var shares: [Double] = []
        for pair in pairs.reversed() {
            let share = pair.scale * pair.step.dot(direction)
            direction.add(pair.change, scale: -share)
            shares.append(share)
        }
        if let last = pairs.last { direction.multiply(by: 1 / (last.scale * last.change.dot(last.change))) }
        for (pair, share) in zip(pairs, shares.reversed()) {
            direction.add(pair.step, scale: share - pair.scale * pair.change.dot(direction))
        }
        direction.multiply(by: -1)
        return direction
    }
}

/// Finds a step along a descent direction that satisfies the strong Wolfe conditions (Nocedal and Wright 2006,
/// algorithms 3.5 and 3.6, cubic interpolation with bisection as its guard).
struct LineSearch {
    let value: Double
    let slope: Double
    private let decrease = 1e-4
    private let flatness = 0.9

    init(value: Double, slope: Double) {
        self.value = value
        self.slope = slope
    }

    struct Found<Content> {
        var step: Double
        var value: Double
        var slope: Double
        var content: Content
    }

    /// - Parameter evaluate: value and slope at a step, with what the caller wants back
    /// - Returns: the step, or nil if none went down
    func run<Content>(
        firstStep: Double, _ evaluate: (Double) -> (value: Double, slope: Double, content: Content)
    ) -> Found<Content>? {
        func at(_ step: Double) -> Found<Content> {
            let (value, slope, content) = evaluate(step)
            return Found(step: step, value: value, slope: slope, content: content)
        }
        var low: (step: Double, value: Double, slope: Double) = (0, value, slope)
        var best: Found<Content>?
        var trial = at(firstStep)
        var high: (step: Double, value: Double, slope: Double)?
        for _ in 0..<40 {
            let isWorse = isTooHigh(trial) || trial.value >= low.value && low.step > 0 || !trial.value.isFinite
            if isWorse {
                high = (trial.step, trial.value, trial.slope)
            } else {
                best = trial
                if abs(trial.slope) <= -flatness * slope { return trial }
                // The far end is where the slope points away from.
                let goesDownTowards = trial.slope * ((high?.step ?? .infinity) - low.step)
                if goesDownTowards >= 0 || (high == nil && trial.slope >= 0) { high = low }
                low = (trial.step, trial.value, trial.slope)
            }
            guard let far = high else {
                trial = at(trial.step * 2)
                continue
            }
            if abs(far.step - low.step) <= 1e-12 * max(1, abs(low.step)) { break }
            trial = at(between(low, far))
        }
        return best
    }

    private func isTooHigh<Content>(_ trial: Found<Content>) -> Bool {
        // Near the minimum differences of values are rounding; there the slope alone decides.
        let rounding = 1e-13 * max(1, abs(value))
        return trial.value > value + decrease * trial.step * slope + rounding
    }

    /// The minimum of the cubic through both ends, kept away from them.
    private func between(
        _ a: (step: Double, value: Double, slope: Double), _ b: (step: Double, value: Double, slope: Double)
    ) -> Double {
        let width = b.step - a.step
        let middle = a.step + width / 2
        let d1 = a.slope + b.slope - 3 * (a.value - b.value) / (a.step - b.step)
        let square = d1 * d1 - a.slope * b.slope
        guard square >= 0, square.isFinite else { return middle }
        let d2 = width > 0 ? square.squareRoot() : -square.squareRoot()
        let step = b.step - width * (b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2)
        let share = (step - a.step) / width
        return share.isFinite && share > 0.1 && share < 0.9 ? step : middle
    }
}
