import Files
import Foundation

/// What can go wrong while data or models are brought in. Cases carry facts; `description` makes the one line of text.
package enum CorporaError: Error, Equatable, Sendable {
    /// An option's value cannot be used.
    case option(name: String, found: String, expected: String)
    /// A program that the work needs is not on the machine.
    case toolMissing(tool: String, purpose: String, fix: String)
    /// A program ended with a status other than 0; `output` is the end of what it printed.
    case toolFailed(command: String, status: Int32, output: String, fix: String)
    /// A file or folder that must be there is not.
    case missing(path: String, expected: String, fix: String)
    /// Reading failed; `reason` is the system's word.
    case unreadable(path: String, reason: String)
    /// Writing, moving or removing failed; `reason` is the system's word.
    case unwritable(path: String, reason: String)
    /// A package list breaks the format in this line (counted from 1).
    case malformed(path: String, line: Int, found: String, expected: String)
    /// A file or a program's output is longer than anything that this tool should meet.
    case tooLarge(path: String, limit: Int)
    /// A file's bytes are not the ones that the table of known models names.
    case hash(path: String, found: String, expected: String, fix: String)
    /// The lists hold nothing from which the asked-for tasks can be made.
    case nothing(path: String, found: String, expected: String, fix: String)
    /// Neither a model's folder nor a known model's name.
    case unknownModel(name: String, known: [String])
    /// A known model that has not been fetched, or no longer has all its bytes.
    case modelNotFetched(name: String, path: String, found: String)
}

extension CorporaError: CustomStringConvertible {
    package var description: String { oneLine(text) }

    private var text: String {
        switch self {
        case .option(let name, let found, let expected):
            "\(name): found '\(found)', expected \(expected)"
        case .toolMissing(let tool, let purpose, let fix):
            "\(tool): not found; it is needed \(purpose); \(fix)"
        case .toolFailed(let command, let status, let output, let fix):
            "\(command): ended with status \(status)\(output.isEmpty ? "" : " (\(output))"); \(fix)"
        case .missing(let path, let expected, let fix):
            "\(path): missing, expected \(expected); \(fix)"
        case .unreadable(let path, let reason):
            "\(path): cannot be read: \(reason)"
        case .unwritable(let path, let reason):
            "\(path): cannot be written: \(reason)"
        case .malformed(let path, let line, let found, let expected):
            "\(path): line \(line): found \(found), expected \(expected); fetch this list again"
        case .tooLarge(let path, let limit):
            "\(path): more than \(limit) bytes, expected a package list; use another file"
        case .hash(let path, let found, let expected, let fix):
            "\(path): SHA-256 \(found), expected \(expected); \(fix)"
        case .nothing(let path, let found, let expected, let fix):
            "\(path): found \(found), expected \(expected); \(fix)"
        case .unknownModel(let name, let known):
            "\(name): not a folder with config.json and not a known model (\(known.joined(separator: ", "))); "
                + "give one of them"
        case .modelNotFetched(let name, let path, let found):
            "\(path): \(found), expected the model '\(name)'; run: amalgam model fetch \(name)"
        }
    }
}

extension CorporaError {
    /// Runs `body` and turns whatever it throws into `make(reason)`; an error of this kind passes as it is.
    static func wrap<T>(_ make: (String) -> CorporaError, _ body: () throws -> T) throws(CorporaError) -> T {
        do {
            return try body()
        } catch let error as CorporaError {
            throw error
        } catch let error as CocoaError {
            // Foundation's text for humans says 'the operation could not be completed'; the reason lies below it
            let below = error.userInfo[NSUnderlyingErrorKey].map { "\($0)" }
            throw make(below ?? error.localizedDescription)
        } catch {
            throw make("\(error)")
        }
    }
}
