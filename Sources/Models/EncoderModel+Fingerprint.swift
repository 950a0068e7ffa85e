import Files
import Foundation
import Numerics

extension EncoderModel {
    /// What of config.json goes into the fingerprint: all that changes the result without changing a tensor.
    private var canonicalConfiguration: String {
        let c = configuration
        // Bundles hold fingerprints from before the first position counted; those of usual models must not change.
        let usual = architecture.family.usualFirstPosition
        return "\(c.family) \(c.hidden) \(c.layers) \(c.heads) \(c.intermediate) \(c.epsilon) \(c.activation)"
            + (c.firstPosition == usual ? "" : " first position \(c.firstPosition)")
            + (c.decoder.map { " \($0.fingerprint)" } ?? "")
            + (c.rotary.map { " rotary \($0.globalTheta) \($0.localTheta) \($0.window) \($0.globalEvery)" } ?? "")
    }

    /// SHA-256 over canonical content: the architecture and its numbers, then each tensor's name, shape and float32
    /// values in a fixed order. The same model saved by another program, or with another head, has the same one.
    package func computeFingerprint() -> String {
        var digest = Digest.Incremental()
        digest.update(Data("\(canonicalConfiguration)\n".utf8))
        for tensor in architecture.tensors {
            guard let weight = weights[tensor.name] else { continue }
            digest.update(Data("\(tensor.name) \(tensor.shape)\n".utf8))
            if weight.blocks != nil {
                // NF4 counts as what it was made from: an adapter that was trained on it stands on the model itself, too
                updateWithRows(&digest, of: ((try? source(of: tensor.name)) ?? nil) ?? weight)
                continue
            }
            let bytes = UnsafeRawBufferPointer(start: weight.floats, count: weight.count * 4)
            for start in stride(from: 0, to: bytes.count, by: Self.piece * 4) {
                digest.update(
                    UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + Self.piece * 4, bytes.count)]))
                releasePages()
            }
        }
        return digest.hexDigest()
    }

    /// A matrix's numbers, some rows at a time: blocks count as what they unpack to, so that a model has the fingerprint of what
    /// is unpacked from it.
    private func updateWithRows(_ digest: inout Digest.Incremental, of weight: Weight) {
        let width = weight.shape[1]
        let rows = max(1, Self.piece / max(1, width))
        let room = AlignedBuffer(count: min(rows, weight.shape[0]) * width)
        for first in stride(from: 0, to: weight.shape[0], by: rows) {
            let some = first..<min(weight.shape[0], first + rows)
            weight.copy(rows: some, to: room.floats)
            digest.update(UnsafeRawBufferPointer(start: room.floats, count: some.count * width * 4))
            releasePages()
        }
    }

    /// The fingerprint, remembered in `cache`, so that a mapped embedding table is not read through at each start.
    ///
    /// The key holds what the value is made from: the configuration itself, and of each weights file the path, device,
    /// inode, size, and the times of its last modification and change in nanoseconds.
    package func fingerprint(cache: URL?) -> String {
        guard let cache, let stamps = weightsFiles.map(Self.stamp) as? [String] else { return computeFingerprint() }
        let key = Digest.sha256("2\n\(canonicalConfiguration)\n\(stamps.joined(separator: "\n"))")
        let entry = cache.appendingPathComponent("fingerprints/\(key)")
        if let known = try? String(contentsOf: entry, encoding: .utf8), known.count == 64 { return known }
        let fingerprint = computeFingerprint()
        // A cache that cannot be written only costs the time of the next start
        try? FileManager.default.createDirectory(
            at: entry.deletingLastPathComponent(), withIntermediateDirectories: true)
        try? AtomicFile.replace(entry, with: Data(fingerprint.utf8))
        return fingerprint
    }

    /// A text that differs once the file's content may have; nil where the system does not say.
    private static func stamp(_ file: URL) -> String? {
        var status = stat()
        guard stat(file.path, &status) == 0 else { return nil }
        let path = file.standardizedFileURL.resolvingSymlinksInPath().path
        #if os(Linux)
            let (modified, changed) = (status.st_mtim, status.st_ctim)
        #else
            let (modified, changed) = (status.st_mtimespec, status.st_ctimespec)
        #endif
        return "\(path) \(status.st_dev) \(status.st_ino) \(status.st_size) \(modified.tv_sec).\(modified.tv_nsec) "
            + "\(changed.tv_sec).\(changed.tv_nsec)"
    }
}
