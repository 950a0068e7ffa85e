import Amalgam
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
    nonisolated(unsafe) private(set) static var hasFailed = false  // one call at a time prints

    static func print(_ text: String) { write(text + "\n") }

    /// Whole lines with their ends.
    static func write(_ lines: String) {
        guard !hasFailed else { return }
        do {
            try FileHandle.standardOutput.write(contentsOf: Data(lines.utf8))
        } catch {
            Console.error(
                "amalgam: standard output: cannot write: \(reason(error)); write to another file or pipe")
            hasFailed = true
        }
    }

    static func error(_ text: String) {
        // A closed or full stderr must not end a long training
        try? FileHandle.standardError.write(contentsOf: Data((text + "\n").utf8))
    }

    /// Warnings on stderr.
    static func warn(_ warnings: [Warning]) {
        for warning in warnings { error("amalgam: warning: \(warning.commandLineText)") }
    }

    /// One JSON object on stdout.
    static func print(json fields: [String: SettingValue]) {
        print(SettingValue.map(fields).json)
    }

    /// What the system says of a failed call beneath an error of Foundation's.
    private static func reason(_ error: any Error) -> String {
        let error = error as NSError
        guard error.domain != NSPOSIXErrorDomain else { return String(cString: strerror(Int32(error.code))) }
        return (error.userInfo[NSUnderlyingErrorKey] as? any Error).map(reason) ?? error.localizedDescription
    }
}
