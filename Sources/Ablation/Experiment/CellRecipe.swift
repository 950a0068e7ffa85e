import Adapters
import Bundles
import Files
import Training

/// A recipe whose bundles may still have to be trained.
package struct CellRecipe {
    /// The bundles that `make` gets, in this order.
    package let inputs: [CellInput]
    /// All that shapes it beside them.
    let identity: String
    /// Whether the base drops in its trainings as the settings say. Not where nothing below the head learns: then the base gives a
    /// text the same in every step, and is computed once for all epochs, learning rates and seeds (`SharedActivations`).
    package var usesBaseDropout: Bool
    let make: ([AdapterBundle]) throws -> Recipe

    package init(
        identity: String, inputs: [CellInput] = [], usesBaseDropout: Bool = true,
        make: @escaping ([AdapterBundle]) throws -> Recipe
    ) {
        self.identity = identity
        self.inputs = inputs
        self.usesBaseDropout = usesBaseDropout
        self.make = make
    }

    package static var head: CellRecipe { .init(identity: "head", usesBaseDropout: false) { _ in .head } }

    package static var full: CellRecipe { .init(identity: "full") { _ in .full } }

    package static func adapter(_ configuration: AdapterConfiguration) -> CellRecipe {
        .init(identity: "adapter \(configuration.json)") { _ in .adapter(configuration, from: nil) }
    }

    package static func fusion(_ inputs: [CellInput], _ configuration: FusionConfiguration) -> CellRecipe {
        .init(identity: "fusion \(ConfigurationValue.map(configuration.fields).json)", inputs: inputs) {
            try .fusion($0, configuration)
        }
    }
}
