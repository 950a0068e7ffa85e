import Bundles
import Files
import Tasks
import Training

/// All that shapes a cell's result at one learning rate: with the same key a stored result is the same one.
struct CellKey {
    let fields: [String: ConfigurationValue]

    /// - Parameters:
    ///   - settings: with the learning rate.
    ///   - base: `Session.identity`.
    ///   - input: the key of a bundle that the cell builds on.
    init(
        _ cell: Cell, _ settings: TrainingSettings, base: String, program: String = BundleFile.creator,
        input: (CellInput) throws -> String
    ) rethrows {
        fields = [
            "program": .string(program), "base": .string(base), "kernels": .string(cell.session.kernels),
            "settings": .string(settings.json), "seed": .init(settings.seed), "training": .map(cell.training.fields),
            "inputs": .list(try cell.training.inputs.map { .string(try input($0)) }),
            "scored": .list(
                try cell.scored.map { scored in
                    .map([
                        "name": .string(scored.name), "split": .string(scored.split.rawValue),
                        "rows": .string(scored.task.digest(scored.split)), "head": .string(scored.head),
                        "language": try scored.language.map { .string(try input($0)) } ?? .null,
                    ])
                }),
        ]
    }

    /// SHA-256 of the fields.
    var digest: String { Digest.sha256(ConfigurationValue.map(fields).json) }
}
