/// A word of a document as coreference reads it.
package struct MentionWord: Sendable, Equatable {
    /// Words that refer to something, from this one on.
    package struct Mention: Sendable, Equatable {
        /// Words after the first.
        package var length: Int32
        /// Its cluster's number in the document.
        package var cluster: Int32

        package init(length: Int32, cluster: Int32) {
            self.length = length
            self.cluster = cluster
        }
    }

    /// Whether a document begins here; it ends before the next such word.
    package var isFirst: Bool
    /// Whether the document's clusters are known.
    package var hasClusters: Bool
    /// Number of the sentence in the document: no mention is in two.
    package var sentence: Int32
    /// Equal for words of a document that are written alike.
    package var form: Int32
    /// The true mentions that begin here.
    package var mentions: [Mention]

    package init(
        isFirst: Bool = false, hasClusters: Bool = true, sentence: Int32 = 0, form: Int32, mentions: [Mention] = []
    ) {
        self.isFirst = isFirst
        self.hasClusters = hasClusters
        self.sentence = sentence
        self.form = form
        self.mentions = mentions
    }
}
