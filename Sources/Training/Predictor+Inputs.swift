import Bundles
import Tasks

extension NamedHead {
    /// Whether it was trained on pairs of texts; nil where it does not know.
    package var readsPairs: Bool? {
        task.flatMap { TaskKinds.standard[$0.kind] }.map { $0.inputs.contains("text_b") }
    }
}

extension Predictor {
    /// Refuses texts of another form than the head was trained on: a single text for a head on pairs, or the reverse.
    /// - Throws: `BundleError.head`
    package func check(_ examples: [Example]) throws(BundleError) {
        guard let pairs = head.readsPairs, let wrong = examples.first(where: { ($0.pair != nil) != pairs }) else {
            return
        }
        let (wants, found) =
            pairs ? ("pairs of texts", "a single text") : ("single texts", "a pair of texts")
        let place = wrong.line > 0 ? "line \(wrong.line)" : "text \(wrong.id + 1)"
        throw .head(
            file: file, problem: "head \(head.name) was trained on \(wants), but \(place) is \(found)",
            fix: pairs ? "give text_a and text_b" : "give one text")
    }
}
