import Adapters
import Files
import Foundation

/// Where output goes: results on stdout, all else on stderr.
enum Console {
    /// Takes the numbers of standard streams that were closed (`>&-`): else the next file that is opened gets one, and
    /// what is printed goes into it. Writing there fails, as it does to a closed stream.
    static func holdStreams() {
        for (stream, mode) in [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_RDONLY)]
        where fcntl(stream, F_GETFD) == -1 {
            _ = open("/dev/null", mode)  // the smallest free number is this one
        }
    }

    /// Whether a result could not be written; the command then ends with an error, since whoever reads would miss some.
    nonisolated(unsafe) private(set) static var hasFailed = false  // the main thread alone prints

    static func print(_ text: String) { write(text + "\n") }

    /// Whole lines with their ends.
    static func write(_ lines: String) {
        guard !hasFailed else { return }
        do {
            try FileHandle.standardOutput.write(contentsOf: Data(lines.utf8))
        } catch {
            let reason = FileError.text(errno: FileError.errno(beneath: error))
            Console.error("amalgam: standard output: cannot write: \(reason); write to another file or pipe")
            hasFailed = true
        }
    }

    static func error(_ text: String) {
        // A closed or full stderr must not end a long training
        try? FileHandle.standardError.write(contentsOf: Data((text + "\n").utf8))
    }

    /// A warning on stderr; nothing where there is none.
    static func warn(_ text: String?) {
        if let text { error("amalgam: warning: \(text)") }
    }

    /// One JSON object on stdout.
    static func print(json fields: [String: ConfigurationValue]) {
        print(ConfigurationValue.map(fields).json)
    }
}
