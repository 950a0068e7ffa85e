/// Where all tokens of a word are trained on: the tag of each but the first.
enum TagContinuation {
    /// For each label the index of its continuation: I-X for B-X where that is a label, as `transformers`' example for token
    /// classification has it; every other label continues itself.
    static func tags(_ labels: [String]) -> [Int32] {
        labels.enumerated().map { index, label in
            guard label.hasPrefix("B-"), let inside = labels.firstIndex(of: "I-" + label.dropFirst(2)) else {
                return Int32(index)
            }
            return Int32(inside)
        }
    }
}
