import Adapters
import ArgumentParser
import Bundles
import Corpora
import Foundation
import Models
import Tasks
import Training

/// What many bundles on one model cost: time and memory for each further one.
struct BundlesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bundles",
        abstract: "Load many bundles, each with a predictor on one model, and time and weigh each further one.")

    @Option(help: "A Hugging Face folder, or the name of a fetched model.") var model: String
    @Option(help: "A bundle with one adapter and a head; see 'init'.") var bundle: String
    @Option(help: "Number of bundles.") var count = 1000
    @Option(help: "Number of threads.") var threads = 2

    func run() throws {
        guard count >= 10 else {
            throw BenchmarkError.option(name: "--count", found: "\(count)", expected: "10 or more")
        }
        let session = Session(try LoadedModel(folder: ModelStore().resolve(model), cache: nil), threads: threads)
        let file = URL(fileURLWithPath: bundle)
        let first = try BundleFile.read(file)
        // What the first use of a model takes is no bundle's
        _ = try Predictor(session, bundle: first).predictions([Self.example])
        var bundles: [AdapterBundle] = []
        let loaded = try measure { number in
            bundles.append(try BundleFile.read(file))
            bundles[number].name = "bundle\(number)"
        }
        var predictors: [Predictor] = []
        let ready = try measure { number in
            predictors.append(try Predictor(session, bundle: bundles[number]))
            _ = predictors[number].predictions([Self.example])
        }
        ConfigurationValue.map([
            "parameter_bytes": .init(4 * first.tensors.reduce(0) { $0 + $1.values.count }), "loaded": loaded,
            "ready": ready,
        ]).printJSON()
        withExtendedLifetime((bundles, predictors)) {}
    }

    private static let example = Example(id: 0, text: "one short text for each of them")

    /// Does something for each bundle: milliseconds of one in each tenth of them, and by how many bytes each lets the
    /// process grow.
    private func measure(_ body: (_ number: Int) throws -> Void) rethrows -> ConfigurationValue {
        let before = PeakMemory.resident
        var milliseconds: [ConfigurationValue] = []
        for tenth in 0..<10 {
            let numbers = tenth * count / 10..<(tenth + 1) * count / 10
            let start = Date()
            for number in numbers { try body(number) }
            milliseconds.append(.number(1000 * Date().timeIntervalSince(start) / Double(numbers.count)))
        }
        let growth = Double(PeakMemory.resident - before) / Double(count)
        return .map(["milliseconds": .list(milliseconds), "bytes_per_bundle": .number(growth)])
    }
}
