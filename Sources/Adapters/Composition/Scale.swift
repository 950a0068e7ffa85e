import Files
import Models

/// A part with its effect multiplied: h + s (o − h), where o is what the part makes of h. With s = 0 the part does nothing, and
/// its heads read what the model gives without it.
package struct Scale: CompositionBlock {
    package static let kind = "scale"
    package static let option = "by"
    /// s.
    package let factor: Double
    package var fields: [String: ConfigurationValue] { [Self.option: .number(factor)] }

    /// - Parameter factor: finite
    package init(by factor: Double) { self.factor = factor }

    package init(_ fields: BlockFields) throws(BlockFault) {
        try fields.check([Self.option])
        guard fields.children == 1 else {
            throw BlockFault("parts", found: counted(fields.children, "part"), expected: "one; scale each by itself")
        }
        let factor = try fields.number(Self.option, default: .nan, expected: "a number, such as by=0.5") {
            Float($0).isFinite
        }
        guard factor.isFinite else {
            throw BlockFault(Self.option, found: "nothing", expected: "a number, such as by=0.5")
        }
        self.factor = factor
    }

    package func plugin(_ children: [ComposedChild], _ architecture: Architecture, _ tensors: MemberTensors)
        throws(AdapterError) -> any SitePlugin
    {
        let parts = try WeightedParts(children, weights: [factor], of: "a scale")
        return factor == 0 ? NoPlugin() : parts
    }

    /// W + s ΔW.
    package func merge(into projection: inout Projection, _ children: [(inout Projection) throws -> Void]) throws {
        try WeightedParts.merge(into: &projection, children, weights: [factor])
    }
}
