/// The shape of a buffer: values of equal shape can share one.
struct BufferShape: Hashable {
    let rows: Rows
    let width: Int

    init(_ value: Value) { (rows, width) = (value.rows, value.width) }
}

/// Values and gradients that are still needed after their slice: the outputs, for the whole batch, and what the gradients
/// of parameters read, for the slices of one group.
struct KeptValues {
    /// The outputs first.
    private(set) var shapes: [BufferShape] = []
    private(set) var outputs = 0
    /// Index in `shapes` by the value's id.
    private(set) var values: [Int: Int] = [:]
    private(set) var gradients: [Int: Int] = [:]

    init(_ operations: [any Operation], outputs: [Value], trains: Bool) {
        for output in outputs { keep(output, in: \.values) }
        self.outputs = shapes.count
        guard trains else { return }
        for operation in operations where !operation.parameters.isEmpty {
            for value in operation.readForParameters { keep(value, in: \.values) }
            keep(operation.output, in: \.gradients)
        }
    }

    private mutating func keep(_ value: Value, in index: WritableKeyPath<Self, [Int: Int]>) {
        guard self[keyPath: index][value.id] == nil else { return }
        self[keyPath: index][value.id] = shapes.count
        shapes.append(BufferShape(value))
    }

    /// Of a group.
    var floatsPerToken: Int {
        shapes.dropFirst(outputs).reduce(0) { $0 + ($1.rows == .tokens ? $1.width : 0) }
    }
}

/// When a value or its gradient is first written and last read. Of n operations, the forward of operation i is at time i,
/// its backward at time 2n − 1 − i.
struct Lifetime {
    let value: Value
    let isGradient: Bool
    private(set) var begin: Int
    private(set) var end: Int

    private mutating func extend(to time: Int) { end = max(end, time) }

    static func all(_ operations: [any Operation], _ gradients: GradientFlow) -> [Lifetime] {
        var values: [Int: Lifetime] = [:]
        var backward: [Int: Lifetime] = [:]
        for (i, operation) in operations.enumerated() {
            values[operation.output.id] = Lifetime(value: operation.output, isGradient: false, begin: i, end: i)
            for input in operation.inputs { values[input.id]?.extend(to: i) }
        }
        for (i, operation) in operations.enumerated().reversed() where gradients.runsBackward[i] {
            let time = 2 * operations.count - 1 - i
            for value in operation.readInBackward { values[value.id]?.extend(to: time) }
            backward[operation.output.id]?.extend(to: time)
            for (input, mode) in zip(operation.inputs, gradients.modes[i]) where mode == .write {
                backward[input.id] = Lifetime(value: input, isGradient: true, begin: time, end: time)
            }
        }
        return Array(values.values) + Array(backward.values)
    }
}

/// Where values and gradients lie.
struct BufferLayout {
    enum Place {
        /// In the slice's arena: buffer `index` of the shape `shape`.
        case arena(shape: Int, index: Int)
        /// In a buffer of the whole batch, or of a group of slices (`KeptValues`).
        case kept(Int)
    }

    /// By the value's id; nil if the plan has no such value.
    private(set) var values: [Place?]
    private(set) var gradients: [Place?]
    /// The arena's shapes, and the number of buffers of each.
    private(set) var shapes: [BufferShape] = []
    private(set) var counts: [Int] = []

    /// Each value that is not kept gets the first buffer of its shape that is free from its begin on.
    init(_ lifetimes: [Lifetime], kept: KeptValues) {
        let ids = (lifetimes.map(\.value.id).max() ?? -1) + 1
        values = (0..<ids).map { id in kept.values[id].map { .kept($0) } }
        gradients = (0..<ids).map { id in kept.gradients[id].map { .kept($0) } }
        var shapeIndex: [BufferShape: Int] = [:]
        var freeAfter: [[Int]] = []
        for life in lifetimes.sorted(by: { ($0.begin, $0.value.id) < ($1.begin, $1.value.id) }) {
            let id = life.value.id
            guard (life.isGradient ? gradients : values)[id] == nil else { continue }
            let key = BufferShape(life.value)
            let shape = shapeIndex[key] ?? shapes.count
            if shape == shapes.count {
                shapeIndex[key] = shape
                shapes.append(key)
                freeAfter.append([])
            }
            let index = freeAfter[shape].firstIndex { $0 < life.begin } ?? freeAfter[shape].count
            if index == freeAfter[shape].count { freeAfter[shape].append(0) }
            freeAfter[shape][index] = life.end
            let place = Place.arena(shape: shape, index: index)
            if life.isGradient { gradients[id] = place } else { values[id] = place }
        }
        counts = freeAfter.map(\.count)
    }
}
