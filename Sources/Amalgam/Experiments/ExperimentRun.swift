import Ablation
import Files
import Foundation
import Reporting
import Training

/// What an experiment gets of its job, and does around its comparison.
final class ExperimentRun: @unchecked Sendable {  // the warnings are behind the lock
    private let isCancelled: @Sendable () -> Bool
    private let tell: @Sendable (ExperimentEvent) -> Void
    private let lock = NSLock()
    private var warnings: [Warning] = []

    /// What has been warned of so far.
    var all: [Warning] { lock.withLock { warnings } }

    init(isCancelled: @escaping @Sendable () -> Bool, tell: @escaping @Sendable (ExperimentEvent) -> Void) {
        self.isCancelled = isCancelled
        self.tell = tell
    }

    func tell(_ news: ExperimentNews) {
        let event = ExperimentEvent(news)
        if case .warning(let warning, _) = event { lock.withLock { warnings.append(warning) } }
        tell(event)
    }

    /// Compares in a folder, whose trainings other jobs and processes may share.
    /// - Parameters:
    ///   - who: runs it, for others who wait.
    ///   - compare: writes the report's files into the folder
    func compare(
        in folder: URL, who: String, _ options: some ExperimentOptions,
        _ compare: (ExperimentEnvironment) throws -> some PageReport & Sendable
    ) throws -> ExperimentResult {
        try Folder.make(folder)
        AtomicFile.removeTemporaries(in: folder, deep: true)
        var environment = ExperimentEnvironment()
        environment.tell = { [self] in tell($0) }
        environment.checkpointEvery = options.checkpointInterval
        environment.memoryLimit = options.memoryLimit.stored
        environment.stops = isCancelled
        environment.who = who
        environment.command = options.command
        return ExperimentResult(
            report: Report(try compare(environment)), page: folder.appendingPathComponent("report.html"),
            warnings: all)
    }
}

/// What the options of all experiments have.
protocol ExperimentOptions {
    var scheduler: String { get }
    var checkpointInterval: Double { get }
    var memoryLimit: MemoryLimit { get }
    var command: String? { get }
}

extension ExperimentOptions {
    /// - Throws: `TrainingError.setting`, `AmalgamError`
    func validate() throws {
        guard TaskSchedulers.selfContained.contains(scheduler) else {
            throw TrainingError.setting(
                name: "--scheduler", found: scheduler, expected: TaskSchedulers.selfContained.joined(separator: ", "))
        }
        guard checkpointInterval >= 0 else {
            let found = "\(checkpointInterval)"
            var error = AmalgamError.make(
                .option, "checkpointInterval: found \(found), expected 0 or more", field: "checkpointInterval",
                found: found, expected: "0 or more")
            error.commandLineText = "--checkpoint-every: found \(found), expected 0 or more"
            throw error
        }
    }

    /// - Parameter counts: by their flags; nil: none given
    /// - Throws: `TrainingError.setting`
    func checkCounts(_ counts: KeyValuePairs<String, Int?>) throws {
        for (name, value) in counts {
            if let value, value < 1 {
                throw TrainingError.setting(name: name, found: "\(value)", expected: "1 or more")
            }
        }
    }
}

extension TrainingOptions.Batch {
    var stored: BatchPolicy {
        switch self {
        case .examples(let count): .examples(count)
        case .tokens(let count): .tokens(count)
        }
    }
}
