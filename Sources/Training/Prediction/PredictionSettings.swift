import Tasks

/// Settings of `predict`.
package struct PredictionSettings: Sendable {
    /// Which fields of the input are copied to the output.
    package enum Kept: Equatable, Sendable {
        case none, all
        case named([String])

        /// A name given twice is kept once.
        package init(_ names: [String]) {
            var seen = Set<String>()
            self = .named(names.filter { seen.insert($0).inserted })
        }
    }

    package enum Output: String, CaseIterable, Sendable { case jsonl, csv }

    package enum OnError: String, CaseIterable, Sendable {
        /// A bad line ends the run, after the results of the lines before it were written.
        case stop
        /// The output has a line with the error instead of a result.
        case skip
    }

    package var kept = Kept.none
    /// Number of classes to list under `top`, at least 1.
    package var top = 1
    /// A prediction whose largest probability is below this value is marked as abstained.
    package var threshold = 0.0
    package var output = Output.jsonl
    package var onError = OnError.stop

    package init() {}

    /// - Throws: `TrainingError.setting`
    package func validate() throws(TrainingError) {
        guard top >= 1 else { throw .setting(name: "--top-k", found: "\(top)", expected: "1 or more") }
        guard (0...1).contains(threshold) else {
            throw .setting(name: "--threshold", found: "\(threshold)", expected: "a probability, 0 to 1")
        }
    }
}
