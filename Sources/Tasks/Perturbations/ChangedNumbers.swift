/// Other numbers in the place of those in the texts: equal ones stay equal, larger ones larger, and each keeps its digits'
/// count. Numbers within words (`B2B`) stay, and so does 0.
package enum ChangedNumbers: Perturbation {
    package static let name = "numbers"
    package static let summary = "other numbers of the same length and order, equal ones alike"

    /// Digits of a number that is changed at most.
    private static let mostDigits = 15

    package static func changed(_ example: Example, of task: PerturbedTask, _ draws: inout Draws) -> Example? {
        var found: [Int: Set<Int>] = [:]
        for text in example.texts {
            for run in runs(text) { found[run.digits, default: []].insert(run.value) }
        }
        var renamed: [Int: Int] = [:]
        for (digits, values) in found.sorted(by: { $0.key < $1.key }) {
            for (old, new) in zip(values.sorted(), others(values, digits: digits, &draws)) { renamed[old] = new }
        }
        return example.mapTexts { text in
            var (changed, end) = ("", text.startIndex)
            for run in runs(text) {
                changed += text[end..<run.range.lowerBound] + String(renamed[run.value] ?? run.value)
                end = run.range.upperBound
            }
            return changed + text[end...]
        }
    }

    /// As many different numbers of so many digits, ascending and, if there are enough, none of `values`.
    private static func others(_ values: Set<Int>, digits: Int, _ draws: inout Draws) -> [Int] {
        let least = (1..<digits).reduce(1) { power, _ in power * 10 }
        guard values.count * 2 <= 9 * least else { return values.sorted() }
        var new = Set<Int>()
        while new.count < values.count {
            let number = Int.random(in: least..<10 * least, using: &draws)
            if !values.contains(number) { new.insert(number) }
        }
        return new.sorted()
    }

    /// Runs of ASCII digits that stand by themselves and do not begin with 0.
    private static func runs(_ text: String) -> [(range: Range<String.Index>, value: Int, digits: Int)] {
        text.matches(of: /[0-9]+/).compactMap { match in
            let range = match.range
            let before = range.lowerBound > text.startIndex ? text[text.index(before: range.lowerBound)] : " "
            let after = range.upperBound < text.endIndex ? text[range.upperBound] : " "
            let digits = match.output
            guard !before.isLetter, !after.isLetter, before != "_", after != "_", !digits.hasPrefix("0"),
                digits.count <= mostDigits, let value = Int(digits)
            else { return nil }
            return (range, value, digits.count)
        }
    }
}
