import Amalgam
import ArgumentParser
import Foundation

/// A composition of bundles, written as one expression.
struct ComposeOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A composition of bundles, such as 'stack(lang-de.h5, fuse(a.h5, b.h5))', 'average(a.h5, b.h5, weights=[0.7, 0.3])' or 'parallel(a.h5, b.h5)'.",
            valueName: "expression"))
    var compose: String?

    /// The files that the expression names; none where there is no expression.
    func files() throws -> [String] { try compose.map { try Composition.bundleNames(in: $0) } ?? [] }

    /// The expression with its bundles.
    /// - Returns: nil where none is given
    func composition(allowChanged: Bool = false) throws -> Composition? {
        try compose.map { expression in
            try Composition(expression) {
                try AdapterBundle(contentsOf: URL(fileURLWithPath: $0), allowsChanges: allowChanged)
            }
        }
    }
}
