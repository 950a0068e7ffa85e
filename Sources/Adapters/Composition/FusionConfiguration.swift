import Files

/// How a fusion attends. Fields are those of AdapterHub's AdapterFusionConfig that change what is computed.
package struct FusionConfiguration: Equatable, Sendable {
    /// With a value matrix (`dynamic`) or without (`static`).
    package var value: Bool
    /// λ of λ ‖I − V‖², Frobenius, in each layer.
    package var regularization: Float
    package var temperature: Float
    /// How much each child counts before anything is learned: the logarithms are added to the scores, so that attention starts
    /// near these shares. Over 0; nil: all alike. (AdapterHub's fusions have none.)
    package var prior: [Double]?

    package static let dynamic = FusionConfiguration(value: true, regularization: 0.01, temperature: 1)
    package static let `static` = FusionConfiguration(value: false, regularization: 0, temperature: 1)

    package init(value: Bool, regularization: Float, temperature: Float, prior: [Double]? = nil) {
        self.prior = prior
        self.value = value
        self.regularization = regularization
        self.temperature = temperature
    }

    package var fields: [String: ConfigurationValue] {
        [
            "value": .bool(value), "regularization": .number(Double(regularization)),
            "temperature": .number(Double(temperature)),
        ].merging(prior.map { ["prior": .list($0.map { .number($0) })] } ?? [:]) { $1 }
    }

    /// - Throws: `BlockFault` for a field that is unknown, of another type or out of range
    package init(_ fields: BlockFields) throws(BlockFault) {
        try fields.check(["prior", "regularization", "temperature", "value"])
        let value = try fields.flag("value", default: true)
        let standard: FusionConfiguration = value ? .dynamic : .static
        self.init(
            value: value,
            regularization: Float(
                try fields.number(
                    "regularization", default: Double(standard.regularization), expected: "0 or more"
                ) { $0 >= 0 }),
            temperature: Float(
                try fields.number("temperature", default: 1, expected: "a number above 0") { Float($0) > 0 }),
            prior: try Self.prior(fields))
    }

    private static func prior(_ fields: BlockFields) throws(BlockFault) -> [Double]? {
        let prior = try fields.numbers("prior")
        try check(prior, children: fields.children)
        return prior
    }

    private static func check(_ prior: [Double]?, children: Int) throws(BlockFault) {
        guard let prior else { return }
        guard prior.count == children else {
            throw BlockFault(
                "prior", found: counted(prior.count, "number"), expected: "\(children), one for each child")
        }
        if let wrong = prior.first(where: { !(1e-6...1e6).contains($0) }) {
            throw BlockFault("prior", found: "\(wrong)", expected: "numbers from 1e-6 to 1e6")
        }
    }

    /// Checks a prior that came from a program.
    /// - Throws: `AdapterError.composition`
    func check(children: Int) throws(AdapterError) {
        do { try Self.check(prior, children: children) } catch {
            throw .composition("fuse: \(error.field): found \(error.found), expected \(error.expected)")
        }
    }

    /// The prior of some of the children.
    package func keeping(_ kept: [Int]) -> FusionConfiguration {
        var own = self
        own.prior = prior.map { all in kept.map { all[$0] } }
        return own
    }

    /// The form of version 1 bundles.
    package init?(json: ConfigurationValue) {
        guard case .map(let map) = json, map.count == 3,
            let own = try? FusionConfiguration(BlockFields(map, children: 1))
        else { return nil }
        self = own
    }
}
