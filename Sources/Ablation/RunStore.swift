import Bundles
import Files
import Foundation
import Tasks
import Training

/// Answers in the JSON of a finished training.
package struct StoredAnswers: Codable, Sendable {
    package let answers: any Answers

    package init(_ answers: any Answers) { self.answers = answers }

    package init(from decoder: any Decoder) throws {
        let box = try decoder.singleValueContainer()
        guard let answers = AnswerForms.answers(try box.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: box, debugDescription: "not stored answers")
        }
        self.answers = answers
    }

    package func encode(to encoder: any Encoder) throws {
        var box = encoder.singleValueContainer()
        try box.encode(AnswerForms.text(answers))
    }
}

/// The outcome of a training, as the comparison needs it again.
package struct StoredRun: Codable, Sendable {
    /// Dev score of the epoch that was kept: the mean over the run's tasks.
    package var devScore: Double
    package var trainableParameters: Int
    package var tokens: Int
    package var seconds: Double
    /// Bytes that each task adds: its own adapter, fusion, head or weights.
    package var bytesPerTask: Int
    /// Answers to the test split, by task.
    package var answers: [String: StoredAnswers]
    package var losses: [Double]
}

/// Finished trainings on disk. A comparison that is run again, or was stopped, continues from them.
struct RunStore {
    let folder: URL

    private static var decoder: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return decoder
    }

    /// The checkpoint of an unfinished training. Creates its folder.
    func checkpointFile(_ name: String, key: String) throws -> URL {
        try Folder.make(folder.appendingPathComponent("trainings"))
        return file(name, key: key, "checkpoint")
    }

    func removeCheckpoint(_ name: String, key: String) {
        try? FileManager.default.removeItem(at: file(name, key: key, "checkpoint"))
    }

    /// A run's name is for people; its key changes with everything that affects the result.
    private func file(_ name: String, key: String, _ suffix: String) -> URL {
        folder.appendingPathComponent("trainings/\(name).\(key.prefix(12)).\(suffix)")
    }

    func bundleFile(_ name: String, key: String) -> URL { file(name, key: key, "h5") }

    func load<Run: Decodable>(
        _ name: String, key: String, needsBundle: Bool, as type: Run.Type = StoredRun.self
    ) -> Run? {
        guard let data = FileManager.default.contents(atPath: file(name, key: key, "json").path),
            let run = try? Self.decoder.decode(Run.self, from: data),
            !needsBundle || FileManager.default.fileExists(atPath: bundleFile(name, key: key).path)
        else { return nil }
        return run
    }

    /// Writes the bundle first, so that there is never a result without its bundle.
    func save(_ run: some Encodable, bundle: AdapterBundle?, _ name: String, key: String) throws {
        try Folder.make(folder.appendingPathComponent("trainings"))
        if let bundle { try BundleFile.write(bundle, to: bundleFile(name, key: key)) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        // The dev score is −∞ if the metric is undefined
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        try AtomicFile.replace(file(name, key: key, "json"), with: encoder.encode(run))
    }
}
