import Models
import Numerics

/// A block of which each sequence passes through one child.
///
/// Sequences do not see each other in an encoder, so what such a block gives is what the model gives with one child alone in
/// the block's place. Whoever runs sequences puts the children there first (`Composition.serving`,
/// `Composition.batchParts`), so that sites and plans never see the block.
package protocol SequenceSelector: CompositionBlock {}

extension SequenceSelector {
    package func merge(into projection: inout Projection, _ children: [(inout Projection) throws -> Void]) throws {
        throw AdapterError.composition("\(Self.kind) has different weights for different texts")
    }
}

extension Composition {
    /// The kinds of its blocks of which each sequence passes through one child.
    package var selectors: [String] {
        nodes.filter { $0.block is any SequenceSelector }.map { type(of: $0.block).kind }
    }
}
