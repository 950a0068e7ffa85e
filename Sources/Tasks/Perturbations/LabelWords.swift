import Foundation

/// Words of the labels' names in the texts, replaced by a word that means the same: a model that learned the task does not
/// need the very word. Only English words of a short list of our own, and only whole words.
package enum LabelWords: Perturbation {
    package static let name = "label_words"
    package static let summary = "words of the labels' names in the texts by synonyms (English)"

    package static func skipReason(_ task: PerturbedTask) -> String? {
        words(of: task.labels).isEmpty ? "no word of its labels is in the list of synonyms" : nil
    }

    package static func changed(_ example: Example, of task: PerturbedTask, _ draws: inout Draws) -> Example? {
        let known = words(of: task.labels)
        return example.mapTexts { text in
            text.replacing(/[A-Za-z]+/) { match in
                let word = String(match.output)
                guard isWhole(match.range, in: text), known.contains(word.lowercased()),
                    let synonym = synonyms[word.lowercased()]
                else { return word }
                return cased(synonym, like: word)
            }
        }
    }

    /// The words of the labels that have a synonym.
    private static func words(of labels: [String]) -> Set<String> {
        Set(labels.flatMap { $0.lowercased().split { !$0.isLetter }.map(String.init) }).intersection(synonyms.keys)
    }

    private static func isWhole(_ range: Range<String.Index>, in text: String) -> Bool {
        let before = range.lowerBound > text.startIndex ? text[text.index(before: range.lowerBound)] : " "
        let after = range.upperBound < text.endIndex ? text[range.upperBound] : " "
        return !before.isLetter && !after.isLetter && !before.isNumber && !after.isNumber
    }

    private static func cased(_ synonym: String, like word: String) -> String {
        if word.count > 1, word == word.uppercased() { return synonym.uppercased() }
        return word.first?.isUppercase == true ? synonym.prefix(1).uppercased() + synonym.dropFirst() : synonym
    }

    private static let synonyms = [
        "abusive": "insulting", "acceptable": "tolerable", "anger": "rage", "angry": "furious", "bad": "poor",
        "business": "commerce", "car": "automobile", "condescending": "patronizing", "contradiction": "inconsistency",
        "correct": "right", "culture": "civilization", "disease": "illness", "disgust": "revulsion",
        "economy": "commerce", "education": "schooling", "entailment": "implication", "entertainment": "amusement",
        "fake": "bogus", "false": "untrue", "fear": "dread", "film": "movie", "food": "meals", "funny": "amusing",
        "game": "match", "games": "matches", "good": "fine", "great": "excellent", "happy": "glad", "hate": "hatred",
        "health": "wellness", "healthy": "well", "home": "house", "hostile": "unfriendly", "humor": "wit",
        "important": "significant", "joy": "delight", "law": "legislation", "location": "place", "love": "affection",
        "medicine": "medication", "movie": "film", "music": "melodies", "negative": "unfavorable",
        "neutral": "impartial",
        "offensive": "insulting", "opinion": "view", "person": "individual", "politics": "government",
        "positive": "favorable", "product": "article", "question": "query", "relevant": "pertinent",
        "request": "appeal",
        "sad": "unhappy", "sadness": "sorrow", "sarcastic": "ironic", "science": "research", "shop": "store",
        "spam": "junk", "sport": "athletics", "sports": "athletics", "store": "shop", "surprise": "astonishment",
        "technology": "engineering", "terrible": "awful", "toxic": "poisonous", "travel": "journeys", "true": "right",
        "unhealthy": "unwell", "urgent": "pressing", "weather": "climate", "world": "globe", "wrong": "incorrect",
    ]
}
