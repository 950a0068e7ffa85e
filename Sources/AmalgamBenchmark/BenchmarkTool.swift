import Adapters
import ArgumentParser
import Foundation

/// `amalgam-benchmark`: the measurements that the scripts in `Benchmarks` put together. Each prints one JSON object.
@main
struct BenchmarkTool: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "amalgam-benchmark", abstract: "Measure Amalgam; see Benchmarks/README.md.",
        subcommands: [
            PeakCommand.self, InitCommand.self, RowCommand.self, LengthsCommand.self, MixCommand.self, SoakCommand.self,
            BundlesCommand.self, AutoEvidenceCommand.self, AutoFitCommand.self,
        ])
}

enum BenchmarkError: Error, Equatable, CustomStringConvertible {
    case input(file: String, found: String, expected: String)
    case option(name: String, found: String, expected: String)

    var description: String {
        switch self {
        case .input(let file, let found, let expected): "\(file): \(found); expected \(expected)"
        case .option(let name, let found, let expected): "\(name): found \(found), expected \(expected)"
        }
    }
}

extension ConfigurationValue {
    init(_ value: Int) { self = .number(Double(value)) }

    /// As the only line on standard output.
    func printJSON() { FileHandle.standardOutput.write(Data((json + "\n").utf8)) }
}
