import Adapters
import ArgumentParser
import CKernels
import Foundation
import Numerics
import Training

/// What the processor's multiply-add units reach when nothing else is in the way.
struct PeakCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "peak", abstract: "Measure the machine's peak of fused multiply-adds in GFLOP/s.")

    @Option(help: "Number of threads.") var threads = 2
    @Option(help: "Seconds per instruction set.") var seconds = 1.0

    func run() throws {
        guard threads >= 1, seconds > 0 else {
            throw BenchmarkError.option(
                name: "--threads, --seconds", found: "\(threads), \(seconds)", expected: "more than 0")
        }
        let pool = ThreadPool(threads: threads)
        var best: [String: (rate: Double, set: String)] = [:]
        var index: Int32 = 0
        let newest = String(cString: Products.kernels.pointee.name)
        var passed = false
        while let loop = amalgam_peak_loop_at(index) {
            // Not what AMALGAM_PRODUCTS leaves unused
            if passed, !(loop.pointee.bf16 && Products.hasBFloat16) { break }
            passed = String(cString: loop.pointee.name) == newest
            let rate = measure(loop, pool: pool)
            let precision = (loop.pointee.bf16 ? Precision.bfloat16 : .float32).rawValue
            if rate > best[precision]?.rate ?? 0 { best[precision] = (rate, String(cString: loop.pointee.name)) }
            index += 1
        }
        var fields: [String: ConfigurationValue] = [
            "threads": .init(threads), "products": .string(Products.description),
        ]
        for (precision, found) in best {
            fields[precision] = .number(found.rate / 1e9)
            fields["\(precision)_set"] = .string(found.set)
        }
        ConfigurationValue.map(fields).printJSON()
    }

    /// The best of many short rounds: what disturbs a round only ever makes it slower.
    /// - Returns: operations a second, of all threads together.
    private func measure(_ loop: UnsafePointer<amalgam_peak_loop>, pool: ThreadPool) -> Double {
        let threads = pool.threads
        func round(_ passes: Int) -> Double {
            let start = DispatchTime.now().uptimeNanoseconds
            pool.run(threads) { _, _ in _ = loop.pointee.run(passes) }
            return Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
        }
        var passes = 1_000
        while round(passes) < 0.02 { passes *= 2 }
        var (best, spent) = (0.0, 0.0)
        while spent < seconds {
            let time = round(passes)
            spent += time
            best = max(best, Double(passes * threads) * loop.pointee.operations / time)
        }
        return best
    }
}
