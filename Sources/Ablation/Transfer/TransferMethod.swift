/// A way to get a classifier for a language: a row of the matrix, in the order in which they stand there.
package enum TransferMethod: String, CaseIterable, Codable, Sendable {
    case majority
    case ownMajority = "own_majority"
    case tfidf
    case ownTFIDF = "own_tfidf"
    case otherBase = "other_base"
    case adapter
    case madx
    case madxSource = "madx_source"
    case multitask
    case fusion

    /// - Parameters:
    ///   - source: the language of the training labels
    ///   - base: name of the multilingual base
    ///   - other: name of the base for one language
    package func label(source: String, base: String, other: String?) -> String {
        switch self {
        case .majority: "majority class of \(source)"
        case .ownMajority: "majority class of the target language"
        case .tfidf: "TF-IDF trained on \(source)"
        case .ownTFIDF: "TF-IDF trained on the target language"
        case .otherBase: "\(other ?? "other base"), adapter"
        case .adapter: "\(base), adapter"
        case .madx: "\(base), MAD-X: the target language's adapter"
        case .madxSource: "\(base), MAD-X: \(source)'s adapter kept"
        case .multitask: "\(base), one adapter for all languages"
        case .fusion: "\(base), fusion of the languages' adapters"
        }
    }

    /// Whether it has seen labels of the language that it is tested on: then it is no transfer without labels.
    package var usesTargetLabels: Bool {
        switch self {
        case .ownMajority, .ownTFIDF, .multitask, .fusion: true
        default: false
        }
    }

    /// Whether it stands on language adapters.
    package var usesLanguageAdapters: Bool { self == .madx || self == .madxSource }

    /// Whether an encoder is trained for it.
    package var isTrained: Bool {
        switch self {
        case .majority, .ownMajority, .tfidf, .ownTFIDF: false
        default: true
        }
    }
}
