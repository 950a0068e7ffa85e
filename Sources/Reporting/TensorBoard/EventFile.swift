import Files
import Foundation

/// A run's event file, which grows while the run goes on: TensorBoard shows it meanwhile.
///
/// Charts are not worth a training: where something cannot be written any more, the file says so once and takes no more.
package final class EventFile {
    private let handle: FileHandle
    private let path: String
    private let failed: (String) -> Void
    private var isOpen = true

    /// Begins a file in a run's own folder, which is made if needed.
    /// - Parameters:
    ///   - continues: whether the run goes on: files of its earlier parts stay.
    ///   - failed: gets a sentence if something cannot be written later
    /// - Throws: `FileError` where nothing can be written
    package init(
        in folder: URL, continues: Bool, now: Date = Date(), failed: @escaping (String) -> Void
    ) throws(FileError) {
        try Folder.make(folder)
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).filter {
            $0.hasPrefix("events.out.tfevents.") && $0.hasSuffix(EventRecords.ending)
        }
        if !continues {
            for name in names { try? FileManager.default.removeItem(at: folder.appendingPathComponent(name)) }
        }
        // A second part within the same second is a later one
        var started = Int(now.timeIntervalSince1970)
        while continues, names.contains(EventRecords.fileName(started: started)) { started += 1 }
        let file = folder.appendingPathComponent(EventRecords.fileName(started: started))
        try AtomicFile.replace(file, with: EventRecords.version(time: now.timeIntervalSince1970))
        do {
            handle = try FileHandle(forWritingTo: file)
            try handle.seekToEnd()
        } catch {
            throw FileError.unwritable(file: file.path, action: "write", code: FileError.errno(beneath: error))
        }
        path = file.path
        self.failed = failed
    }

    package func append(_ record: Data) {
        guard isOpen else { return }
        do {
            try handle.write(contentsOf: record)
        } catch {
            isOpen = false
            failed("\(path): \(error.localizedDescription); the run's charts end here")
        }
    }

    package func scalars(_ values: [(tag: String, value: Double)], step: Int) {
        append(EventRecords.scalars(values, step: step, time: Date().timeIntervalSince1970))
    }

    deinit { try? handle.close() }
}
