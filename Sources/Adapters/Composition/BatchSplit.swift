import Files
import Models
import Numerics

/// Texts by their order: the first so many pass through the first child, the next through the second, and so on. All texts
/// of a call are one batch, whose size must be the sum.
///
/// As in the `adapters` library, with its option `batch_sizes`. It predicts; a training has `MultiTask`.
package struct BatchSplit: SequenceSelector {
    package static let kind = "batchsplit"
    package static let parents: Set<String>? = [
        Average.kind, BatchSplit.kind, MultiTask.kind, Parallel.kind, TokenSplit.kind, Stack.kind,
    ]
    static let option = "batch_sizes"
    /// One for each child, 1 or more.
    package let sizes: [Int]
    package var fields: [String: ConfigurationValue] { [Self.option: .list(sizes.map { .init($0) })] }

    package init(sizes: [Int]) { self.sizes = sizes }

    /// One number counts for all children.
    package init(_ fields: BlockFields) throws(BlockFault) {
        try fields.check([Self.option])
        sizes = try fields.sizes(Self.option)
    }

    package func plugin(_ children: [ComposedChild], _ architecture: Architecture, _ tensors: MemberTensors)
        throws(AdapterError) -> any SitePlugin
    {
        throw .composition(
            "\(Self.kind): found texts without an order, expected those of one prediction; use multitask to train")
    }
}

extension BlockFields {
    /// Numbers of rows, one for each child; one number counts for all.
    func sizes(_ name: String) throws(BlockFault) -> [Int] {
        let most = 1 << 30
        let expected = "\(children) whole numbers from 1 on, one for each child"
        func size(_ number: Double) throws(BlockFault) -> Int {
            guard let size = Int(exactly: number), (1...most).contains(size) else {
                throw BlockFault(name, found: "\(number)", expected: expected)
            }
            return size
        }
        if let single = try? number(name, default: 0, expected: "", { _ in true }), single != 0 {
            return [Int](repeating: try size(single), count: children)
        }
        guard let numbers = try numbers(name) else { throw BlockFault(name, found: "nothing", expected: expected) }
        guard numbers.count == children else {
            throw BlockFault(name, found: counted(numbers.count, "number"), expected: expected)
        }
        var sizes: [Int] = []
        for number in numbers { sizes.append(try size(number)) }
        return sizes
    }
}

extension Composition {
    /// The number of texts that batch splits are for; nil: there are none, and texts have no order.
    package var batchSize: Int? {
        guard case .block(let node) = self else { return nil }
        if let split = node.block as? BatchSplit { return split.sizes.reduce(0, +) }
        return node.children.lazy.compactMap(\.batchSize).first
    }

    /// What acts on some sequences in order: neighbouring ranges, each with a tree that has no batch splits. Blocks keep
    /// their ids.
    /// - Throws: `AdapterError.composition` for a number of sequences that is not the sum of the sizes
    package func batchParts(_ count: Int) throws(AdapterError) -> [(range: Range<Int>, composition: Composition)] {
        guard case .block(let node) = self else { return [(0..<count, self)] }
        if let split = node.block as? BatchSplit {
            let sum = split.sizes.reduce(0, +)
            guard sum == count else {
                throw .composition(
                    "\(text): found \(counted(count, "text")), expected \(sum), the sum of \(BatchSplit.option)")
            }
            var (parts, start): ([(range: Range<Int>, composition: Composition)], Int) = ([], 0)
            for (child, size) in zip(node.children, split.sizes) {
                for part in try child.batchParts(size) {
                    parts.append((part.range.lowerBound + start..<part.range.upperBound + start, part.composition))
                }
                start += size
            }
            return parts
        }
        var children: [[(range: Range<Int>, composition: Composition)]] = []
        for child in node.children { children.append(try child.batchParts(count)) }
        let ends = Set(children.joined().map(\.range.upperBound)).sorted()
        return zip([0] + ends, ends).map { start, end in
            let own = children.compactMap { parts in parts.first { $0.range.contains(start) || end == 0 }?.composition }
            return (start..<end, .above(node.id, node.block, own))
        }
    }
}
