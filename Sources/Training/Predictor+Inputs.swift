import Bundles
import Files
import Tasks

extension NamedHead {
    /// Whether it was trained on pairs of texts; nil if it does not know, or was trained on both.
    package var readsPairs: Bool? {
        if let pairs { return pairs }
        guard let forms = task.flatMap({ TaskKinds.standard[$0.kind] })?.inputForms else { return nil }
        let counts = Set(forms.map { $0.contains("text_b") || $0 == QuestionAnswering.inputs })
        return counts.count == 1 ? counts.first : nil
    }
}

extension NamedHead {
    /// Refuses texts of another form than the head was trained on: a single text for a head on pairs, or the reverse.
    /// - Parameter file: what messages call the bundle
    /// - Throws: `BundleError.head`
    func check(_ examples: [Example], file: String) throws(BundleError) {
        if let (place, lacking) = examples.lazy.compactMap({ example in
            head.form.lacks(example).map { (example.line > 0 ? "line \(example.line)" : "text \(example.id + 1)", $0) }
        }).first {
            throw .head(
                file: file, problem: "head \(name) reads \(lacking), and \(place) has none",
                fix: "give \(lacking), or use another head")
        }
        guard let pairs = readsPairs, let wrong = examples.first(where: { ($0.pair != nil) != pairs }) else {
            return
        }
        let (wants, found) =
            pairs ? ("pairs of texts", "a single text") : ("single texts", "a pair of texts")
        let place = wrong.line > 0 ? "line \(wrong.line)" : "text \(wrong.id + 1)"
        throw .head(
            file: file, problem: "head \(name) was trained on \(wants), but \(place) is \(found)",
            fix: pairs ? "give text_a and text_b" : "give one text")
    }

}

extension HeadsPredictor {
    /// Refuses inputs of another form than a head was trained on.
    /// - Parameter words: whether the examples are words
    /// - Throws: `BundleError.head`
    package func check(_ examples: [Example], words: Bool) throws(BundleError) {
        guard words == readsWords else {
            throw .head(
                file: file,
                problem: "its heads read \(readsWords ? "words" : "texts"), not \(words ? "words" : "texts")",
                fix: "give \(readsWords ? "words" : "texts")")
        }
        for head in heads { try head.check(examples, file: file) }
    }
}

extension Predictor {
    /// Refuses texts of another form than the head was trained on: a single text for a head on pairs, or the reverse.
    /// - Throws: `BundleError.head`
    package func check(_ examples: [Example]) throws(BundleError) { try head.check(examples, file: file) }

    /// Refuses examples whose number of answers is not that of the head.
    /// - Throws: `BundleError.head`
    package func checkAnswers(of examples: [Example]) throws(BundleError) {
        let outputs = head.head.numbers.count
        guard outputs > 0,
            let wrong = examples.first(where: { ($0.payload?.answers ?? outputs) != outputs })
        else { return }
        throw .head(
            file: file,
            problem:
                "head \(head.name) predicts \(counted(outputs, "number")), but line \(wrong.line) "
                + "has \(wrong.payload?.answers ?? 0)",
            fix: "use a task with as many numbers as the bundle's")
    }
}
