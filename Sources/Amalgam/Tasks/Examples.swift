/// A text with its class.
public struct ClassificationExample: Sendable, Equatable {
    /// The text.
    public var text: String
    /// The class.
    public var label: String
    /// What it belongs to, such as its document; intervals resample whole groups. All examples of a task have one, or none.
    public var group: String?

    /// Creates an example.
    /// - Parameters:
    ///   - text: The text.
    ///   - label: The class; not empty.
    ///   - group: What it belongs to.
    public init(_ text: String, label: String, group: String? = nil) {
        self.text = text
        self.label = label
        self.group = group
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
    /// What it belongs to; see ``ClassificationExample/group``.
    public var group: String?

    /// Creates an example.
    /// - Parameters:
    ///   - first: The first text.
    ///   - second: The second text.
    ///   - label: The class of the pair; not empty.
    ///   - group: What it belongs to.
    public init(_ first: String, _ second: String, label: String, group: String? = nil) {
        self.first = first
        self.second = second
        self.label = label
        self.group = group
    }
}

/// The words of a text with a tag for each.
public struct TaggingExample: Sendable, Equatable {
    /// The words.
    public var words: [String]
    /// A tag for each word: with prefixes (`B-PER`, `I-PER`, `O`), or without (`NOUN`).
    public var tags: [String]
    /// What it belongs to; see ``ClassificationExample/group``.
    public var group: String?

    /// Creates an example.
    /// - Parameters:
    ///   - words: The words.
    ///   - tags: As many tags.
    ///   - group: What it belongs to.
    public init(_ words: [String], tags: [String], group: String? = nil) {
        self.words = words
        self.tags = tags
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
    /// What it belongs to; see ``ClassificationExample/group``.
    public var group: String?

    /// Creates an example.
    /// - Parameters:
    ///   - text: The text, or the first of a pair.
    ///   - second: The second text of a pair.
    ///   - values: Finite numbers; nil for a missing one.
    ///   - group: What it belongs to.
    public init(_ text: String, _ second: String? = nil, values: [Double?], group: String? = nil) {
        self.text = text
        self.second = second
        self.values = values
        self.group = group
    }

    /// Creates an example with one number.
    /// - Parameters:
    ///   - text: The text, or the first of a pair.
    ///   - second: The second text of a pair.
    ///   - value: A finite number.
    ///   - group: What it belongs to.
    public init(_ text: String, _ second: String? = nil, value: Double, group: String? = nil) {
        self.init(text, second, values: [value], group: group)
    }
}
