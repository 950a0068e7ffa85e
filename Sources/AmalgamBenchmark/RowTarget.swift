import Bundles
import Foundation
import Models
import Numerics
import Tasks

/// What a row learns from: its head, and how a line of its texts becomes an example.
enum RowTarget {
    /// A label for each text.
    case labels(Pool.Kind)
    /// A tag for each word between white space.
    case tags
    /// An answer within a context that fits into one window.
    case spans

    private struct LabelLine: Decodable {
        let text: String
        let label: Int
    }

    private struct TagLine: Decodable {
        let text: String
        let tags: [Int]
    }

    private struct SpanLine: Decodable {
        struct Answer: Decodable {
            let text: String
            let start: Int
        }

        let question: String
        let context: String
        let answers: [Answer]
    }

    /// A line as it should be.
    var line: String {
        switch self {
        case .labels: #"{"text": "…", "label": 0}"#
        case .tags: #"{"text": "…", "tags": [0]}, with one tag for each word"#
        case .spans: #"{"question": "…", "context": "…", "answers": [{"text": "…", "start": 0}]}"#
        }
    }

    /// - Returns: nil where the line is something else
    func example(_ line: Data, id: Int) -> Example? {
        func decoded<Line: Decodable>(_ type: Line.Type) -> Line? { try? JSONDecoder().decode(type, from: line) }
        switch self {
        case .labels:
            guard let row = decoded(LabelLine.self), row.label >= 0 else { return nil }
            return Example(id: id, text: row.text, label: row.label, line: id + 1)
        case .tags:
            guard let row = decoded(TagLine.self), row.tags.allSatisfy({ $0 >= 0 }) else { return nil }
            let words = row.text.split(whereSeparator: \.isWhitespace).map(String.init)
            guard words.count == row.tags.count else { return nil }
            return Example(
                id: id, text: row.text, line: id + 1, payload: TaggedTokens(tokens: words, tags: row.tags))
        case .spans:
            guard let row = decoded(SpanLine.self) else { return nil }
            let context = Array(row.context.unicodeScalars)
            guard
                row.answers.allSatisfy({
                    $0.start >= 0 && context.dropFirst($0.start).starts(with: $0.text.unicodeScalars)
                })
            else { return nil }
            let spans = row.answers.map { AnswerSpans.Span(text: $0.text, start: $0.start) }
            return Example(
                id: id, text: row.question, pair: row.context, line: id + 1, payload: AnswerSpans(spans: spans))
        }
    }

    /// Logits that the head of such examples has for each row.
    func outputs(of examples: [Example]) -> Int {
        switch self {
        case .labels: (examples.compactMap(\.label).max() ?? 0) + 1
        case .tags: (examples.compactMap { $0.tagged?.tags?.max() }.max() ?? 0) + 1
        case .spans: 2
        }
    }

    /// Task t's head is called "task⟨t⟩"; labels and tags are numbers from 0.
    /// - Parameter outputs: of each task
    func heads(_ outputs: [Int]) -> [NamedHead] {
        outputs.enumerated().map { NamedHead("task\($0)", head($1)) }
    }

    private func head(_ outputs: Int) -> any Head {
        let labels = (0..<outputs).map { "\($0)" }
        switch self {
        case .labels(let pooling): return ClassificationHead(labels: labels, pooling: pooling)
        case .tags: return TaggingHead(labels: labels)
        case .spans:
            return SpanHead(settings: SpanSettings(hasUnanswerable: false))
        }
    }
}
