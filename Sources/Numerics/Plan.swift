/// Collects operations in the order of their data; each returns the value it makes.
package final class PlanBuilder {
    package private(set) var operations: [any Operation] = []
    /// Of frozen matrices in products.
    package let precision: Precision
    private var values = 0

    package init(precision: Precision = .float32) { self.precision = precision }

    package func value(_ rows: Rows, _ width: Int) -> Value {
        defer { values += 1 }
        return Value(id: values, rows: rows, width: width)
    }

    @discardableResult
    package func append(_ operation: some Operation) -> Value {
        operations.append(operation)
        return operation.output
    }
}

/// A compiled list of operations: what is needed, what it saves and where it lies. A step only runs it.
///
/// Operations whose output nothing reads are dropped; gradients exist only above the lowest trainable tensor; buffers
/// are shared by values whose lives do not overlap.
package final class Plan {
    enum Place {
        /// In the slice's arena: the `index`-th buffer of the class `kind`.
        case arena(kind: Int, index: Int)
        /// In a buffer of the whole batch, or of a group of slices.
        case kept(Int)
        case none
    }
    enum GradientMode { case none, write, add }
    struct Kind: Hashable {
        let rows: Rows
        let width: Int
    }

    package let operations: [any Operation]
    package let trains: Bool
    let inputModes: [[GradientMode]]
    let runsBackward: [Bool]
    var valuePlaces: [Place]
    var gradientPlaces: [Place]
    let kinds: [Kind]
    let kindCounts: [Int]
    /// Values that outlive a slice: first the outputs, for all of the batch, then what parameters' gradients read, for the
    /// slices of one group.
    let kept: [Kind]
    let keptOutputs: Int
    /// Tokens of a group: what is kept for them takes some 100 MB, or they are few.
    let groupTokens: Int
    /// Pieces of parameter gradients, in waves: a tensor that two operations share is written in the first wave and
    /// added to in the next.
    let units: [[(operation: Int, unit: Int)]]
    /// Parameters that no operation of the first wave writes: set to zero beforehand, since the later waves add.
    let late: [Parameter]
    /// The parameters it gives gradients to.
    package let parameters: [Parameter]
    /// Trainable right sides of products, in pieces of panels: each run packs them anew.
    let packing: [(side: RightSide, panels: Range<Int>)]

    /// - Parameters:
    ///   - outputs: values that are read after a run.
    ///   - trains: whether gradients are wanted; the last operation then is the loss.
    package init(_ builder: PlanBuilder, outputs: [Value], trains: Bool) {
        // 1. what is needed
        var needed = Set(outputs.map(\.id))
        var live: [any Operation] = []
        for operation in builder.operations.reversed() where needed.contains(operation.output.id) {
            needed.formUnion(operation.inputs.map(\.id))
            live.append(operation)
        }
        let operations = Array(live.reversed())
        let count = operations.count
        let valueCount = (operations.flatMap { $0.inputs + [$0.output] }.map(\.id).max() ?? -1) + 1

        // 2. which values have gradients, and who writes them first
        var differentiable = [Bool](repeating: false, count: valueCount)
        if trains {
            for operation in operations {
                differentiable[operation.output.id] =
                    !operation.parameters.isEmpty || operation.inputs.contains { differentiable[$0.id] }
            }
        }
        var modes = [[GradientMode]](repeating: [], count: count)
        var written = Set<Int>()
        var runsBackward = [Bool](repeating: false, count: count)
        for i in operations.indices.reversed() where differentiable[operations[i].output.id] {
            modes[i] = operations[i].inputs.map { input in
                guard differentiable[input.id] else { return .none }
                return written.insert(input.id).inserted ? .write : .add
            }
            runsBackward[i] = modes[i].contains { $0 != .none }
        }

        // 3. what outlives a slice
        var keptIndex: [Int: Int] = [:]
        var keptGradientIndex: [Int: Int] = [:]
        var kept: [Kind] = []
        func keep(_ value: Value, in index: inout [Int: Int]) {
            guard index[value.id] == nil else { return }
            index[value.id] = kept.count
            kept.append(Kind(rows: value.rows, width: value.width))
        }
        for output in outputs { keep(output, in: &keptIndex) }
        let keptOutputs = kept.count
        if trains {
            for operation in operations where !operation.parameters.isEmpty {
                for value in operation.readForParameters { keep(value, in: &keptIndex) }
                keep(operation.output, in: &keptGradientIndex)
            }
        }

        // 4. lives: forward of operation i is at time i, its backward at 2 · count − 1 − i
        var begin = [Int](repeating: -1, count: valueCount)
        var end = [Int](repeating: -1, count: valueCount)
        var gradientBegin = [Int](repeating: -1, count: valueCount)
        var gradientEnd = [Int](repeating: -1, count: valueCount)
        var byID: [Int: Value] = [:]
        for (i, operation) in operations.enumerated() {
            byID[operation.output.id] = operation.output
            begin[operation.output.id] = i
            end[operation.output.id] = max(end[operation.output.id], i)
            for input in operation.inputs { end[input.id] = max(end[input.id], i) }
            guard runsBackward[i] else { continue }
            let time = 2 * count - 1 - i
            for value in operation.readInBackward { end[value.id] = max(end[value.id], time) }
            gradientEnd[operation.output.id] = time
            for (input, mode) in zip(operation.inputs, modes[i]) where mode != .none {
                gradientBegin[input.id] = gradientBegin[input.id] < 0 ? time : min(gradientBegin[input.id], time)
            }
        }

        // 5. buffers: the first free one of its kind
        var kinds: [Kind] = []
        var kindIndex: [Kind: Int] = [:]
        var freeAt: [[Int]] = []
        var lives: [(id: Int, gradient: Bool, begin: Int, end: Int)] = []
        for id in 0..<valueCount {
            if begin[id] >= 0, keptIndex[id] == nil { lives.append((id, false, begin[id], end[id])) }
            if gradientBegin[id] >= 0, keptGradientIndex[id] == nil {
                lives.append((id, true, gradientBegin[id], max(gradientEnd[id], gradientBegin[id])))
            }
        }
        var valuePlaces = [Place](repeating: .none, count: valueCount)
        var gradientPlaces = [Place](repeating: .none, count: valueCount)
        for life in lives.sorted(by: { ($0.begin, $0.id) < ($1.begin, $1.id) }) {
            guard let value = byID[life.id] else { continue }
            let kind = Kind(rows: value.rows, width: value.width)
            let k = kindIndex[kind] ?? kinds.count
            if k == kinds.count {
                kindIndex[kind] = k
                kinds.append(kind)
                freeAt.append([])
            }
            let slot = freeAt[k].firstIndex { $0 < life.begin } ?? freeAt[k].count
            if slot == freeAt[k].count { freeAt[k].append(0) }
            freeAt[k][slot] = life.end
            if life.gradient {
                gradientPlaces[life.id] = .arena(kind: k, index: slot)
            } else {
                valuePlaces[life.id] = .arena(kind: k, index: slot)
            }
        }
        for (id, index) in keptIndex { valuePlaces[id] = .kept(index) }
        for (id, index) in keptGradientIndex { gradientPlaces[id] = .kept(index) }

        // 6. parameter gradients
        var units: [[(operation: Int, unit: Int)]] = []
        var writers: [Int: Int] = [:]
        var late: [Parameter] = []
        var parameters: [Parameter] = []
        if trains {
            for (i, operation) in operations.enumerated() where !operation.parameters.isEmpty {
                let wave = operation.parameters.map { writers[$0.offset, default: 0] }.max() ?? 0
                for parameter in operation.parameters {
                    if writers[parameter.offset] == nil {
                        parameters.append(parameter)
                        if wave > 0 { late.append(parameter) }
                    }
                    writers[parameter.offset] = wave + 1
                }
                while units.count <= wave { units.append([]) }
                units[wave] += (0..<operation.parameterUnits).map { (i, $0) }
            }
        }

        // 7. right sides of products
        var seen = Set<ObjectIdentifier>()
        var packing: [(side: RightSide, panels: Range<Int>)] = []
        for (i, operation) in operations.enumerated() {
            for side in operation.rightSides(differentiates: runsBackward[i])
            where seen.insert(ObjectIdentifier(side)).inserted {
                for first in stride(from: 0, to: side.panels, by: 12) {
                    packing.append((side, first..<min(first + 12, side.panels)))
                }
            }
        }

        self.packing = packing
        self.operations = operations
        self.trains = trains
        self.inputModes = modes
        self.runsBackward = runsBackward
        self.valuePlaces = valuePlaces
        self.gradientPlaces = gradientPlaces
        self.kinds = kinds
        self.kindCounts = freeAt.map(\.count)
        self.kept = kept
        self.keptOutputs = keptOutputs
        let keptFloats = kept.dropFirst(keptOutputs).reduce(0) { $0 + ($1.rows == .tokens ? $1.width : 0) }
        groupTokens = max(768, 25_000_000 / max(1, keptFloats))
        self.units = units
        self.late = late
        self.parameters = parameters.sorted { $0.offset < $1.offset }
    }
}
