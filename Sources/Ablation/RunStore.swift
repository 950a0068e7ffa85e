import Bundles
import Files
import Foundation
import Training

/// A training's outcome, as the comparison needs it again.
package struct StoredRun: Codable, Sendable {
    /// Dev score of the state that was kept: mean over the run's tasks.
    package var devScore: Double
    package var trainableParameters: Int
    package var tokens: Int
    package var seconds: Double
    /// Bytes that each task alone adds: its own adapter, fusion, head or weights.
    package var bytesPerTask: Int
    /// Class of each test example, by task.
    package var predictions: [String: [Int]]
    package var losses: [Double]
}

/// Trainings that are done, on disk: a comparison that is run again, or was stopped, goes on from them.
struct RunStore {
    let folder: URL

    /// Where an unfinished training stands, in a folder that is there.
    func checkpointFile(_ name: String, key: String) throws -> URL {
        try Folder.make(folder.appendingPathComponent("trainings"))
        return file(name, key: key, "checkpoint")
    }

    func removeCheckpoint(_ name: String, key: String) {
        try? FileManager.default.removeItem(at: file(name, key: key, "checkpoint"))
    }

    /// A run's name tells what it is; its key changes with all that shapes it.
    private func file(_ name: String, key: String, _ suffix: String) -> URL {
        folder.appendingPathComponent("trainings/\(name).\(key.prefix(12)).\(suffix)")
    }

    func bundleFile(_ name: String, key: String) -> URL { file(name, key: key, "h5") }

    func load<Run: Decodable>(
        _ name: String, key: String, needsBundle: Bool, as type: Run.Type = StoredRun.self
    ) -> Run? {
        guard let data = FileManager.default.contents(atPath: file(name, key: key, "json").path),
            let run = try? JSONDecoder().decode(Run.self, from: data),
            !needsBundle || FileManager.default.fileExists(atPath: bundleFile(name, key: key).path)
        else { return nil }
        return run
    }

    /// The bundle first: a result without its bundle is never found.
    func save(_ run: some Encodable, bundle: AdapterBundle?, _ name: String, key: String) throws {
        try Folder.make(folder.appendingPathComponent("trainings"))
        if let bundle { try BundleFile.write(bundle, to: bundleFile(name, key: key)) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        try AtomicFile.replace(file(name, key: key, "json"), with: encoder.encode(run))
    }
}
