import Adapters
import ArgumentParser
import Bundles
import Foundation
import Training

/// A composition of bundles, written as one expression.
struct ComposeOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A composition of bundles, such as 'stack(lang-de.h5, fuse(a.h5, b.h5))' or 'average(a.h5, b.h5, weights=[0.7, 0.3])'.",
            valueName: "expression"))
    var compose: String?

    /// - Returns: nil where none is given
    /// - Throws: `TrainingError.setting` that names the column
    func expression() throws -> CompositionExpression? {
        guard let compose else { return nil }
        do throws(CompositionExpression.Fault) {
            return try CompositionExpression(compose)
        } catch { throw Self.fault(error) }
    }

    /// What a training with this composition trains; nil where none is given.
    /// - Parameter new: the configuration of `new`; nil: the command trains blocks alone
    func recipe(
        for session: Session, new: AdapterConfiguration? = nil, from start: AdapterBundle? = nil, force: Bool = false
    ) throws -> Recipe? {
        guard let expression = try expression() else { return nil }
        let columns = expression.newColumns
        if let column = columns.dropFirst(new == nil ? 0 : 1).first {
            throw Self.fault(
                .init(
                    column: column, found: "new",
                    expected: new == nil ? "a bundle; train-adapter trains a new adapter" : "new only once"))
        }
        var composed = Composed()
        let tree = try Self.tree(expression, into: &composed) {
            try AdapterBundle.read($0, for: session, force: force)
        }
        composed.languageWarnings.forEach { Console.warn($0) }
        return .composition(tree, of: composed, new: columns.isEmpty ? nil : new, from: columns.isEmpty ? nil : start)
    }

    /// The composition as one bundle, to evaluate or predict with.
    func bundle(force: Bool, allowChanged: Bool) throws -> AdapterBundle {
        guard let expression = try expression() else { throw ValidationError("--compose: give an expression") }
        if let column = expression.newColumns.first {
            throw Self.fault(.init(column: column, found: "new", expected: "a trained bundle"))
        }
        var composed = Composed()
        var first: (file: String, base: BaseIdentity)?
        let tree = try Self.tree(expression, into: &composed) { file in
            let bundle = try BundleFile.read(URL(fileURLWithPath: file), allowChanged: allowChanged)
            if let first, !force, first.base.fingerprint != bundle.base.fingerprint {
                throw BundleError.members(
                    "\(file): trained on base model \(bundle.base.name), but \(first.file) on \(first.base.name); "
                        + "compose bundles of one base model")
            }
            if first == nil { first = (file, bundle.base) }
            return bundle
        }
        composed.finish(tree)
        composed.languageWarnings.forEach { Console.warn($0) }
        guard let base = first?.base else { throw ValidationError("--compose: give at least one bundle") }
        return try composed.bundle(name: composed.composition?.text ?? "", base: base)
    }

    /// Reads each file once; a file in several places is one adapter in several places.
    private static func tree(
        _ expression: CompositionExpression, into composed: inout Composed, _ read: (String) throws -> AdapterBundle
    ) throws -> Composition {
        var parts: [String: Composition] = [:]
        var own = composed
        let tree = try expression.tree(new: Recipe.newAdapter) { file, column in
            if let known = parts[file] { return known }
            let part = try own.take(read(file))
            parts[file] = part
            return part
        }
        composed = own
        return tree
    }

    private static func fault(_ fault: CompositionExpression.Fault) -> TrainingError {
        .setting(name: "--compose, column \(fault.column)", found: fault.found, expected: fault.expected)
    }
}
