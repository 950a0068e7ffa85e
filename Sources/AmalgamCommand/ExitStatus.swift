import Adapters
import ArgumentParser
import Bundles
import Corpora
import Files
import Foundation
import Models
import Numerics
import Tasks
import Text
import Training

/// sysexits.h's codes, as scripts rely on them.
enum ExitStatus: Int32 {
    case usage = 64
    case badData = 65
    case noInput = 66
    case unavailable = 69
    case inputOutput = 74
    case busy = 75

    static func of(_ error: any Error) -> ExitStatus {
        switch error {
        case let error as FileError: of(error)
        case let error as TrainingError: of(error)
        case is AdapterError: .usage
        case ModelError.noFolder, ModelError.notAModel: .noInput
        case NumericsError.blas: .unavailable
        case TaskError.unreadable, TaskError.noSplitFiles: .noInput
        case TextError.noTokenizer, TextError.unreadable: .noInput
        case CorporaError.option: .usage
        case CorporaError.toolMissing, CorporaError.toolFailed: .unavailable
        case CorporaError.missing, CorporaError.unreadable, CorporaError.nothing, CorporaError.unknownModel,
            CorporaError.modelNotFetched:
            .noInput
        case CorporaError.unwritable: .inputOutput
        default: .badData
        }
    }

    private static func of(_ error: FileError) -> ExitStatus {
        switch error {
        case .system(_, _, let code): code == ENOENT || code == ENOTDIR ? .noInput : .inputOutput
        case .unwritable: .inputOutput
        case .locked: .busy
        case .notAFile: .noInput
        default: .badData
        }
    }

    private static func of(_ error: TrainingError) -> ExitStatus {
        switch error {
        case .setting: .usage
        case .memory: .unavailable
        default: .badData
        }
    }
}

extension ParsableCommand {
    /// Runs a command's body; an error becomes one line on stderr and an exit code.
    func guarded(_ body: () throws -> Void) throws {
        do {
            try body()
            if Console.hasFailed { throw ExitCode(ExitStatus.inputOutput.rawValue) }
        } catch let error as ExitCode {
            throw error
        } catch TrainingError.stopped(let step, let total, let checkpoint) {
            Console.error("amalgam: \(TrainingError.stopped(step: step, of: total, checkpoint: checkpoint))")
            Console.error("resume with: \(Self.resumingCommand)")
            throw ExitCode(StopSignals.exitCode)
        } catch let error as ValidationError {
            throw error
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
