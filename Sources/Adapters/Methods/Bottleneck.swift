import Files
import Models
import Numerics

/// A narrow two-layer network at a site, as fusion sees it.
package struct Bottleneck: Equatable, Sendable {
    /// What it reads.
    package enum Source: String, Sendable {
        /// h, the sublayer's output
        case output
        /// LN(h + input), the block's own frozen norm
        case normalized
        /// the sublayer's input
        case input
    }
    package let source: Source
    package let activation: ActivationKind
    /// Rows of the down matrix.
    package let width: Int
    package let scale: Float
    /// Whether it adds scale · (up f(down x)) and does nothing else, so that several can run as one wide network.
    package var isPlain = true
}

extension SiteContext {
    /// The value that a bottleneck reads.
    func value(_ source: Bottleneck.Source) throws -> Value {
        switch source {
        case .output: try output()
        case .normalized: try normalized()
        case .input: input
        }
    }
}
