import Files

/// How a fusion attends. Fields are those of AdapterHub's AdapterFusionConfig that change what is computed.
package struct FusionConfiguration: Equatable, Sendable {
    /// With a value matrix (`dynamic`) or without (`static`).
    package var value: Bool
    /// λ of λ ‖I − V‖², Frobenius, in each layer.
    package var regularization: Float
    package var temperature: Float

    package static let dynamic = FusionConfiguration(value: true, regularization: 0.01, temperature: 1)
    package static let `static` = FusionConfiguration(value: false, regularization: 0, temperature: 1)

    package init(value: Bool, regularization: Float, temperature: Float) {
        self.value = value
        self.regularization = regularization
        self.temperature = temperature
    }

    package var fields: [String: ConfigurationValue] {
        [
            "value": .bool(value), "regularization": .number(Double(regularization)),
            "temperature": .number(Double(temperature)),
        ]
    }

    /// - Throws: `BlockFault` for a field that is unknown, of another type or out of range
    package init(_ fields: BlockFields) throws(BlockFault) {
        try fields.check(["regularization", "temperature", "value"])
        let value = try fields.flag("value", default: true)
        let standard: FusionConfiguration = value ? .dynamic : .static
        self.init(
            value: value,
            regularization: Float(
                try fields.number(
                    "regularization", default: Double(standard.regularization), expected: "0 or more"
                ) { $0 >= 0 }),
            temperature: Float(
                try fields.number("temperature", default: 1, expected: "a number above 0") { Float($0) > 0 }))
    }

    /// The form of version 1 bundles.
    package init?(json: ConfigurationValue) {
        guard case .map(let map) = json, map.count == 3,
            let own = try? FusionConfiguration(BlockFields(map, children: 1))
        else { return nil }
        self = own
    }
}
