/// Options whose value is several numbers, some of which may be negative.
enum NumberList {
    /// Makes one word of an option and the numbers after it: `--weights 1 -0.5` becomes `--weights=1,-0.5`, since the parser takes
    /// a word that begins with a dash for an option.
    static func joined(_ words: [String], option: String) -> [String] {
        guard let place = words.firstIndex(of: option) else { return words }
        func isNumber(_ word: String) -> Bool {
            word.split(separator: ",", omittingEmptySubsequences: false).allSatisfy { Double($0) != nil }
        }
        let numbers = words[(place + 1)...].prefix(while: isNumber)
        guard !numbers.isEmpty else { return words }
        return words[..<place] + ["\(option)=\(numbers.joined(separator: ","))"] + words[numbers.endIndex...]
    }
}
