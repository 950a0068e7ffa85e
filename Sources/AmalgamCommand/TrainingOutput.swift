import Adapters
import Bundles
import Files
import Foundation
import Training

/// The files of a training, held by this process alone: the bundle, its log and its checkpoint.
final class TrainingOutput: Sendable {
    let bundle: URL
    let checkpoint: URL
    let log: URL
    private let lock: OutputLock

    /// - Throws: `FileError.locked` where another process writes them
    init(_ bundle: URL, who: String) throws(FileError) {
        lock = try OutputLock(bundle, who: "training \(who)")
        self.bundle = bundle
        checkpoint = bundle.appendingPathExtension("checkpoint")
        log = bundle.deletingPathExtension().appendingPathExtension("run.json")
        // Only now: a living process' temporary files look like a killed one's
        AtomicFile.removeTemporaries(of: [bundle, checkpoint, log])
    }

    /// What a user should know before it starts.
    /// - Parameters:
    ///   - kind: of the bundle that will be written.
    ///   - subject: its tasks, or its language's name.
    func warnings(kind: AdapterBundle.Kind, subject: String, resumes: Bool) -> [String] {
        var warnings: [String] = []
        if FileManager.default.fileExists(atPath: checkpoint.path), !resumes {
            warnings.append(
                "\(checkpoint.path): found the checkpoint of a stopped run; this run starts over (--resume would continue)"
            )
        }
        // A bundle that is there and cannot be read is no reason to stop: it will be replaced
        if let old = try? BundleFile.read(bundle, allowChanged: true),
            old.kind != kind || old.subject != subject
        {
            warnings.append(
                "\(bundle.path): contains another bundle, of kind \(old.kind.rawValue) for \(old.subject) "
                    + "(\(counted(old.provenance.steps, "step"))); this run will replace it")
        }
        return warnings
    }

    /// Whether the log tells of this run and the bundle is the one that it wrote.
    func isDone(_ run: String) -> Bool {
        guard let log = try? Data(contentsOf: log),
            case .map(let fields)? = ConfigurationValue(json: String(decoding: log, as: UTF8.self)),
            fields["run"] == .string(run), let bytes = try? Data(contentsOf: bundle)
        else { return false }
        return fields["bundle_sha256"] == .string(Digest.sha256(bytes))
    }

    func removeCheckpoint() { try? FileManager.default.removeItem(at: checkpoint) }
}

extension AdapterBundle {
    /// What it was trained for: its tasks; its own name where that is not a task.
    fileprivate var subject: String {
        provenance.task.isEmpty || provenance.task == Session.languageTask ? name : provenance.task
    }
}
