import Ablation
import Files
import Foundation
import Reporting

/// What the commands that run an experiment do around it.
struct ExperimentRun {
    let common: CommonOptions
    let memory: MemoryOptions
    let checkpointEvery: Double
    let out: String

    /// Runs an experiment in its folder, which nobody else uses meanwhile, and prints its report.
    /// - Parameters:
    ///   - who: runs it, for others who would.
    ///   - field: of the report's values, which `--json` prints.
    func run(
        who: String, field: String, _ experiment: (URL, ExperimentEnvironment) throws -> some PageReport
    ) throws {
        let folder = URL(fileURLWithPath: out)
        try Folder.make(folder)
        let lock = try OutputLock(folder, who: who)
        defer { withExtendedLifetime(lock) {} }
        AtomicFile.removeTemporaries(in: folder, deep: true)
        StopSignals.install()
        var environment = ExperimentEnvironment(progress: common.progress)
        environment.checkpointEvery = checkpointEvery
        environment.memoryLimit = try memory.limit()
        environment.stops = { StopSignals.areReceived }
        environment.command = (["amalgam"] + CommandLine.arguments.dropFirst()).joined(separator: " ")
        let report = try experiment(folder, environment)
        let page = folder.appendingPathComponent("report.html").path
        guard common.json else {
            Console.print(report.text(on: Terminal.of(.output)))
            return Console.print("report: \(page)")
        }
        if case .map(let values)? = ConfigurationValue(json: try report.json()) {
            Console.print(json: ["report": .string(page), field: values[field] ?? .list([])])
        }
    }
}
