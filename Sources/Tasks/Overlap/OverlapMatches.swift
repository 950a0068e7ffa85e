/// What one comparison has found: for each example of the held-out set the best match in the other.
struct OverlapMatches {
    /// Places of the two sets among all sets.
    let held: Int
    let other: Int
    /// 0: none; else the place of the kind among `Overlap.Kind.allCases`, from 1.
    private(set) var kinds: [UInt8]
    private(set) var matches: [UInt32]
    private(set) var similarities: [Float]
    /// Whether there were candidates that nobody looked at.
    var isCut: [Bool]

    init(held: Int, other: Int, count: Int) {
        (self.held, self.other) = (held, other)
        kinds = [UInt8](repeating: 0, count: count)
        matches = [UInt32](repeating: 0, count: count)
        similarities = [Float](repeating: 0, count: count)
        isCut = [Bool](repeating: false, count: count)
    }

    func kind(_ document: Int) -> Overlap.Kind? {
        kinds[document] == 0 ? nil : Overlap.Kind.allCases[Int(kinds[document]) - 1]
    }

    /// Sets an example's match; of near ones the most similar stays, of equal ones the first of the other set.
    mutating func set(_ document: Int, _ kind: Overlap.Kind, _ match: Int, _ similarity: Double) {
        let code = UInt8(Overlap.Kind.allCases.firstIndex(of: kind) ?? 0) + 1
        if kinds[document] != 0 {
            guard code == kinds[document] else { return }
            let old = (similarities[document], -Int(matches[document]))
            guard (Float(similarity), -match) > old else { return }
        }
        kinds[document] = code
        matches[document] = UInt32(match)
        similarities[document] = Float(similarity)
    }

    /// Takes over the match of an example with the same words.
    mutating func copy(from first: Int, to document: Int) {
        kinds[document] = kinds[first]
        matches[document] = matches[first]
        similarities[document] = similarities[first]
        isCut[document] = isCut[first]
    }
}
