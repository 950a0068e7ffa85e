import Foundation
import Tasks

/// How ``TextTask/overlap(with:bundles:options:)`` compares texts.
public struct OverlapOptions: Sendable, Equatable {
    /// Jaccard similarity of words and pairs of words from which two examples are near duplicates; above 0, at most 1;
    /// default 0.8.
    public var threshold = 0.8
    /// Pairs that are listed at most, the worst ones; default 10,000. Counts cover all.
    public var maxPairs = 10_000
    /// Threads; nil (default) for all processors. They do not change the result.
    public var threads: Int?

    /// Creates the defaults.
    public init() {}

    func settings() throws(AmalgamError) -> OverlapSettings {
        func wrong(_ field: String, _ found: String, _ expected: String) -> AmalgamError {
            .make(
                .option, "\(field): found \(found), expected \(expected)", field: field, found: found,
                expected: expected)
        }
        guard threshold > 0, threshold <= 1 else {
            throw wrong("threshold", "\(threshold)", "a number above 0 and at most 1")
        }
        guard maxPairs >= 0 else { throw wrong("maxPairs", "\(maxPairs)", "0 or more") }
        var settings = OverlapSettings()
        settings.threshold = threshold
        settings.mostPairs = maxPairs
        settings.threads = max(1, threads ?? ProcessInfo.processInfo.activeProcessorCount)
        return settings
    }
}
