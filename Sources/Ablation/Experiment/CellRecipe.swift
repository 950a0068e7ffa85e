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
    /// Time of a training token in units of an adapter's, measured on two cores.
    let cost: Double
    let make: ([AdapterBundle]) throws -> Recipe

    package init(
        identity: String, inputs: [CellInput] = [], cost: Double,
        make: @escaping ([AdapterBundle]) throws -> Recipe
    ) {
        self.identity = identity
        self.inputs = inputs
        self.cost = cost
        self.make = make
    }

    package static var head: CellRecipe { .init(identity: "head", cost: 0.4) { _ in .head } }

    package static var probe: CellRecipe {
        .init(identity: "linear probe", cost: TokenCost.forward) { _ in .probe() }
    }

    package static var full: CellRecipe { .init(identity: "full", cost: 1.7) { _ in .full } }

    package static func adapter(_ configuration: AdapterConfiguration) -> CellRecipe {
        .init(identity: "adapter \(configuration.json)", cost: 1) { _ in .adapter(configuration, from: nil) }
    }

    package static func fusion(_ inputs: [CellInput], _ configuration: FusionConfiguration) -> CellRecipe {
        .init(
            identity: "fusion \(ConfigurationValue.map(configuration.fields).json)", inputs: inputs,
            cost: 1 + TokenCost.further * Double(max(0, inputs.count - 1))
        ) { try .fusion($0, configuration) }
    }
}
