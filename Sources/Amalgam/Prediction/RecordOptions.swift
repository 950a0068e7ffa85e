import Training

/// How records are predicted and answered; see ``Predictor/predict(_:options:write:)``.
public struct RecordOptions: Sendable, Equatable {
    /// Which fields of a record are copied to its result. One with the name of a field of the result becomes `input_NAME`.
    public enum Kept: Sendable, Equatable {
        /// No field.
        case none
        /// All fields.
        case all
        /// These fields; a name given twice counts once.
        case named([String])

        fileprivate var stored: PredictionSettings.Kept {
            switch self {
            case .none: .none
            case .all: .all
            case .named(let names): .init(names)
            }
        }
    }

    /// How results are written.
    public enum OutputFormat: String, Sendable, CaseIterable {
        /// A JSON object a line.
        case jsonLines = "jsonl"
        /// Comma-separated values with a header.
        case csv
    }

    /// What a malformed record does.
    public enum ErrorPolicy: String, Sendable, CaseIterable {
        /// The call ends with its error, after the results of the records before it were handed out.
        case stop
        /// Its error stands in place of a result.
        case skip
    }

    /// The field with the text; for pairs two fields separated by a comma. Nil (default) for `text`; for pairs `text_a` and
    /// `text_b`; for words `tokens`, or `text` split at white space.
    public var textColumn: String?
    /// Which fields are copied; default none.
    public var keeps = Kept.none
    /// How many of the most likely classes are listed, 1 or more; default 1.
    public var topK = 1
    /// A class whose probability is below it is marked as abstained, 0...1; default 0. Of sets of labels, those whose probability
    /// reaches it are given, in place of the thresholds of the head; 0: the head's.
    public var threshold = 0.0
    /// How results are written; default JSON Lines.
    public var outputFormat = OutputFormat.jsonLines
    /// What a malformed record does; default stop.
    public var onError = ErrorPolicy.stop

    /// Creates the defaults.
    public init() {}

    /// Checks the numbers' ranges, before a source is opened or a model is read.
    /// - Throws: ``AmalgamError/Kind/option``.
    public func validate() throws(AmalgamError) { try translated { try stored.validate() } }

    var stored: PredictionSettings {
        var settings = PredictionSettings()
        settings.kept = keeps.stored
        settings.top = topK
        settings.threshold = threshold
        settings.output = outputFormat == .csv ? .csv : .jsonl
        settings.onError = onError == .skip ? .skip : .stop
        return settings
    }
}

/// Totals of predicted records.
public struct RecordSummary: Sendable, Equatable {
    /// Records with a prediction.
    public var predicted: Int
    /// Malformed records that were skipped.
    public var skipped: Int
    /// Texts that are longer than the maximum length.
    public var truncated: Int
    /// What a user should know of the records.
    public var warnings: [Warning]

    init(_ stored: PredictionStream.Summary) {
        predicted = stored.predicted
        skipped = stored.bad
        truncated = stored.truncated
        warnings = stored.warnings.map { .of(.data, $0) }
    }
}
