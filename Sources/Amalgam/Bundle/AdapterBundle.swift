import Adapters
import Bundles
import Files
import Foundation
import Models
import Training

/// Trained adapters with their composition, heads and provenance: what a training makes, and what a file holds.
///
/// A bundle knows the model that it was trained on, but does not contain it. Values are immutable and may be shared.
public struct AdapterBundle: Sendable {
    /// The content, which copies of the value share.
    private final class Content: Sendable {
        let stored: Bundles.AdapterBundle
        let file: URL?

        init(_ stored: Bundles.AdapterBundle, file: URL?) {
            self.stored = stored
            self.file = file
        }
    }

    private let content: Content

    /// What a user should know of how this bundle was made, imported or composed.
    public let warnings: [Warning]

    var stored: Bundles.AdapterBundle { content.stored }

    /// The same for copies of one value: in a composition they are one adapter.
    var identity: ObjectIdentifier { ObjectIdentifier(content) }

    /// The same for bundles that were read from one file, and for copies of one value.
    var source: String {
        content.file.map { $0.standardizedFileURL.resolvingSymlinksInPath().path } ?? "\(ObjectIdentifier(content))"
    }

    /// What messages call it.
    var label: String { content.file?.relativePath ?? stored.name }

    init(_ stored: Bundles.AdapterBundle, file: URL? = nil, warnings: [Warning] = []) {
        content = Content(stored, file: file)
        self.warnings = warnings
    }

    /// Reads a bundle's file and checks all of it: schema, shapes, finite numbers, content hashes and seal.
    /// - Parameters:
    ///   - file: Written by ``write(to:replacesOtherFiles:)`` or the command `amalgam`.
    ///   - allowsChanges: Accepts a file that another program has changed since it was written.
    /// - Throws: ``AmalgamError``, naming the file and the field; ``AmalgamError/Kind/changedFile`` for a changed file.
    public init(contentsOf file: URL, allowsChanges: Bool = false) throws(AmalgamError) {
        self.init(try translated { try BundleFile.read(file, allowChanged: allowsChanges) }, file: file)
    }

    /// Reads a bundle from the bytes of a file.
    /// - Parameters:
    ///   - data: As ``data()`` gives them.
    ///   - name: What messages call it.
    /// - Throws: As ``init(contentsOf:allowsChanges:)``.
    public init(data: Data, name: String = "bundle") throws(AmalgamError) {
        self.init(try translated { try BundleFile.read(data, name: name) })
    }

    /// Bundles as one, to evaluate, predict with or save. All parts must be trained: a new fusion needs
    /// ``TrainingRecipe/composition(_:new:startingFrom:fusionStartingFrom:adapters:)``.
    /// - Parameters:
    ///   - composition: Without `new`.
    ///   - name: Of the bundle; nil for the composition's text.
    ///   - allowsOtherModel: Accepts bundles that were trained on different models.
    /// - Throws: ``AmalgamError/Kind/composition``, ``AmalgamError/Kind/otherModel``.
    public init(
        composing composition: Composition, name: String? = nil, allowsOtherModel: Bool = false
    ) throws(AmalgamError) {
        if let place = composition.places.first {
            throw AmalgamError.composition(at: place, found: "new", expected: "a trained bundle")
        }
        let bundles = composition.bundles
        guard let first = bundles.first else {
            throw AmalgamError.make(
                .composition, "the composition: found no bundle, expected at least one", found: "no bundle",
                expected: "at least one")
        }
        let base = first.stored.base
        for other in bundles where !allowsOtherModel && other.stored.base.fingerprint != base.fingerprint {
            throw AmalgamError.make(
                .otherModel,
                "\(other.label): trained on base model \(other.stored.base.name), but \(first.label) on \(base.name); "
                    + "compose bundles of one base model", path: other.label, found: other.stored.base.name,
                expected: base.name, fix: "compose bundles of one base model")
        }
        self = try translated {
            var composed = Composed()
            let tree = try composition.tree(into: &composed)
            composed.finish(tree)
            let text = composed.composition?.text ?? ""
            return AdapterBundle(
                try composed.bundle(name: name ?? text, base: base),
                warnings: composed.warnings.map { .of(.composition, $0) }
                    + composed.headWarnings.map { .of(.head, $0) }
                    + composed.lengthWarnings.map { .of(.head, $0) }
                    + composed.languageWarnings.map { .of(.composition, $0) })
        }
    }

    /// Refuses adapters that a fusion, or another block at the ends of the model's blocks, cannot weigh.
    func checkFusable(by block: any EndBlock.Type = Fuse.self) throws(AmalgamError) {
        // Without the numbers of its model, as in some imported bundles, the training itself refuses it
        guard let architecture = try? Architecture(stored.base.shape) else { return }
        for member in stored.members {
            guard let method = try? member.configuration.makeMethod(),
                let hindrance = block.hindrance(method, architecture)
            else { continue }
            let name = member.configuration.method
            throw AmalgamError.make(
                .composition,
                "\(label): adapter \(member.name): found method \(name), expected \(block.weighable), since "
                    + "\(block.phrase) weighs what adapters add at the ends of the model's blocks: \(hindrance); compose it with stack or average, or train it "
                    + "again with --config seq_bn",
                path: label, field: member.name, found: "method \(name)", expected: block.weighable,
                fix: "compose it with stack or average, or train it again with the configuration seq_bn")
        }
    }

    /// The file's bytes; the same bundle always gives the same ones.
    /// - Throws: ``AmalgamError`` for names or lists that the format cannot hold.
    public func data() throws(AmalgamError) -> Data { try translated { try BundleFile.data(stored) } }

    /// Writes the bundle to a file, which is replaced whole or not at all. Its folder is made if needed.
    /// - Parameters:
    ///   - file: To create or replace.
    ///   - replacesOtherFiles: Whether a file that is not a bundle is replaced, too; false refuses a data file or a model's
    ///     weights, given by mistake.
    /// - Throws: ``AmalgamError/Kind/unwritableFile``; ``AmalgamError/Kind/busy`` while another job or process writes the file;
    ///   ``AmalgamError/Kind/option`` for a file that is not to be replaced.
    public func write(to file: URL, replacesOtherFiles: Bool = true) throws(AmalgamError) {
        try translated {
            if !replacesOtherFiles { try BundleTarget.check(file) }
            try Folder.make(file.deletingLastPathComponent())
            let lock = try OutputLock(file, who: "write")
            defer { withExtendedLifetime(lock) {} }
            AtomicFile.removeTemporaries(of: [file])
            try BundleFile.write(stored, to: file)
        }
    }

    /// A name as bundles and files can have it: all but letters, digits, dots, dashes and underscores becomes an underscore,
    /// and a name over 200 bytes is cut and gets a digest of the whole.
    public static func safeName(_ name: String) -> String { Session.safeName(name) }

    /// The same bundle under another name.
    public func named(_ name: String) -> AdapterBundle {
        var stored = stored
        stored.name = name
        return AdapterBundle(stored, warnings: warnings)
    }

    /// What of a file is not as it was written: a line for the seal, and one for each adapter or head whose content is not
    /// what its hash says. Empty for a file that nobody has changed.
    /// - Throws: ``AmalgamError`` for what cannot be read even as a changed file.
    public static func changes(in file: URL) throws(AmalgamError) -> [String] {
        try translated { try BundleFile.changes(file) }
    }

    /// Checks that the bundle was trained on this model: shapes, weights and tokenizer.
    /// - Parameters:
    ///   - model: The model to stand on.
    ///   - allowsOtherModel: Accepts other weights or another tokenizer if all shapes agree.
    ///   - rereadsWeights: Computes the model's fingerprint from its weights, even if the cache remembers it.
    /// - Returns: Warnings where the model could not be verified, or another one was accepted.
    /// - Throws: ``AmalgamError/Kind/otherModel``.
    @discardableResult
    public func check(
        against model: Model, allowsOtherModel: Bool = false, rereadsWeights: Bool = false
    ) throws(AmalgamError) -> [Warning] {
        try translated { try model.check(self, allowsOtherModel: allowsOtherModel, rereads: rereadsWeights) }
    }
}
