/// A text with its class.
public struct ClassificationExample: Sendable, Equatable {
    /// The text.
    public var text: String
    /// The class.
    public var label: String
    /// A probability for each class, in place of one class (soft targets); they sum to 1, and classes that are missing have 0.
    /// Scores take the most probable class. nil: ``label`` is the class.
    public var labelProbabilities: [String: Double]?
    /// How much it counts in training, 0 or more; scores count all examples alike.
    public var weight: Double
    /// What it belongs to, such as its document; intervals resample whole groups. All examples of a task have one, or none.
    public var group: String?

    /// Creates an example.
    /// - Parameters:
    ///   - text: The text.
    ///   - label: The class; not empty.
    ///   - weight: How much it counts in training.
    ///   - group: What it belongs to.
    public init(_ text: String, label: String, weight: Double = 1, group: String? = nil) {
        self.text = text
        self.label = label
        self.weight = weight
        self.group = group
    }

    /// Creates an example with a distribution over the classes.
    /// - Parameters:
    ///   - text: The text.
    ///   - labelProbabilities: A probability for each class; they sum to 1.
    ///   - weight: How much it counts in training.
    ///   - group: What it belongs to.
    public init(_ text: String, labelProbabilities: [String: Double], weight: Double = 1, group: String? = nil) {
        self.init(text, label: mostProbable(labelProbabilities), weight: weight, group: group)
        self.labelProbabilities = labelProbabilities
    }
}

/// A pair of texts with its class.
public struct PairExample: Sendable, Equatable {
    /// The first text.
    public var first: String
    /// The second text.
    public var second: String
    /// The class of the pair.
    public var label: String
    /// A probability for each class; see ``ClassificationExample/labelProbabilities``.
    public var labelProbabilities: [String: Double]?
    /// How much it counts in training; see ``ClassificationExample/weight``.
    public var weight: Double
    /// What it belongs to; see ``ClassificationExample/group``.
    public var group: String?

    /// Creates an example.
    /// - Parameters:
    ///   - first: The first text.
    ///   - second: The second text.
    ///   - label: The class of the pair; not empty.
    ///   - weight: How much it counts in training.
    ///   - group: What it belongs to.
    public init(_ first: String, _ second: String, label: String, weight: Double = 1, group: String? = nil) {
        self.first = first
        self.second = second
        self.label = label
        self.weight = weight
        self.group = group
    }

    /// Creates an example with a distribution over the classes.
    /// - Parameters:
    ///   - first: The first text.
    ///   - second: The second text.
    ///   - labelProbabilities: A probability for each class; they sum to 1.
    ///   - weight: How much it counts in training.
    ///   - group: What it belongs to.
    public init(
        _ first: String, _ second: String, labelProbabilities: [String: Double], weight: Double = 1,
        group: String? = nil
    ) {
        self.init(first, second, label: mostProbable(labelProbabilities), weight: weight, group: group)
        self.labelProbabilities = labelProbabilities
    }
}

/// The words of a text with a tag for each.
public struct TaggingExample: Sendable, Equatable {
    /// The words.
    public var words: [String]
    /// A tag for each word: with prefixes (`B-PER`, `I-PER`, `O`), or without (`NOUN`).
    public var tags: [String]
    /// How much it counts in training; see ``ClassificationExample/weight``.
    public var weight: Double
    /// What it belongs to; see ``ClassificationExample/group``.
    public var group: String?

    /// Creates an example.
    /// - Parameters:
    ///   - words: The words.
    ///   - tags: As many tags.
    ///   - weight: How much it counts in training.
    ///   - group: What it belongs to.
    public init(_ words: [String], tags: [String], weight: Double = 1, group: String? = nil) {
        self.words = words
        self.tags = tags
        self.weight = weight
        self.group = group
    }
}

/// The words of a sentence with their dependency tree.
public struct ParsingExample: Sendable, Equatable {
    /// The words.
    public var words: [String]
    /// The arc of each word.
    public var arcs: [DependencyArc]
    /// How much it counts in training; see ``ClassificationExample/weight``.
    public var weight: Double
    /// What it belongs to; see ``ClassificationExample/group``.
    public var group: String?

    /// Creates an example.
    /// - Parameters:
    ///   - words: The words.
    ///   - arcs: As many arcs.
    ///   - weight: How much it counts in training.
    ///   - group: What it belongs to.
    public init(_ words: [String], arcs: [DependencyArc], weight: Double = 1, group: String? = nil) {
        self.words = words
        self.arcs = arcs
        self.weight = weight
        self.group = group
    }
}

/// A text, or a pair of texts, with one number or several.
public struct RegressionExample: Sendable, Equatable {
    /// The text, or the first of a pair.
    public var text: String
    /// The second text of a pair; nil for single texts. All examples of a task have one, or none.
    public var second: String?
    /// The numbers in the data's units, as many in all examples; nil for a missing one.
    public var values: [Double?]
    /// How much it counts in training; see ``ClassificationExample/weight``.
    public var weight: Double
    /// What it belongs to; see ``ClassificationExample/group``.
    public var group: String?

    /// Creates an example.
    /// - Parameters:
    ///   - text: The text, or the first of a pair.
    ///   - second: The second text of a pair.
    ///   - values: Finite numbers; nil for a missing one.
    ///   - weight: How much it counts in training.
    ///   - group: What it belongs to.
    public init(
        _ text: String, _ second: String? = nil, values: [Double?], weight: Double = 1, group: String? = nil
    ) {
        self.text = text
        self.second = second
        self.values = values
        self.weight = weight
        self.group = group
    }

    /// Creates an example with one number.
    /// - Parameters:
    ///   - text: The text, or the first of a pair.
    ///   - second: The second text of a pair.
    ///   - value: A finite number.
    ///   - weight: How much it counts in training.
    ///   - group: What it belongs to.
    public init(
        _ text: String, _ second: String? = nil, value: Double, weight: Double = 1, group: String? = nil
    ) {
        self.init(text, second, values: [value], weight: weight, group: group)
    }
}

/// The class with the largest probability; of equal ones the first by name.
private func mostProbable(_ probabilities: [String: Double]) -> String {
    probabilities.min { ($1.value, $0.key) < ($0.value, $1.key) }?.key ?? ""
}
