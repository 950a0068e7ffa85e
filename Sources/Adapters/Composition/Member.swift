import Files
import Models
import Numerics

/// An adapter by name, as it stands in a composition.
package struct Member: Sendable {
    package let name: String
    package let configuration: AdapterConfiguration

    package init(name: String, configuration: AdapterConfiguration) {
        self.name = name
        self.configuration = configuration
    }

    package var scope: String { "members/\(name)" }

    /// As bundles hold it.
    package func saved() throws(AdapterError) -> Member { Member(name: name, configuration: try configuration.saved()) }

    /// The tensors by full name that differ in the form that bundles hold.
    /// - Parameter operand: of its tensors as they were trained, all frozen.
    package func savedTensors(_ architecture: Architecture, _ operand: OperandTable) throws -> [String: [Float]] {
        let method = try configuration.makeMethod()
        guard !method.savedFields.isEmpty else { return [:] }
        let tensors = try method.savedTensors(architecture, MemberTensors(operand, prefix: scope, of: architecture))
        return Dictionary(tensors.map { ("\(scope)/\($0.key)", $0.value) }) { first, _ in first }
    }

    /// Its tensors, named in full.
    package func specs(_ architecture: Architecture) throws(AdapterError) -> [ParameterSpec] {
        try configuration.makeMethod().specs(architecture).map { spec in
            var spec = spec
            spec.name = "\(scope)/\(spec.name)"
            return spec
        }
    }
}

extension [Member] {
    /// Positions that the first adapter of a composition takes from a text; of several that could be it, the most.
    package var takenPositions: Int {
        compactMap { try? $0.configuration.makeMethod().virtualTokens?.positions }.max() ?? 0
    }
}
