import Bundles
import Files
import Foundation
import Training

/// The files of a training, held by this job alone: the bundle, its log and its checkpoint.
final class TrainingFiles: Sendable {
    private let options: CheckpointOptions
    private let locks: [OutputLock]

    /// - Throws: `FileError.locked` where another process or job writes them; `TrainingError.setting` and `FileError` for an
    ///   output that must not be replaced: before hours of training, not after.
    init(_ options: CheckpointOptions, who: String) throws {
        self.options = options
        if let output = options.output { try BundleTarget.check(output) }
        let held = [options.output, options.file].compactMap { $0 }
        for file in held + [options.log].compactMap({ $0 }) { try Folder.make(file.deletingLastPathComponent()) }
        locks = try held.map { try OutputLock($0, who: "training \(who)") }
        // Only now: a living process' temporary files look like a killed one's
        AtomicFile.removeTemporaries(of: held + [options.log].compactMap { $0 })
    }

    /// What a user should know before the training starts.
    /// - Parameters:
    ///   - kind: of the bundle that will be written.
    ///   - subject: its tasks, or its language's name.
    func warnings(kind: Bundles.AdapterBundle.Kind, subject: String) -> [String] {
        var warnings: [String] = []
        if FileManager.default.fileExists(atPath: options.file.path), !options.resumes {
            warnings.append(
                "\(options.file.path): found the checkpoint of a stopped run; this run starts over (--resume would "
                    + "continue)")
        }
        // A bundle that is there and cannot be read is no reason to stop: it will be replaced
        if let output = options.output, let old = try? BundleFile.read(output, allowChanged: true),
            old.kind != kind || old.subject != subject
        {
            warnings.append(
                "\(output.path): contains another bundle, of kind \(old.kind.rawValue) for \(old.subject) "
                    + "(\(counted(old.provenance.steps, "step"))); this run will replace it")
        }
        return warnings
    }

    func keeping(_ isCancelled: @escaping @Sendable () -> Bool) -> CheckpointSettings {
        CheckpointSettings(
            options.file, every: options.interval, resumes: options.resumes,
            isDone: { [self] run in finishedLog?["run"] == .string(run) }, stops: isCancelled)
    }

    /// The log of a run whose bundle stands as it was written; nil where there is none.
    private var finishedLog: [String: ConfigurationValue]? {
        guard let log = options.log, let output = options.output,
            let text = try? String(contentsOf: log, encoding: .utf8),
            case .map(let fields)? = ConfigurationValue(json: text), let bytes = try? Data(contentsOf: output),
            fields["bundle_sha256"] == .string(Digest.sha256(bytes))
        else { return nil }
        return fields
    }

    /// The result of a run that has ended before; nil where its log or bundle is gone by now.
    func finished() throws -> TrainingResult? {
        guard let output = options.output, let fields = finishedLog else { return nil }
        return TrainingResult(
            earlier: RunLog(fields: fields), bundle: AdapterBundle(try BundleFile.read(output), file: output))
    }

    /// Writes what the training made, and removes its checkpoint.
    func finish(_ result: inout TrainingResult, _ log: RunLog) throws {
        if let output = options.output {
            let bytes = try BundleFile.data(result.bundle.stored)
            try AtomicFile.replace(output, with: bytes)
            if let url = options.log {
                var fields = log.fields
                fields["bundle"] = .string(output.relativePath)
                fields["bundle_sha256"] = .string(Digest.sha256(bytes))
                result.facts = RunLog(fields: fields).facts
                try RunLog(fields: fields.merging(options.logFields.mapValues(\.stored)) { own, _ in own }).write(
                    to: url)
            }
        }
        try? FileManager.default.removeItem(at: options.file)
    }
}

extension Bundles.AdapterBundle {
    /// What it was trained for: its tasks; its own name where that is not a task.
    fileprivate var subject: String {
        provenance.task.isEmpty || provenance.task == Session.languageTask ? name : provenance.task
    }
}
