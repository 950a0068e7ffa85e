import CKernels

/// A frozen tensor. It can be multiplied with, and rows of it can be read; whoever holds the memory stays alive through `owner`.
package final class Weight: @unchecked Sendable {  // read-only after init
    /// How the elements lie in memory.
    package enum Storage {
        case floats(UnsafePointer<Float>)
        case blocks(Blocks)
    }

    package let shape: [Int]
    package let storage: Storage
    private let owner: AnyObject
    private let release: (@Sendable () -> Void)?
    let sides: RightSides

    /// - Parameters:
    ///   - floats: the tensor's elements, row-major, valid while `owner` lives.
    ///   - shape: [out, in] for a matrix.
    ///   - release: gives back the memory of a tensor that lies in a file; reading brings it again.
    package convenience init(
        floats: UnsafePointer<Float>, shape: [Int], owner: AnyObject, release: (@Sendable () -> Void)? = nil
    ) {
        self.init(.floats(floats), shape: shape, owner: owner, release: release, sides: RightSides())
    }

    /// A matrix in few bits.
    package convenience init(_ blocks: Blocks) {
        self.init(
            .blocks(blocks), shape: [blocks.rows, blocks.columns], owner: blocks, release: nil, sides: RightSides())
    }

    private init(
        _ storage: Storage, shape: [Int], owner: AnyObject, release: (@Sendable () -> Void)?, sides: RightSides
    ) {
        self.storage = storage
        self.shape = shape
        self.owner = owner
        self.release = release
        self.sides = sides
    }

    /// Some rows of a matrix, or elements of a vector, where they lie; what is packed of them is shared by all who ask.
    fileprivate func rows(_ range: Range<Int>) -> Weight {
        let width = shape.dropFirst().reduce(1, *)
        let part: Storage =
            switch storage {
            case .floats(let floats): .floats(floats + range.lowerBound * width)
            case .blocks(let blocks): .blocks(blocks.some(range))
            }
        return Weight(part, shape: [range.count] + shape.dropFirst(), owner: self, release: nil, sides: sides)
    }

    /// nil: it is in float32.
    package var blocks: Blocks? {
        if case .blocks(let blocks) = storage { blocks } else { nil }
    }

    /// The elements, of a tensor in float32: a vector is always. A matrix may be in blocks, of which `copy` unpacks rows.
    package var floats: UnsafePointer<Float> {
        guard case .floats(let floats) = storage else { preconditionFailure("a tensor in blocks is read by rows") }
        return floats
    }

    /// Where the elements lie: equal for views of one place.
    var address: UnsafeRawPointer? {
        switch storage {
        case .floats(let floats): UnsafeRawPointer(floats)
        case .blocks(let blocks): blocks.address
        }
    }

    /// Bytes that the elements take where they lie.
    package var byteCount: Int { blocks?.byteCount ?? count * MemoryLayout<Float>.size }

    /// Rows (elements of a vector) as float32.
    package func copy(rows range: Range<Int>, to target: UnsafeMutablePointer<Float>) {
        switch storage {
        case .floats(let floats):
            let width = shape.dropFirst().reduce(1, *)
            target.update(from: floats + range.lowerBound * width, count: range.count * width)
        case .blocks(let blocks): blocks.copy(rows: range, to: target)
        }
    }

    /// Tables from this size on are released after reading: below it what stays is not worth the reading again.
    private static let large = 128 << 20

    /// Whether rows that were read do not stay in memory.
    package var isReleased: Bool { release != nil && count >= Self.large / MemoryLayout<Float>.size }

    /// After rows of a table were copied. The system brings 16 pages or more of a file around each that is read, so that
    /// texts with a tenth of the pieces would have all of a large table in memory. Other threads may be reading.
    func releaseAfterReading() {
        if isReleased { release?() }
    }

    package convenience init(_ values: [Float], shape: [Int]) {
        precondition(values.count == shape.reduce(1, *), "\(values.count) values for shape \(shape)")
        let buffer = AlignedBuffer(count: values.count)
        values.withUnsafeBufferPointer { source in
            if let base = source.baseAddress { buffer.floats.update(from: base, count: values.count) }
        }
        self.init(floats: buffer.floats, shape: shape, owner: buffer)
    }

    package var count: Int { shape.reduce(1, *) }
    package var values: [Float] {
        [Float](unsafeUninitializedCapacity: count) { values, initialized in
            if let base = values.baseAddress, !shape.isEmpty { copy(rows: 0..<shape[0], to: base) }
            initialized = shape.isEmpty ? 0 : count
        }
    }
}

/// How a parameter starts. `stream` counters come from (seed, parameter name, element).
package enum Initializer: Equatable, Sendable {
    case zeros
    case ones
    /// N(0, deviation)
    case normal(Float)
    /// N(mean, deviation)
    case normalAround(mean: Float, deviation: Float)
    /// U(−bound, bound)
    case uniform(Float)
    /// U(−1/√fanIn, 1/√fanIn): Kaiming with a = √5, as torch's Linear
    case kaimingUniform(fanIn: Int)
    /// `off` everywhere, 1 on the diagonal
    case identity(off: Float)
    case values([Float])
    /// As a frozen tensor is: where training starts from pretrained numbers.
    case copy(Weight)

    func fill(_ p: UnsafeMutablePointer<Float>, shape: [Int], key: UInt64) {
        let count = shape.reduce(1, *)
        switch self {
        case .zeros: p.update(repeating: 0, count: count)
        case .ones: p.update(repeating: 1, count: count)
        case .normal(let deviation):
            for i in 0..<count { p[i] = deviation * Randomness.normal(key, i) }
        case .normalAround(let mean, let deviation):
            for i in 0..<count { p[i] = mean + deviation * Randomness.normal(key, i) }
        case .uniform(let bound):
            for i in 0..<count { p[i] = (2 * Randomness.uniform(key, i) - 1) * bound }
        case .kaimingUniform(let fanIn):
            Initializer.uniform(1 / Float(fanIn).squareRoot()).fill(p, shape: shape, key: key)
        case .identity(let off):
            let width = shape.last ?? 1
            for i in 0..<count { p[i] = i / width == i % width ? 1 : off }
        case .values(let values):
            for i in 0..<min(count, values.count) { p[i] = values[i] }
        case .copy(let weight):
            precondition(weight.shape == shape, "a copy of \(weight.shape) for \(shape)")
            weight.copy(rows: 0..<(shape.first ?? 0), to: p)
        }
    }
}

/// A trainable tensor's name, shape and start.
package struct ParameterSpec: Equatable, Sendable {
    package var name: String
    package var shape: [Int]
    package var initializer: Initializer
    /// A table of which each batch uses few rows.
    package var isTable: Bool
    /// Whether weight decay applies: not to biases and norms, as in transformers' trainer. Whoever declares the tensor
    /// knows; its name does not tell.
    package var decays: Bool
    /// The tensor's learning rate is the run's times this.
    package var rateFactor: Float
    package init(
        _ name: String, _ shape: [Int], _ initializer: Initializer, isTable: Bool = false, decays: Bool = true,
        rateFactor: Float = 1
    ) {
        self.isTable = isTable
        self.decays = decays
        self.rateFactor = rateFactor
        self.name = name
        self.shape = shape
        self.initializer = initializer
    }
    package var count: Int { shape.reduce(1, *) }
}

/// A trainable tensor in the flat buffer, or one that is derived from such (`Derivation`).
package struct Parameter {
    package let name: String
    package let shape: [Int]
    /// Floats before it in the flat buffer; −1 for a derived tensor, which lies elsewhere.
    package let offset: Int
    package let values: UnsafeMutablePointer<Float>
    package let gradient: UnsafeMutablePointer<Float>
    /// Of the whole buffer: plans over the same parameters share what they pack.
    let sides: RightSides
    /// Of a table: which rows have gradients.
    package let ledger: RowLedger?
    /// Whether weight decay applies (see `ParameterSpec`).
    package let decays: Bool
    /// Of the learning rate (see `ParameterSpec`).
    package var rateFactor: Float = 1
    /// Of a derived tensor: what computes it.
    let derived: DerivedTensor?
    /// Of some rows of a tensor: the tensor.
    var whole: WholeParameter?
    package var count: Int { shape.reduce(1, *) }
    package var array: [Float] { Array(UnsafeBufferPointer(start: values, count: count)) }
    package var gradientArray: [Float] { Array(UnsafeBufferPointer(start: gradient, count: count)) }
}

/// A trainable tensor of which an operation sees some rows.
final class WholeParameter {
    let parameter: Parameter
    init(_ parameter: Parameter) { self.parameter = parameter }
}

/// All trainable numbers of a run in one flat, ordered float32 buffer with a table of names; gradients beside it.
/// Reduction, optimizer, checkpoints and partitioning are ranges of it.
package final class ParameterBuffer {
    package let parameters: [Parameter]
    package let count: Int
    private let byName: [String: Int]
    private let storage: AlignedBuffer
    private let gradientStorage: AlignedBuffer

    package init(_ specs: [ParameterSpec], seed: UInt64) throws(NumericsError) {
        var byName: [String: Int] = [:]
        var offsets: [Int] = []
        var total = 0
        for (i, spec) in specs.enumerated() {
            guard byName.updateValue(i, forKey: spec.name) == nil else {
                throw NumericsError.duplicateParameter(spec.name)
            }
            offsets.append(total)
            total += (spec.count + 15) / 16 * 16  // each tensor starts on a cache line
        }
        count = total
        self.byName = byName
        storage = AlignedBuffer(count: total)
        gradientStorage = AlignedBuffer(count: total)
        var parameters: [Parameter] = []
        // Whoever has a parameter, such as a plan, keeps its numbers
        let sides = RightSides(keeping: [storage, gradientStorage])
        for (spec, offset) in zip(specs, offsets) {
            let values = storage.floats + offset
            spec.initializer.fill(
                values, shape: spec.shape, key: Randomness.key(seed, Randomness.hash(spec.name)))
            parameters.append(
                Parameter(
                    name: spec.name, shape: spec.shape, offset: offset, values: values,
                    gradient: gradientStorage.floats + offset, sides: sides,
                    ledger: spec.isTable ? RowLedger(rows: spec.shape[0]) : nil, decays: spec.decays,
                    rateFactor: spec.rateFactor, derived: nil))
        }
        self.parameters = parameters
    }

    package var values: UnsafeMutablePointer<Float> { storage.floats }
    package var gradients: UnsafeMutablePointer<Float> { gradientStorage.floats }

    /// Gives the gradients' memory back; they are zero until the next run.
    package func releaseGradients() {
        gradientStorage.clear()
        for parameter in parameters { parameter.ledger?.forget() }
    }

    package subscript(name: String) -> Parameter? { byName[name].map { parameters[$0] } }

    package func index(of name: String) -> Int? { byName[name] }

    /// Numbers that are trained, without the padding between tensors.
    package var trainable: Int { parameters.reduce(0) { $0 + $1.count } }
}

/// What an operation multiplies with: frozen, or trainable (then it has a gradient).
package enum Operand {
    case frozen(Weight)
    case trainable(Parameter)

    package var floats: UnsafePointer<Float> {
        switch self {
        case .frozen(let weight): weight.floats
        case .trainable(let parameter): UnsafePointer(parameter.values)
        }
    }
    package var shape: [Int] {
        switch self {
        case .frozen(let weight): weight.shape
        case .trainable(let parameter): parameter.shape
        }
    }
    package var parameter: Parameter? {
        if case .trainable(let parameter) = self { parameter } else { nil }
    }
    package var isTrainable: Bool { parameter != nil }
    /// The elements, row-major.
    package var values: [Float] {
        switch self {
        case .frozen(let weight): weight.values
        case .trainable(let parameter): parameter.array
        }
    }

    /// Where the elements lie.
    var address: UnsafeRawPointer? {
        switch self {
        case .frozen(let weight): weight.address
        case .trainable(let parameter): UnsafeRawPointer(parameter.values)
        }
    }

    /// Whether rows are unpacked before they are read.
    var isInBlocks: Bool {
        if case .frozen(let weight) = self { weight.blocks != nil } else { false }
    }

    /// Some rows of a matrix as float32: where they lie, or unpacked.
    /// - Parameter room: gives memory for so many floats; asked where they are unpacked.
    func rows(
        _ range: Range<Int>, room: (Int) -> UnsafeMutablePointer<Float>
    ) -> UnsafePointer<Float> {
        guard case .frozen(let weight) = self, let blocks = weight.blocks else {
            return floats + range.lowerBound * shape.dropFirst().reduce(1, *)
        }
        let unpacked = room(range.count * blocks.columns)
        blocks.copy(rows: range, to: unpacked)
        return UnsafePointer(unpacked)
    }
}

extension Operand {
    /// Refuses a tensor of another shape when a plan is built: at run time nothing looks at shapes any more. Files are
    /// checked against the model before, so what fails here is a mistake in the program.
    func require(_ expected: [Int], _ role: String) {
        precondition(shape == expected, "\(role) has shape \(shape), expected \(expected)")
    }

    /// Some rows of a matrix [rows, columns], or elements of a vector, as an operand of its own: a projection that lies in one
    /// tensor with others. All rows of a trainable tensor belong into one plan, so that all get gradients.
    package func rows(_ range: Range<Int>) -> Operand {
        precondition(
            !shape.isEmpty && !range.isEmpty && range.lowerBound >= 0 && range.upperBound <= shape[0],
            "rows \(range) of a tensor \(shape)")
        switch self {
        case .frozen(let weight): return .frozen(weight.rows(range))
        case .trainable(let p):
            precondition(p.ledger == nil && p.derived == nil && p.whole == nil, "rows of \(p.name)")
            let first = range.lowerBound * shape.dropFirst().reduce(1, *)
            var rows = Parameter(
                name: p.name, shape: [range.count] + shape.dropFirst(), offset: p.offset + first,
                values: p.values + first, gradient: p.gradient + first, sides: p.sides, ledger: nil,
                decays: p.decays, derived: nil)
            rows.whole = WholeParameter(p)
            return .trainable(rows)
        }
    }

    /// The same numbers under another shape of as many elements.
    package func reshaped(_ shape: [Int]) -> Operand {
        precondition(shape.reduce(1, *) == self.shape.reduce(1, *))
        switch self {
        case .frozen(let weight): return .frozen(weight.reshaped(shape))
        case .trainable(let p):
            return .trainable(
                Parameter(
                    name: p.name, shape: shape, offset: p.offset, values: p.values, gradient: p.gradient,
                    sides: p.sides, ledger: nil, decays: p.decays, derived: p.derived))
        }
    }
}

extension Weight: Equatable {
    /// The same object.
    package static func == (a: Weight, b: Weight) -> Bool { a === b }
}

extension Weight {
    fileprivate func reshaped(_ shape: [Int]) -> Weight {
        shape == self.shape ? self : Weight(floats: floats, shape: shape, owner: self)
    }
}

/// Operands by name: a trainable tensor hides the frozen one of the same name, which is how a base parameter is overlaid.
package struct OperandTable {
    package let trainable: ParameterBuffer
    private let frozen: (String) -> Weight?

    package init(trainable: ParameterBuffer, frozen: @escaping (String) -> Weight?) {
        self.trainable = trainable
        self.frozen = frozen
    }

    /// - Throws: `NumericsError.missingTensor` where neither kind has the name.
    package func callAsFunction(_ name: String) throws(NumericsError) -> Operand {
        if let parameter = trainable[name] { return .trainable(parameter) }
        if let weight = frozen(name) { return .frozen(weight) }
        throw .missingTensor(name)
    }
}
