/// All letters in lower case; texts that have no capital in upper case.
package enum LetterCase: Perturbation {
    package static let name = "case"
    package static let summary = "lower case; texts without capitals in upper case"

    package static func changed(_ example: Example, of task: PerturbedTask, _ draws: inout Draws) -> Example? {
        let hasCapitals = example.texts.contains { $0 != $0.lowercased() }
        return example.mapTexts { hasCapitals ? $0.lowercased() : $0.uppercased() }
    }
}
