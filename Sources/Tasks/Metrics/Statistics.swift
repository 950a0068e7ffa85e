/// What a metric sums over examples. Statistics add up, so that a resample costs no more than its examples, and metrics
/// that share a type of statistics are computed from the same sums.
package protocol Statistics: Sendable {
    /// A form of answers, or a protocol of several forms.
    associatedtype Given

    /// Statistics of no examples. Work that is done once for all resamples belongs here.
    init(for answers: Given)

    /// Adds an example.
    /// - Parameters:
    ///   - example: an index into the answers that `init` got
    ///   - times: how often it counts, at least 1
    mutating func add(_ example: Int, of answers: Given, times: Int)

    mutating func removeAll()

    /// Number of examples.
    static func count(of answers: Given) -> Int
}

extension Statistics where Given: Answers {
    package static func count(of answers: Given) -> Int { answers.count }
}

/// The statistics of some answers, without their types.
package protocol Tally: AnyObject {
    func add(_ example: Int, times: Int)
    func removeAll()
    /// The metric's value, or NaN if it needs other statistics.
    func value(of metric: any Metric.Type) -> Double
}

/// A metric's value on all answers and on each resample goes through one of these.
final class TypedTally<Sums: Statistics>: Tally {
    private let answers: Sums.Given
    private var sums: Sums

    init(_ answers: Sums.Given) {
        self.answers = answers
        sums = Sums(for: answers)
    }

    func add(_ example: Int, times: Int) { sums.add(example, of: answers, times: times) }

    func removeAll() { sums.removeAll() }

    func value(of metric: any Metric.Type) -> Double {
        func value<M: Metric>(_ metric: M.Type) -> Double { (sums as? M.Sums).map { M.value($0) } ?? .nan }
        return value(metric)
    }
}
