import Files
import Models
import Numerics

/// A way for adapters to act together: what a block of a composition computes from its children.
///
/// A new block is one file that conforms to this, one line in `CompositionBlocks.builtIn`, and its test. Expressions, the
/// bundle's schema and the shared tests follow from the registry.
package protocol CompositionBlock: Sendable {
    /// As in bundles and expressions: "fuse".
    static var kind: String { get }
    /// For messages: "a fusion".
    static var phrase: String { get }
    /// The kinds of blocks that may stand around it, at any depth; nil: all.
    static var parents: Set<String>? { get }
    /// Its configuration in full.
    var fields: [String: ConfigurationValue] { get }
    /// - Throws: `BlockFault` for a field that is unknown, of another type or out of range
    init(_ fields: BlockFields) throws(BlockFault)

    /// Its own tensors, in full: `SCOPE/site/layer/tensor`.
    /// - Throws: `AdapterError.composition` for children that it cannot take
    func specs(_ children: [Outline], _ architecture: Architecture, scope: String) throws(AdapterError)
        -> [ParameterSpec]
    /// What it does at the sites of a model.
    /// - Parameter tensors: its own.
    /// - Throws: `AdapterError.composition` for children that it cannot take
    func plugin(_ children: [ComposedChild], _ architecture: Architecture, _ tensors: MemberTensors)
        throws(AdapterError) -> any SitePlugin
    /// The bottleneck that acts last at a site, as a fusion above it asks; nil: nothing acts there, or another form.
    func bottleneck(at site: SiteSpec, _ children: [Outline]) -> Bottleneck?
    /// Makes the children's effect on a projection part of its weight and bias.
    /// - Parameter children: each merges one child into a projection
    /// - Throws: `AdapterError` for a block that is more than a projection
    func merge(into projection: inout Projection, _ children: [(inout Projection) throws -> Void]) throws
    /// The same block over some of its children, which needs no training.
    /// - Parameter kept: their places, ascending, at least one
    /// - Returns: nil: each child is needed
    func keeping(_ kept: [Int]) -> (any CompositionBlock)?
    /// One of its own tensors for the block over some of its children.
    /// - Parameters:
    ///   - kept: places of the children that are left, of `count`
    func keeping(_ kept: [Int], of count: Int, shape: [Int], values: [Float]) -> (shape: [Int], values: [Float])
}

extension CompositionBlock {
    package static var phrase: String { kind }
    package static var parents: Set<String>? { nil }

    package func specs(_ children: [Outline], _ architecture: Architecture, scope: String) throws(AdapterError)
        -> [ParameterSpec]
    { [] }

    package func keeping(_ kept: [Int]) -> (any CompositionBlock)? { nil }

    package func keeping(_ kept: [Int], of count: Int, shape: [Int], values: [Float]) -> (shape: [Int], values: [Float])
    {
        (shape, values)
    }

    package func bottleneck(at site: SiteSpec, _ children: [Outline]) -> Bottleneck? {
        children.reversed().lazy.compactMap { $0.bottleneck(at: site) }.first
    }
}

/// The registry of blocks.
package enum CompositionBlocks {
    package static let builtIn: [any CompositionBlock.Type] = [
        Arrow.self,
        Average.self,
        BatchSplit.self,
        Cat.self,
        Fuse.self,
        MTLLoRA.self,
        MultiTask.self,
        Parallel.self,
        ScaLearn.self,
        Scale.self,
        TokenSplit.self,
        Stack.self,
    ]

    package static var kinds: [String] { builtIn.map { $0.kind } }
    package static func named(_ kind: String) -> (any CompositionBlock.Type)? { builtIn.first { $0.kind == kind } }
}

/// A field of a block that is not as it should be.
package struct BlockFault: Error, Equatable, Sendable {
    package let field: String
    package let found: String
    package let expected: String

    package init(_ field: String, found: String, expected: String) {
        self.field = field
        self.found = found
        self.expected = expected
    }
}

/// A block's fields as a file or an expression gives them.
package struct BlockFields {
    private let fields: [String: ConfigurationValue]
    /// Number of the block's children.
    package let children: Int

    package init(_ fields: [String: ConfigurationValue], children: Int) {
        self.fields = fields
        self.children = children
    }

    /// Refuses fields that the block does not have.
    package func check(_ known: [String]) throws(BlockFault) {
        guard let unknown = fields.keys.sorted().first(where: { !known.contains($0) }) else { return }
        throw BlockFault(
            unknown, found: "an unknown option",
            expected: known.isEmpty ? "no options" : known.sorted().joined(separator: ", "))
    }

    package func flag(_ name: String, default fallback: Bool) throws(BlockFault) -> Bool {
        guard let value = fields[name] else { return fallback }
        guard case .bool(let flag) = value else { throw BlockFault(name, found: value.json, expected: "true or false") }
        return flag
    }

    /// A list of names, or of lists of them; nil: the field is absent.
    package func names(_ name: String) throws(BlockFault) -> [[String]]? {
        guard let value = fields[name] else { return nil }
        func fault(_ value: ConfigurationValue) -> BlockFault {
            BlockFault(name, found: value.json, expected: "a list of names, such as [\"a\", \"b\"]")
        }
        guard case .list(let list) = value else { throw fault(value) }
        var names: [[String]] = []
        for item in list {
            switch item {
            case .string(let name) where !name.isEmpty: names.append([name])
            case .list(let items) where !items.isEmpty:
                let own = items.compactMap { if case .string(let name) = $0, !name.isEmpty { name } else { nil } }
                guard own.count == items.count else { throw fault(item) }
                names.append(own)
            default: throw fault(item)
            }
        }
        return names
    }

    /// A finite number.
    package func number(
        _ name: String, default fallback: Double, expected: String, _ isValid: (Double) -> Bool
    ) throws(BlockFault) -> Double {
        guard let value = fields[name] else { return fallback }
        guard case .number(let number) = value, number.isFinite, isValid(number) else {
            throw BlockFault(name, found: value.json, expected: expected)
        }
        return number
    }

    /// Finite numbers; nil: the field is absent.
    package func numbers(_ name: String) throws(BlockFault) -> [Double]? {
        guard let value = fields[name] else { return nil }
        guard case .list(let list) = value else {
            throw BlockFault(name, found: value.json, expected: "a list of numbers")
        }
        var numbers: [Double] = []
        for item in list {
            guard case .number(let number) = item, number.isFinite else {
                throw BlockFault(name, found: item.json, expected: "finite numbers")
            }
            numbers.append(number)
        }
        return numbers
    }
}
