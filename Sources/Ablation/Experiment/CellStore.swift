import Bundles
import Files
import Foundation

/// Finished trainings on disk, `trainings/NAME.KEY.json` with `.h5` beside it. An experiment that is run again, or was
/// stopped, continues from them; several processes may share them.
struct CellStore {
    private let folder: URL
    /// Digits of the key in a file's name; the file itself has all of it.
    private static let digits = 16

    init(folder: URL) { self.folder = folder.appendingPathComponent("trainings") }

    /// A name is for people; the key changes with everything that affects the result.
    private func file(_ name: String, _ key: String, _ suffix: String) -> URL {
        folder.appendingPathComponent("\(name).\(key.prefix(Self.digits)).\(suffix)")
    }

    func bundleFile(_ name: String, key: String) -> URL { file(name, key, "h5") }

    /// The checkpoint of an unfinished training.
    func checkpointFile(_ name: String, key: String) -> URL { file(name, key, "checkpoint") }

    /// Claims a training until the claim is let go, or its process ends, however it does. What a killed owner has left half
    /// written is removed.
    ///
    /// A claim is a lock of the kernel (`OutputLock`), so all processes must see the same disk of one machine: network file
    /// systems may not pass locks on.
    /// - Parameter who: claims it, for those who wait.
    /// - Throws: `FileError.locked` with the process that has claimed it
    func claim(_ name: String, key: String, who: String) throws(FileError) -> OutputLock {
        try Folder.make(folder)
        let lock = try OutputLock(folder.appendingPathComponent(String(key.prefix(Self.digits))), who: who)
        AtomicFile.removeTemporaries(of: ["json", "h5", "checkpoint"].map { file(name, key, $0) })
        return lock
    }

    func removeCheckpoint(_ name: String, key: String) {
        try? FileManager.default.removeItem(at: file(name, key, "checkpoint"))
    }

    /// The result under this key; nil where there is none, or none with the bundle that is needed.
    func load(_ name: String, key: String, needsBundle: Bool) -> CellResult? {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        guard let data = FileManager.default.contents(atPath: file(name, key, "json").path),
            let result = try? decoder.decode(CellResult.self, from: data), result.key == key,
            !needsBundle || FileManager.default.fileExists(atPath: bundleFile(name, key: key).path)
        else { return nil }
        return result
    }

    /// Writes the bundle first, so that there is never a result without its bundle.
    func save(_ result: inout CellResult, bundle: AdapterBundle?, _ name: String) throws {
        try Folder.make(folder)
        if let bundle {
            let data = try BundleFile.data(bundle)
            try AtomicFile.replace(bundleFile(name, key: result.key), with: data)
            result.bundleBytes = data.count
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        // A dev score is −∞ if the metric is undefined
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        try AtomicFile.replace(file(name, result.key, "json"), with: encoder.encode(result))
    }

    /// Results that an earlier version of amalgam left here; its keys had 12 digits in names.
    var outdated: Int {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.count { $0.contains(/\.[0-9a-f]{12}\.json$/) }
    }
}
