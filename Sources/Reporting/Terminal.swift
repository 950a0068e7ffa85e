import Foundation

/// What the place that text goes to can show.
package struct Terminal: Sendable, Equatable {
    /// Columns; nil where nothing limits a line (a file, a pipe).
    package var width: Int?
    /// Whether ANSI bold and dim may be used.
    package var ansi: Bool
    /// Whether box-drawing and block characters may be used.
    package var unicode: Bool

    package init(width: Int? = nil, ansi: Bool = false, unicode: Bool = true) {
        self.width = width
        self.ansi = ansi
        self.unicode = unicode
    }

    /// A file or a pipe: no limit, no escape sequences.
    package static let plain = Terminal()

    /// A standard stream of this process.
    package enum Stream: Sendable {
        case output, error

        var descriptor: Int32 { self == .output ? STDOUT_FILENO : STDERR_FILENO }
    }

    /// What a standard stream can show, by the stream and the environment (`NO_COLOR`, `TERM`, `COLUMNS`, locale).
    package static func of(
        _ stream: Stream, environment: [String: String] = ProcessInfo.processInfo.environment
    ) -> Terminal {
        let isTerminal = isatty(stream.descriptor) == 1
        return of(isTerminal: isTerminal, columns: isTerminal ? columns(stream) : nil, environment: environment)
    }

    /// The rules behind `of(_:)`, without a stream.
    static func of(isTerminal: Bool, columns: Int?, environment: [String: String]) -> Terminal {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].compactMap { environment[$0] }.first { !$0.isEmpty } ?? "UTF-8"
        let folded = locale.uppercased()
        // "C" and "POSIX" are what a container has that nobody set up; its terminal is nearly always UTF-8.
        let unicode = folded.contains("UTF") || !folded.contains(".")
        guard isTerminal else { return Terminal(width: nil, ansi: false, unicode: unicode) }
        let dumb = (environment["TERM"] ?? "dumb") == "dumb"
        let colour = (environment["NO_COLOR"] ?? "").isEmpty
        let set = environment["COLUMNS"].flatMap { Int($0) }.flatMap { (20...1000).contains($0) ? $0 : nil }
        return Terminal(width: set ?? columns ?? 80, ansi: colour && !dumb, unicode: unicode)
    }

    /// Columns of a terminal right now, or nil if it does not say.
    package static func columns(_ stream: Stream) -> Int? {
        var size = winsize()
        guard ioctl(stream.descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col >= 20 else { return nil }
        return Int(size.ws_col)
    }

    func styled(_ text: String, _ emphasis: Emphasis) -> String {
        guard ansi, !text.isEmpty else { return text }
        return switch emphasis {
        case .plain: text
        case .strong: "\u{1B}[1m\(text)\u{1B}[0m"
        case .dim: "\u{1B}[2m\(text)\u{1B}[0m"
        }
    }
}

/// How loudly a piece of text speaks.
package enum Emphasis: Sendable, Equatable {
    case plain, strong, dim
}
