import Files
import Foundation
import Training

/// What an output must not replace.
enum OutputTarget {
    /// Refuses to replace a file that is not a bundle: a data file or a model's weights, given by mistake.
    /// - Throws: `TrainingError.setting`
    static func checkBundle(_ url: URL) throws(TrainingError) {
        let attributes = try? FileManager.default.attributesOfItem(atPath: url.resolvingSymlinksInPath().path)
        guard attributes?[.type] as? FileAttributeType == .typeRegular, let size = attributes?[.size] as? Int, size > 0,
            let file = try? FileHandle(forReadingFrom: url)
        else { return }
        defer { try? file.close() }
        guard BundleContainer.isBundle((try? file.read(upToCount: 16)) ?? Data()) else {
            throw .setting(
                name: "--out", found: "\(url.path), an existing file that is not a bundle",
                expected: "a new file, or a bundle to replace")
        }
    }

    /// Refuses outputs that are inputs of the same command, or each other.
    /// - Parameters:
    ///   - outputs: by their flags
    ///   - inputs: what the command reads
    /// - Throws: `TrainingError.setting`
    static func check(_ outputs: [(flag: String, path: String?)], inputs: [String]) throws(TrainingError) {
        func canonical(_ path: String) -> String {
            URL(fileURLWithPath: path).standardizedFileURL.resolvingSymlinksInPath().path
        }
        var taken = Set(inputs.map(canonical))
        for (flag, path) in outputs {
            guard let path, !taken.insert(canonical(path)).inserted else { continue }
            throw .setting(
                name: flag, found: "\(path), which this command also reads or writes", expected: "a file of its own")
        }
    }
}
