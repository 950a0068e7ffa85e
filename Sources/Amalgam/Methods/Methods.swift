import Foundation

/// What each adapter method costs and what it scored, from a table that is part of the library.
///
/// `Examples/methods/run` measures it: plain trainings on four tasks with three seeds, and speeds by themselves on an idle
/// machine. What the table does not have was not measured.
public struct Methods: Sendable, Equatable {
    /// The presets that every other one is compared with: a bottleneck and a plain LoRA, tuned as it is.
    public static let references = ["seq_bn", "lora"]

    /// The presets in the order of ``AdapterConfiguration/presetNames``, each with its figures.
    public var entries: [Entry]
    /// How the figures were measured, by the names of the table: `model`, `train`, `epochs`, `seeds`, `tasks`, `speed`. Empty
    /// without any.
    public var settings: [String: SettingValue]

    /// A preset with its figures; nil where a figure was not measured.
    public struct Entry: Sendable, Equatable {
        /// Of the preset: `seq_bn`.
        public var name: String
        /// The method and its fields.
        public var configuration: AdapterConfiguration
        /// Number of values that learn, without the head.
        public var parameters: Int?
        /// Training speed in tokens per second, without padding.
        public var tokensPerSecond: Double?
        /// Largest resident memory of a training, in megabytes of 10⁶ bytes.
        public var megabytes: Double?
        /// Size of the adapter's values in a bundle, as float32.
        public var bytes: Int?
        /// Accuracy on each task's test split, the mean over the seeds; empty if it was not measured.
        public var scores: [String: Double]
        /// This preset's mean score less that of a reference, by its name; the references themselves are not compared.
        public var differences: [String: Difference]

        /// Mean of the scores over the tasks.
        public var meanScore: Double? {
            scores.isEmpty ? nil : scores.sorted { $0.key < $1.key }.reduce(0) { $0 + $1.value } / Double(scores.count)
        }

        /// Whether it scored significantly less than both references: the intervals of both differences are below 0. nil if
        /// it was not compared with both.
        public var isWorse: Bool? {
            let intervals = Methods.references.compactMap { differences[$0]?.interval }
            return intervals.count == Methods.references.count ? intervals.allSatisfy { $0.high < 0 } : nil
        }
    }

    /// A difference of mean scores.
    public struct Difference: Sendable, Equatable {
        /// Over all tasks, texts and seeds.
        public var mean: Double
        /// 95 % bootstrap interval over the test texts, paired.
        public var interval: Interval
    }

    /// The table of this version.
    public static let all = Methods(json: MethodTable.json) ?? Methods(measured: [:], settings: [:])

    /// - Parameter json: as `Examples/methods/run` writes it; nil if it is not of that form.
    init?(json: String) {
        guard case .map(var table)? = SettingValue(json: json), case .map(let methods)? = table["methods"] else {
            return nil
        }
        table["methods"] = nil
        self.init(measured: methods, settings: table)
    }

    private init(measured: [String: SettingValue], settings: [String: SettingValue]) {
        self.settings = settings
        entries = AdapterConfiguration.presetNames.compactMap { name in
            (try? AdapterConfiguration(preset: name)).map { Entry(name, $0, measured[name]) }
        }
    }

    /// The same as values: `methods`, a list of maps with `name`, `method`, `configuration`, `parameters`, `tokens_per_second`,
    /// `mb`, `bytes`, `scores`, `mean_score`, `differences` and `worse`; null is what was not measured. Beside it the settings.
    public var values: [String: SettingValue] {
        settings.merging(["methods": .list(entries.map { .map($0.values) })]) { $1 }
    }
}

extension Methods.Entry {
    fileprivate init(_ name: String, _ configuration: AdapterConfiguration, _ measured: SettingValue?) {
        self.name = name
        self.configuration = configuration
        parameters = measured?["parameters"]?.number.flatMap { Int(exactly: $0) }
        tokensPerSecond = measured?["tokens_per_second"]?.number
        megabytes = measured?["mb"]?.number
        bytes = measured?["bytes"]?.number.flatMap { Int(exactly: $0) }
        if case .map(let all)? = measured?["scores"] { scores = all.compactMapValues(\.number) } else { scores = [:] }
        differences = [:]
        guard case .map(let all)? = measured?["differences"] else { return }
        differences = all.compactMapValues { value in
            guard let mean = value["mean"]?.number, case .list(let ends)? = value["interval"], ends.count == 2,
                let low = ends[0].number, let high = ends[1].number
            else { return nil }
            return Methods.Difference(mean: mean, interval: Interval(low: low, high: high))
        }
    }

    fileprivate var values: [String: SettingValue] {
        [
            "name": .string(name), "method": .string(configuration.method),
            "configuration": .map(configuration.fields), "parameters": parameters.map { .init($0) } ?? .null,
            "tokens_per_second": tokensPerSecond.map { .number($0) } ?? .null,
            "mb": megabytes.map { .number($0) } ?? .null, "bytes": bytes.map { .init($0) } ?? .null,
            "scores": scores.isEmpty ? .null : .map(scores.mapValues { .number($0) }),
            "mean_score": meanScore.map { .number($0) } ?? .null,
            "differences": .map(
                differences.mapValues { difference in
                    [
                        "mean": .number(difference.mean),
                        "interval": [.number(difference.interval.low), .number(difference.interval.high)],
                    ]
                }), "worse": isWorse.map { .bool($0) } ?? .null,
        ]
    }
}
