/// The small plans that compute the derived tensors of a plan, and that pull their gradients back.
struct DerivedPlans {
    struct Part {
        let derivation: Derivation
        /// The results that the plan multiplies with.
        let results: [Derivation.Result]
        let prologue: Plan
        /// nil if no gradients are wanted.
        let epilogue: Plan?
        /// What the epilogue packs beyond what the prologue has packed.
        let epiloguePacking: [PackingTask]
        /// Whether the plan itself or an earlier part writes the gradient of one of its parameters.
        let adds: Bool
    }

    private(set) var parts: [Part] = []
    /// The parameters that the tensors are derived from and that the plan does not use otherwise.
    private(set) var parameters: [Parameter] = []
    /// Parameters whose epilogue only adds, though nothing has written their gradients.
    private(set) var zeroedFirst: [Parameter] = []

    /// - Parameter parameters: those that the plan's own operations give gradients to.
    init(_ operations: [any Operation], parameters own: [Parameter], trains: Bool) {
        var used: [(derivation: Derivation, indices: Set<Int>)] = []
        for tensor in operations.flatMap(\.parameters).compactMap(\.derived) {
            if let i = used.firstIndex(where: { $0.derivation === tensor.derivation }) {
                used[i].indices.insert(tensor.index)
            } else {
                used.append((tensor.derivation, [tensor.index]))
            }
        }
        var written = Set(own.map(\.offset))
        for (derivation, indices) in used {
            let results = indices.sorted().map { derivation.results[$0] }
            let prologue = Plan(derivation.builder, outputs: results.map(\.value), trains: false)
            let epilogue = trains ? Plan(derivation.builder, outputs: results.map(\.pullBack), trains: true) : nil
            let learning = epilogue?.parameters ?? []
            let packed = Set(prologue.packing.map { ObjectIdentifier($0.side) })
            let adds = learning.contains { written.contains($0.offset) }
            let new = learning.filter { written.insert($0.offset).inserted }
            parts.append(
                Part(
                    derivation: derivation, results: results, prologue: prologue, epilogue: epilogue,
                    epiloguePacking: epilogue?.packing.filter { !packed.contains(ObjectIdentifier($0.side)) } ?? [],
                    adds: adds))
            parameters += new
            if adds { zeroedFirst += new }
        }
    }

    /// Computes the tensors.
    /// - Parameter area: room for `keptFloats`.
    func begin(workspace: Workspace, stepKey: UInt64?, accumulates: Bool, area: UnsafeMutablePointer<Float>) {
        if !accumulates { zeroedFirst.forEach { $0.gradient.update(repeating: 0, count: $0.count) } }
        for part in parts {
            let results = part.prologue.execute(
                part.derivation.batch, workspace: workspace, stepKey: stepKey, accumulates: false, area: area,
                packing: part.prologue.packing)
            for result in part.results {
                guard let source = results.values(result.value).baseAddress else { continue }
                result.tensor.values.update(from: source, count: result.tensor.count)
                // a step that another plan has begun: this plan's operations add
                if accumulates { result.tensor.gradient.update(repeating: 0, count: result.tensor.count) }
            }
        }
    }

    /// Pulls the tensors' gradients back into the parameters.
    /// - Parameter accumulates: whether other plans have written the step's gradients before.
    func end(workspace: Workspace, stepKey: UInt64?, accumulates: Bool, area: UnsafeMutablePointer<Float>) {
        for part in parts {
            _ = part.epilogue?.execute(
                part.derivation.batch, workspace: workspace, stepKey: stepKey, accumulates: accumulates || part.adds,
                beginsStep: !accumulates, area: area, packing: part.epiloguePacking)
        }
    }

    /// Floats of the work area that the batch's threads share, beside the plan's own.
    var keptFloats: Int {
        parts.reduce(0) { most, part in
            ([part.prologue, part.epilogue].compactMap { $0?.keptFloats(part.derivation.batch) } + [most]).max() ?? 0
        }
    }

    /// Floats of each thread's arena.
    func arenaFloats(threads: Int) -> [Int] {
        parts.flatMap { part in
            [part.prologue, part.epilogue].compactMap { $0?.arenaFloats(part.derivation.batch, threads: threads) }
        }.reduce([Int](repeating: 0, count: threads)) { zip($0, $1).map { max($0, $1) } }
    }

    /// Floats of the tensors themselves and, in training, of their gradients.
    var tensorFloats: Int {
        parts.reduce(0) { sum, part in
            sum + part.results.reduce(0) { $0 + $1.tensor.count } * (part.epilogue == nil ? 1 : 2)
        }
    }

    var multiplyAdds: Double {
        parts.reduce(0) { sum, part in
            sum + part.prologue.multiplyAdds(part.derivation.batch)
                + (part.epilogue?.multiplyAdds(part.derivation.batch) ?? 0)
        }
    }

    func parameterLoss() -> Double { parts.reduce(0) { $0 + ($1.epilogue ?? $1.prologue).parameterLoss() } }
}
