import Bundles
import Models

extension AnswerSettings {
    /// What is set, as a user names it.
    private var given: [(name: String, value: Int, range: ClosedRange<Int>, expected: String)] {
        [
            ("--doc-stride", docStride, Self.docStrides, "0 to 65,536"),
            ("--n-best-size", nBestSize, Self.nBestSizes, "1 to 1000"),
            ("--max-answer-length", maxAnswerLength, Self.maxAnswerLengths, "1 to 65,536"),
        ].compactMap { name, value, range, expected in value.map { (name, $0, range, expected) } }
    }

    /// What is set, for a training's settings.
    var fields: [(name: String, value: Int)] {
        given.map { (String($0.name.dropFirst(2)).replacing("-", with: "_"), $0.value) }
    }

    /// - Throws: `TrainingError.setting` for a number out of its range
    func validate() throws(TrainingError) {
        for (name, value, range, expected) in given where !range.contains(value) {
            throw .setting(name: name, found: "\(value)", expected: expected)
        }
    }

    /// Refuses settings that none of the heads takes.
    /// - Throws: `TrainingError.setting`
    package func check(_ heads: [NamedHead]) throws(TrainingError) {
        try validate()
        guard let first = given.first,
            !heads.contains(where: { $0.head.form.settings.contains(.answers) })
        else { return }
        throw .setting(
            name: first.name, found: "\(first.value)",
            expected:
                "no such option, because the head predicts \(heads.first?.head.form.name ?? "nothing"), not answers "
                + "to questions")
    }

    /// A head as it reads and answers with these settings; one that does not take them stays as it is.
    func head(_ named: NamedHead) -> NamedHead {
        var named = named
        named.head = named.head.form.with(self, named.head)
        return named
    }
}
