import Amalgam
import ArgumentParser
import Foundation

/// sysexits.h's codes, as scripts rely on them.
enum ExitStatus: Int32 {
    case usage = 64
    case badData = 65
    case noInput = 66
    case unavailable = 69
    case inputOutput = 74
    case busy = 75

    static func of(_ error: any Error) -> ExitStatus {
        guard let error = error as? AmalgamError else { return .badData }
        if let status = error.exitCode.flatMap(ExitStatus.init) { return status }
        return switch error.kind {
        case .option, .composition, .configuration: .usage
        case .missingFile, .unreadableFile, .unknownModel, .modelNotFetched: .noInput
        case .unwritableFile: .inputOutput
        case .busy: .busy
        case .memory, .unavailable: .unavailable
        case .invalidContent, .missingField, .unknownLabel, .changedFile, .unsupported, .otherModel, .head, .noExamples,
            .notFinite, .checkpoint:
            .badData
        }
    }
}

/// A wrong option of the command line, in the words of the library's errors.
/// - Parameter option: with its dashes
func wrongOption(_ option: String, found: String, expected: String) -> AmalgamError {
    AmalgamError(
        .option, "\(option): found \(found), expected \(expected)", field: option, found: found, expected: expected)
}

/// A run that a signal has stopped.
struct StoppedRun: Error {
    /// How far it came, and where its checkpoint is.
    var text: String

    init(text: String) { self.text = text }

    /// - Parameter checkpoint: nil: none was written
    init(step: Int, of all: Int, checkpoint: URL?) {
        text = "stopped after step \(step) of \(all)" + (checkpoint.map { "; the checkpoint is \($0.path)" } ?? "")
    }
}

extension AsyncParsableCommand {
    /// Runs a command's body; an error becomes one line on stderr and an exit code.
    func guarded(_ body: () async throws -> Void) async throws {
        do {
            try await body()
            if Console.hasFailed { throw ExitCode(ExitStatus.inputOutput.rawValue) }
        } catch let error as ExitCode {
            throw error
        } catch let error as StoppedRun {
            Console.error("amalgam: \(error.text)")
            Console.error("resume with: \(Self.resumingCommand)")
            throw ExitCode(StopSignals.exitCode)
        } catch let error as ValidationError {
            throw error
        } catch let error as AmalgamError {
            Console.error("amalgam: \(error.commandLineText)")
            throw ExitCode(ExitStatus.of(error).rawValue)
        } catch {
            Console.error("amalgam: \(error)")
            throw ExitCode(ExitStatus.of(error).rawValue)
        }
    }

    /// This command once more, with --resume.
    private static var resumingCommand: String {
        var words = CommandLine.arguments
        if !words.contains("--resume") { words.append("--resume") }
        return words.map { word in
            word.allSatisfy { $0.isLetter || $0.isNumber || "-_./=:,+@%".contains($0) } && !word.isEmpty
                ? word : "'" + word.replacing("'", with: "'\\''") + "'"
        }.joined(separator: " ")
    }
}
