import Files
import Foundation
import Numerics

/// How a run outlives its process: where its checkpoint stands, how often it is written, and who may stop the run.
package struct CheckpointSettings: Sendable {
    /// The checkpoint's file; it is gone once the run has ended and its result is kept. nil: the run has none, and can
    /// only be stopped.
    package var url: URL?
    /// Seconds between checkpoints; 0: after every step.
    package var every: Double
    /// Whether to continue from the checkpoint where there is one of this run.
    package var resumes: Bool
    /// Whether the result of the run with this identity (`RunIdentity.digest`) stands already.
    package var isDone: @Sendable (String) -> Bool
    /// Asked before every step: whether to write a checkpoint and end with `TrainingError.stopped`.
    package var stops: @Sendable () -> Bool

    package init(
        _ url: URL?, every: Double = 60, resumes: Bool = false,
        isDone: @escaping @Sendable (String) -> Bool = { _ in false },
        stops: @escaping @Sendable () -> Bool = { false }
    ) {
        self.isDone = isDone
        self.url = url
        self.every = every
        self.resumes = resumes
        self.stops = stops
    }
}

/// A run between two steps, as a file: safetensors, with a SHA-256 over all that it holds.
///
/// The tensors `parameters`, `moments.first`, `moments.second` (and `best`: the parameters of the best epoch; `best.NAME`: those of a task's) are the flat
/// buffers as they lie; `optimizer.steps` has a count for each tensor, `losses` one for each step, `used.NAME` the rows of a
/// table that ever had a gradient. It is written whole or not at all: until the new one stands, the one before does.
struct Checkpoint {
    let url: URL
    let identity: RunIdentity
    let parameters: ParameterBuffer
    let optimizer: AdamW

    private static let format = "amalgam.checkpoint 4"

    private var tables: [(name: String, ledger: RowLedger)] {
        parameters.parameters.compactMap { p in p.ledger.map { ("used.\(p.name)", $0) } }
    }

    // Writing

    /// - Throws: `FileError.unwritable`
    func write(_ state: TrainingState, best: AlignedBuffer?, taskBest: [String: AlignedBuffer] = [:]) throws {
        let steps = optimizer.steps.map(Int64.init)
        let losses = state.result.losses
        let used = tables.map { $0.ledger.used }
        func bytes(_ floats: UnsafeMutablePointer<Float>) -> UnsafeRawBufferPointer {
            UnsafeRawBufferPointer(start: floats, count: parameters.count * MemoryLayout<Float>.stride)
        }
        try steps.withUnsafeBytes { steps in
            try losses.withUnsafeBytes { losses in
                var tensors: [(name: String, shape: [Int], type: SafetensorsType)] = [
                    ("parameters", [parameters.count], .float32), ("moments.first", [parameters.count], .float32),
                    ("moments.second", [parameters.count], .float32),
                    ("optimizer.steps", [optimizer.steps.count], .int64),
                    ("losses", [state.result.losses.count], .float64),
                ]
                var parts = [
                    bytes(parameters.values), bytes(optimizer.first.floats), bytes(optimizer.second.floats), steps,
                    losses,
                ]
                if let best {
                    tensors.append(("best", [parameters.count], .float32))
                    parts.append(bytes(best.floats))
                }
                for (task, best) in taskBest.sorted(by: { $0.key < $1.key }) {
                    tensors.append(("best.\(task)", [parameters.count], .float32))
                    parts.append(bytes(best.floats))
                }
                let tableBytes = AlignedBuffer(count: (used.reduce(0) { $0 + $1.count } + 3) / 4)
                var next = UnsafeMutableRawPointer(tableBytes.floats)
                for (table, rows) in zip(tables, used) {
                    next.copyMemory(from: rows, byteCount: rows.count)
                    tensors.append((table.name, [rows.count], .uint8))
                    parts.append(UnsafeRawBufferPointer(start: next, count: rows.count))
                    next += rows.count
                }
                var metadata = ["format": Self.format, "run": identity.json, "state": state.json]
                metadata["sha256"] = Self.digest(metadata, zip(tensors, parts).map { ($0.name, $1) })
                let (header, order) = try SafetensorsWriter.header(tensors: tensors, metadata: metadata)
                try header.withUnsafeBytes { try AtomicFile.replace(url, withParts: [$0] + order.map { parts[$0] }) }
                withExtendedLifetime(tableBytes) {}
            }
        }
    }

    private static func digest(_ metadata: [String: String], _ parts: [(name: String, bytes: UnsafeRawBufferPointer)])
        -> String
    {
        var digest = Digest.Incremental()
        for key in ["format", "run", "state"] { digest.update(Data("\(metadata[key] ?? "")\n".utf8)) }
        for part in parts.sorted(by: { $0.name < $1.name }) {
            digest.update(Data("\(part.name) \(part.bytes.count)\n".utf8))
            digest.update(part.bytes)
        }
        return digest.hexDigest()
    }

    // Reading

    /// Puts the run back to where the checkpoint was written.
    /// - Returns: nil where there is no checkpoint.
    /// - Throws: `TrainingError.checkpoint` where it is damaged or another run's, `FileError`
    func restore() throws -> (state: TrainingState, best: AlignedBuffer?, taskBest: [String: AlignedBuffer])? {
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        let file = try SafetensorsFile(url)
        func damaged(_ what: String) -> TrainingError {
            .checkpoint(
                file: url.path, problem: "\(what); the checkpoint is damaged: delete it and train again")
        }
        if let format = file.metadata["format"], format != Self.format, format.hasPrefix("amalgam.checkpoint ") {
            throw TrainingError.checkpoint(
                file: url.path,
                problem:
                    "written by another version of amalgam (\(format), this one has \(Self.format)); continue with that "
                    + "version, or start over without --resume")
        }
        guard file.metadata["format"] == Self.format, let run = file.metadata["run"].flatMap(RunIdentity.init(json:))
        else {
            throw damaged("not a checkpoint")
        }
        let parts = file.names.compactMap { name in file.tensors[name].map { (name, $0.bytes) } }
        guard file.metadata["sha256"] == Self.digest(file.metadata, parts) else {
            throw damaged("its SHA-256 does not match its content")
        }
        if let difference = identity.difference(from: run) {
            throw TrainingError.checkpoint(
                file: url.path,
                problem:
                    "the checkpoint belongs to another run (\(difference)); use the same settings and data, or start over without --resume"
            )
        }
        let losses = try doubles(file)
        guard let state = file.metadata["state"].flatMap({ TrainingState(json: $0, losses: losses) }),
            let steps = try? file.int64s("optimizer.steps"), steps.count == optimizer.steps.count,
            try take("parameters", file, into: parameters.values),
            try take("moments.first", file, into: optimizer.first.floats),
            try take("moments.second", file, into: optimizer.second.floats)
        else { throw damaged("a part is missing or has the wrong size") }
        optimizer.steps = steps.map { Int($0) }
        for (name, ledger) in tables {
            guard let tensor = file.tensors[name], ledger.restore(used: Array(tensor.bytes)) else {
                throw damaged("\(name) is missing or has the wrong size")
            }
        }
        func kept(_ name: String) throws -> AlignedBuffer {
            let best = AlignedBuffer(count: parameters.count)
            guard try take(name, file, into: best.floats) else { throw damaged("\(name) has the wrong size") }
            return best
        }
        var taskBest: [String: AlignedBuffer] = [:]
        for task in state.taskBest.keys { taskBest[task] = try kept("best.\(task)") }
        return (state, try file.tensors["best"].map { _ in try kept("best") }, taskBest)
    }

    private func doubles(_ file: SafetensorsFile) throws -> [Double] {
        let tensor = try file.tensor("losses")
        guard tensor.dtype == .float64 else { return [] }
        return (0..<tensor.count).map { tensor.bytes.loadUnaligned(fromByteOffset: $0 * 8, as: Double.self) }
    }

    private func take(_ name: String, _ file: SafetensorsFile, into floats: UnsafeMutablePointer<Float>) throws -> Bool
    {
        let tensor = try file.tensor(name)
        guard tensor.dtype == .float32, tensor.count == parameters.count, let from = tensor.bytes.baseAddress else {
            return tensor.count == parameters.count && parameters.count == 0
        }
        UnsafeMutableRawPointer(floats).copyMemory(from: from, byteCount: tensor.bytes.count)
        return true
    }
}
