import Dispatch
import Foundation

/// Runs other programs. Arguments go to the program as they are: no shell reads them.
package enum Shell {
    /// What a program left behind.
    package struct Output: Equatable, Sendable {
        /// Exit status; 128 + number if a signal ended it.
        package var status: Int32
        /// Everything on its standard output.
        package var output: Data
        /// Everything on its standard error.
        package var errors: Data

        /// The last lines that it printed, on one line: what an error message can show.
        package var tail: String {
            let bytes = errors.isEmpty ? output : errors
            return String(decoding: bytes.suffix(2_000), as: UTF8.self)
                .split(whereSeparator: \.isNewline).suffix(4)
                .map { $0.trimmingCharacters(in: .whitespaces) }
                .joined(separator: " | ")
        }
    }

    /// The program's file: `tool` itself if it has a slash, else the first executable of that name on PATH.
    package static func find(_ tool: String, environment: [String: String]) -> URL? {
        if tool.contains("/") {
            return isProgram(tool) ? URL(fileURLWithPath: tool) : nil
        }
        for folder in (environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":") {
            let path = "\(folder)/\(tool)"
            if isProgram(path) { return URL(fileURLWithPath: path) }
        }
        return nil
    }

    private static func isProgram(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
            && FileManager.default.isExecutableFile(atPath: path)
    }

    /// Runs a program to its end, with nothing on its standard input.
    /// - Parameters:
    ///   - program: the program's file, as `find` gives it
    ///   - environment: the whole environment of the program
    ///   - limit: the most bytes it may print on standard output before it is stopped
    /// - Returns: its status and everything it printed; a status other than 0 is no error here
    /// - Throws: `CorporaError.unreadable` if it cannot be started, `.tooLarge` if it prints more than `limit`
    package static func run(
        _ program: URL, _ arguments: [String], environment: [String: String], limit: Int = 1 << 30
    ) throws(CorporaError) -> Output {
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        let output = Pipe()
        let errors = Pipe()
        process.standardOutput = output
        process.standardError = errors
        try CorporaError.wrap({ .unreadable(path: program.path, reason: $0) }) { try process.run() }

        // Both pipes are emptied at the same time: a full one would stop the program for ever.
        let printed = Drain(errors.fileHandleForReading)
        // A thread of its own: where all of Dispatch's wait for programs, a block would wait for one of them
        let isEmpty = DispatchSemaphore(value: 0)
        Thread {
            printed.run(limit: 1 << 26) {}
            isEmpty.signal()
        }.start()
        let result = Drain(output.fileHandleForReading)
        // SIGKILL: a program started from a thread of Dispatch can inherit SIGTERM blocked, and would print for ever.
        result.run(limit: limit) { kill(process.processIdentifier, SIGKILL) }
        isEmpty.wait()
        process.waitUntilExit()
        guard !result.overflowed else { throw .tooLarge(path: program.lastPathComponent, limit: limit) }
        let signal: Int32 = process.terminationReason == .uncaughtSignal ? 128 : 0
        return Output(status: signal + process.terminationStatus, output: result.data, errors: printed.data)
    }
}

/// Reads one pipe to its end. Unchecked: one thread runs it, and the others look only after waiting for that thread.
private final class Drain: @unchecked Sendable {
    private let handle: FileHandle
    private(set) var data = Data()
    private(set) var overflowed = false

    init(_ handle: FileHandle) { self.handle = handle }

    /// Keeps at most `limit` bytes and goes on reading, so that the writer is never left hanging.
    func run(limit: Int, onOverflow: () -> Void) {
        while let piece = try? handle.read(upToCount: 1 << 16), !piece.isEmpty {
            if overflowed { continue }
            if data.count + piece.count > limit {
                overflowed = true
                onOverflow()
            } else {
                data.append(piece)
            }
        }
    }
}
