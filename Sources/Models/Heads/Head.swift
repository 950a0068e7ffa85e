import Files
import Numerics

/// What a head reads of the encoder's last hidden states.
package enum HeadInput: Equatable, Sendable {
    /// One row for each sequence.
    case pooled(Pool.Kind)
    /// The tokens that the batch marks for the head: those that stand for words.
    case marked
    /// Every token.
    case tokens
}

/// What a head says of a row.
package enum HeadOutput: Equatable, Sendable {
    /// A logit for each label.
    case classes([String])
    /// So many numbers, each in units of its scale: number c is mean_c + scale_c · output_c in the data's units.
    case numbers([NumberScale])
    /// The arc of a word in its sequence's tree: the head's place, the index of a label, and their probability (`BestTrees`).
    case arcs([String])
    /// A logit for each label, each a decision of its own; a label is given if its probability reaches its threshold.
    case labelSets([String], thresholds: [Float])
    /// One logit; the sequences of an example compete.
    case choices
    /// A start and an end logit for each token of a context.
    case spans(SpanSettings)
    /// A row of length 1 for each of two texts; their cosine in 0...1 is a number of the range.
    case similarity(ClosedRange<Float>, width: Int)
    /// A row of length 1 for a query or a document; cosines rank the documents.
    case ranking(RankingSettings, width: Int)
    /// The mentions that begin with a word, with the numbers of their clusters (`BestClusters`).
    case clusters
    /// The most probable tokens and their probabilities (`TopTokens`).
    case tokens(TokenSettings)

    /// Columns of the output.
    package var width: Int {
        switch self {
        case .classes(let labels): labels.count
        case .numbers(let scales): scales.count
        case .arcs: BestTrees.width
        case .labelSets(let labels, _): labels.count
        case .choices: 1
        case .spans: 2
        case .similarity(_, let width), .ranking(_, let width): width
        case .clusters: BestClusters.width
        case .tokens: 2 * TokenSettings.predicted
        }
    }

    /// The labels; empty for outputs without labels.
    package var labels: [String] {
        switch self {
        case .classes(let labels), .labelSets(let labels, _), .arcs(let labels): labels
        case .numbers, .choices, .spans, .similarity, .ranking, .clusters, .tokens: []
        }
    }

    /// Whether a row is a logit for each label.
    package var isClasses: Bool { if case .classes = self { true } else { false } }

    /// For people: the labels, or how many numbers.
    package var summary: String {
        switch self {
        case .classes(let labels), .labelSets(let labels, _), .arcs(let labels): labels.joined(separator: ", ")
        case .choices: "one of several choices"
        case .numbers(let scales): scales.count == 1 ? "1 number" : "\(scales.count) numbers"
        case .spans: "a part of a context"
        case .similarity: "the similarity of two texts"
        case .ranking(let settings, _): "a ranking of \(settings.subject.rawValue)"
        case .clusters: "clusters of mentions"
        case .tokens: "hidden tokens"
        }
    }

    /// Whether the loss is a squared error, not a negative log-likelihood.
    package var hasSquaredError: Bool {
        switch self {
        case .numbers, .similarity: true
        default: false
        }
    }
}

/// How a number of the data is brought to mean 0 and deviation 1, so that one learning rate fits all ranges.
package struct NumberScale: Equatable, Sendable {
    package var mean: Float
    /// Over 0.
    package var deviation: Float

    package init(mean: Float, deviation: Float) {
        self.mean = mean
        self.deviation = deviation
    }

    /// Numbers as they are.
    package static let identity = NumberScale(mean: 0, deviation: 1)
}

/// What a task asks of a new head.
package struct HeadRequest: Sendable {
    package var labels: [String]
    package var pooling: Pool.Kind
    /// Stands before each text ("query: " for E5).
    package var textPrefix: String
    /// Of each number that is to be predicted.
    package var numbers: [NumberScale]
    /// Whether there are questions without an answer.
    package var hasUnanswerable: Bool
    /// Whether there are clusters of one mention.
    package var hasSingletons: Bool
    /// Columns of the model's hidden states.
    package var hidden: Int
    /// The smallest and the largest number that is to be predicted.
    package var range: ClosedRange<Float>
    /// What is ranked.
    package var subject: RankingSettings.Subject
    /// How questions are answered.
    package var answers: AnswerSettings
    /// What tokens are predicted; nil: none.
    package var tokens: TokenRequest?

    package init(
        labels: [String] = [], pooling: Pool.Kind, textPrefix: String = "", numbers: [NumberScale] = [],
        hasUnanswerable: Bool = false, hasSingletons: Bool = false, hidden: Int = 0, range: ClosedRange<Float> = 0...1,
        subject: RankingSettings.Subject = .documents, answers: AnswerSettings = AnswerSettings(),
        tokens: TokenRequest? = nil
    ) {
        self.labels = labels
        self.pooling = pooling
        self.textPrefix = textPrefix
        self.numbers = numbers
        self.hasUnanswerable = hasUnanswerable
        self.hidden = hidden
        self.range = range
        self.subject = subject
        self.hasSingletons = hasSingletons
        self.answers = answers
        self.tokens = tokens
    }
}

/// What shapes a head's loss beside its targets.
package struct LossSettings: Sendable {
    /// A weight for each class; nil: all 1.
    package var classWeights: [Float]?
    /// ε in 0..<1 (see `CrossEntropy`).
    package var smoothing: Float
    /// How much a teacher's distributions count, at which temperature (see `DistilledCrossEntropy`); nil: there is none.
    package var teacher: (temperature: Double, alpha: Double)?

    package init(
        classWeights: [Float]? = nil, smoothing: Float = 0, teacher: (temperature: Double, alpha: Double)? = nil
    ) {
        self.classWeights = classWeights
        self.smoothing = smoothing
        self.teacher = teacher
    }
}

/// A field of a stored head that is not what the head needs.
package struct HeadFault: Error, Equatable {
    package var field: String
    package var found: String
    package var expected: String
}

/// What turns hidden states into answers. A new head is one file that conforms to this, one line in `Heads.builtIn`, and
/// its test: bundles, training, evaluation and prediction follow from its `input` and `output`.
package protocol Head: Sendable {
    /// As in bundles.
    static var kind: String { get }
    /// The head that gives the same answers with a single linear layer; nil: there is none.
    static var linear: (any Head.Type)? { get }

    init(_ request: HeadRequest)
    /// From a bundle, whose content nobody vouches for.
    /// - Parameter labels: different ones; empty where the bundle has none
    init(fields: HeadFields, labels: [String]) throws(HeadFault)

    var input: HeadInput { get }
    var output: HeadOutput { get }
    /// Stands before each text.
    var textPrefix: String { get }
    /// All but the labels, as bundles hold it.
    var fields: [String: ConfigurationValue] { get }

    /// Trainable tensors under `scope` ("heads/NAME").
    func specs(hidden: Int, scope: String) -> [ParameterSpec]
    /// - Parameters:
    ///   - rows: [rows, hidden], as `input` says
    ///   - dropout: probability in 0..<1
    /// - Returns: [rows, width of the output]
    func build(
        _ rows: Value, operand: OperandTable, scope: String, dropout: Float, in builder: PlanBuilder
    ) throws -> Value
    /// What results hold of each row, and each row's raw loss: by default what `build` and `loss` give. A head whose loss reads
    /// more than its output makes both at once.
    /// - Parameters:
    ///   - rows: [rows, hidden], as `input` says
    ///   - index: whose targets in the batch count
    func build(
        _ rows: Value, operand: OperandTable, scope: String, dropout: Float, head index: Int, settings: LossSettings,
        in builder: PlanBuilder
    ) throws -> (output: Value, rowLosses: Value)
    /// The raw loss of each row, [rows, 1]. By default what fits the output: cross-entropy of classes, squared error of
    /// numbers.
    /// - Parameter index: whose targets in the batch count
    func loss(_ output: Value, head index: Int, settings: LossSettings, in builder: PlanBuilder) -> Value
}

extension Head {
    package static var linear: (any Head.Type)? { nil }
    package var kind: String { Self.kind }
    /// The labels that it says; empty for numbers and choices.
    package var labels: [String] { output.labels }
    /// Of a head that says numbers.
    package var numbers: [NumberScale] { if case .numbers(let numbers) = output { numbers } else { [] } }

    package func build(
        _ rows: Value, operand: OperandTable, scope: String, dropout: Float, head index: Int, settings: LossSettings,
        in builder: PlanBuilder
    ) throws -> (output: Value, rowLosses: Value) {
        let output = try build(rows, operand: operand, scope: scope, dropout: dropout, in: builder)
        return (output, loss(output, head: index, settings: settings, in: builder))
    }

    package func loss(_ output: Value, head index: Int, settings: LossSettings, in builder: PlanBuilder) -> Value {
        let term = settings.teacher.map { TeacherTerm(temperature: $0.temperature, alpha: $0.alpha) }
        return switch (self.output, settings.teacher) {
        case (.classes, let teacher?):
            builder.append(
                DistilledCrossEntropy(
                    output, head: index, classWeights: settings.classWeights, smoothing: settings.smoothing,
                    temperature: teacher.temperature, alpha: teacher.alpha, in: builder))
        case (.classes, nil):
            builder.append(
                CrossEntropy(
                    output, head: index, classWeights: settings.classWeights, smoothing: settings.smoothing,
                    in: builder))
        case (.arcs, _): preconditionFailure("the loss of arcs reads more than the trees")
        case (.clusters, _): preconditionFailure("the loss of clusters reads more than the clusters")
        case (.tokens, _): preconditionFailure("the loss of tokens reads more than the best of them")
        case (.numbers(let scales), _):
            builder.append(
                SquaredError(
                    output, head: index, means: scales.map(\.mean), scales: scales.map(\.deviation), in: builder))
        case (.labelSets, _):
            builder.append(
                BinaryCrossEntropy(
                    output, head: index, smoothing: settings.smoothing, teacher: term, in: builder))
        case (.choices, _):
            builder.append(
                GroupCrossEntropy(
                    output, head: index, smoothing: settings.smoothing, teacher: term, in: builder))
        case (.spans, _):
            builder.append(SpanCrossEntropy(output, head: index, teacher: term, in: builder))
        case (.similarity(let range, _), _):
            builder.append(CosineSquaredError(output, head: index, range: range, in: builder))
        case (.ranking(let settings, _), _):
            builder.append(
                InBatchCrossEntropy(output, head: index, temperature: settings.temperature, in: builder))
        }
    }

    /// Whether another head is the same: kind, fields and labels.
    package func equals(_ other: any Head) -> Bool {
        kind == other.kind && labels == other.labels && fields == other.fields
    }
}

/// The heads that there are.
package enum Heads {
    package static let builtIn: [any Head.Type] = [
        ClassificationHead.self,
        TaggingHead.self,
        ParsingHead.self,
        RegressionHead.self,
        MultiLabelHead.self,
        MultipleChoiceHead.self,
        SpanHead.self,
        SimilarityHead.self,
        RankingHead.self,
        CoreferenceHead.self,
        MaskedTokenHead.self,
        LinearClassificationHead.self,
        LinearRegressionHead.self,
        LinearMultiLabelHead.self,
        LinearMultipleChoiceHead.self,
    ]

    package static func named(_ kind: String) -> (any Head.Type)? { builtIn.first { $0.kind == kind } }
    package static var kinds: [String] { builtIn.map { $0.kind } }
}
