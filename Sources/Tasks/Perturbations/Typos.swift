/// Two adjacent letters inside a word change places, in one of ten words and in at least one (CheckList's `add_typos`, for
/// words instead of characters). The first and the last letter of a word stay.
package enum Typos: Perturbation {
    package static let name = "typos"
    package static let summary = "two adjacent letters swapped in one of ten words"

    /// Words of which one gets a typo.
    private static let share = 10

    package static func changed(_ example: Example, of task: PerturbedTask, _ draws: inout Draws) -> Example? {
        var count = 0
        guard
            example.mapTexts({ text in
                count += words(text).count
                return text
            }) != nil
        else { return nil }
        let chosen = Set((0..<count).shuffled(using: &draws).prefix(max(1, count / share)))
        var place = 0
        return example.mapTexts { text in
            var letters = Array(text)
            for word in words(text) {
                if chosen.contains(place) { swap(&letters, word, &draws) }
                place += 1
            }
            return String(letters)
        }
    }

    /// Runs of letters in which two inner letters differ from their neighbors.
    private static func words(_ text: String) -> [Range<Int>] {
        var words: [Range<Int>] = []
        let letters = Array(text)
        var start = 0
        for end in 0...letters.count where end == letters.count || !letters[end].isLetter {
            if !places(letters, start..<end).isEmpty { words.append(start..<end) }
            start = end + 1
        }
        return words
    }

    /// Where a letter and the next one are inside the word and differ.
    private static func places(_ letters: [Character], _ word: Range<Int>) -> [Int] {
        guard word.count >= 4 else { return [] }
        return (word.lowerBound + 1..<word.upperBound - 2).filter { letters[$0] != letters[$0 + 1] }
    }

    private static func swap(_ letters: inout [Character], _ word: Range<Int>, _ draws: inout Draws) {
        let places = places(letters, word)
        guard let place = places.randomElement(using: &draws) else { return }
        letters.swapAt(place, place + 1)
    }
}
