import Adapters
import Files
import Foundation

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
    func word(resumes: Bool) -> String? {
        let isThere = FileManager.default.fileExists(atPath: checkpoint.path)
        if isThere, !resumes {
            return "\(checkpoint.path) is of a run that was stopped; --resume would go on with it, this one starts anew"
        }
        return nil
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
