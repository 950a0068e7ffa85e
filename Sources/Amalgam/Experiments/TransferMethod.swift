import Ablation

/// A way to get a classifier for a language: what ``Model/transfer(_:from:to:data:in:sourceModel:options:)`` compares.
public enum TransferMethod: String, Sendable, CaseIterable {
    /// The majority class of the source language.
    case majority
    /// The majority class of the target language.
    case ownMajority = "own_majority"
    /// A linear model on TF-IDF features, trained on the source language.
    case tfidf
    /// A linear model on TF-IDF features, trained on the target language.
    case ownTFIDF = "own_tfidf"
    /// An adapter on another model, for the source language; left out where none is given.
    case otherBase = "other_base"
    /// An adapter that is trained on the source language.
    case adapter
    /// A task adapter on language adapters (MAD-X): in tests the target language's replaces the source's.
    case madx
    /// The same, with the source's language adapter in tests, too.
    case madxSource = "madx_source"
    /// One adapter that is trained on labeled texts in all languages.
    case multitask
    /// A fusion of all languages' own adapters; the fusion itself is trained on the source language.
    case fusion

    var stored: Ablation.TransferMethod { Ablation.TransferMethod(rawValue: rawValue) ?? .adapter }
}
