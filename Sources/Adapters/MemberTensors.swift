import Models
import Numerics

/// An adapter's tensors, trainable or frozen, under its own names: `site/layer/tensor`.
package struct MemberTensors {
    /// That the tensors were made for.
    package let architecture: Architecture
    private let operand: OperandTable
    private let prefix: String
    /// Of a union: the part whose tensors these are.
    private let part: String?

    /// - Parameter prefix: of the adapter's tensors in the table: `members/NAME`.
    package init(_ operand: OperandTable, prefix: String, of architecture: Architecture) {
        self.init(operand, prefix: prefix, of: architecture, part: nil)
    }

    private init(_ operand: OperandTable, prefix: String, of architecture: Architecture, part: String?) {
        (self.operand, self.prefix, self.architecture, self.part) = (operand, prefix, architecture, part)
    }

    /// Those of a union's part, which calls them as if it stood alone.
    func part(_ id: String) -> MemberTensors { MemberTensors(operand, prefix: prefix, of: architecture, part: id) }

    /// Before the names of whatever random or derived the adapter has outside sites: `members/NAME`.
    var scope: String { part.map { "\(prefix)/\($0)" } ?? prefix }

    /// The name of a random site of the adapter: `members/NAME/query/3`.
    func scope(_ site: Site) -> String { "\(scope)/\(site.name)" }

    package func callAsFunction(_ site: Site, _ tensor: String) throws(NumericsError) -> Operand {
        try self("\(site.name)/\(tensor)")
    }

    /// A tensor by its own name, also one that belongs to no single site.
    package func callAsFunction(_ name: String) throws(NumericsError) -> Operand {
        try operand("\(prefix)/\(part.map { Union.name(name, of: $0) } ?? name)")
    }
}
