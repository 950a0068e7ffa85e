import Files
import Foundation
import Training

/// A file that a bundle is to be written to.
enum BundleTarget {
    /// Refuses a folder, and a file that is not a bundle: a data file or a model's weights, given by mistake.
    /// - Throws: `FileError.notAFile`, `TrainingError.setting`
    static func check(_ url: URL) throws {
        let path = url.resolvingSymlinksInPath().path
        switch (try? FileManager.default.attributesOfItem(atPath: path))?[.type] as? FileAttributeType {
        case .typeDirectory?: throw FileError.notAFile(file: url.path, found: "a folder")
        case .typeRegular?: break
        default: return
        }
        guard let file = try? FileHandle(forReadingFrom: url) else { return }
        defer { try? file.close() }
        guard let start = try? file.read(upToCount: 16), !start.isEmpty else { return }
        guard BundleContainer.isBundle(start) else {
            throw TrainingError.setting(
                name: "--out", found: "\(url.path), an existing file that is not a bundle",
                expected: "a new file, or a bundle to replace")
        }
    }
}
