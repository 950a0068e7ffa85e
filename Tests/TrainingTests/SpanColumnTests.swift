import Files
import Models
import Numerics
import Tasks
import Testing
import Text

@testable import Training

/// Where answers stand in windows, and what is said of logits that are made by hand.
@Suite struct SpanColumnTests {
    /// A window: first token, one of the question, a separator, the context's tokens, a separator.
    private static func window(_ places: [Range<Int32>]) -> WordEncoding {
        let count = places.count + 4
        return WordEncoding(
            encoding: Encoding(
                ids: (0..<Int32(count)).map { $0 }, typeIDs: [Int32](repeating: 0, count: count),
                offsets: [0..<0, 0..<2, 0..<0] + places + [0..<0],
                sequence: [255, 0, 255] + places.map { _ in 1 } + [255]),
            wordOf: [])
    }

    /// `ab cd ef gh` in two windows that share a token.
    private static let context = "ab cd ef gh"
    private static let windows = [window([0..<2, 3..<5, 6..<8]), window([6..<8, 9..<11])]

    private func example(_ spans: [AnswerSpans.Span]?) -> Example {
        Example(id: 0, text: "q", pair: Self.context, payload: AnswerSpans(spans: spans))
    }

    private func settings(threshold: Float? = nil, hasNone: Bool = true) -> SpanSettings {
        SpanSettings(AnswerSettings(docStride: 1), hasUnanswerable: hasNone, threshold: threshold)
    }

    private func roles(_ spans: [AnswerSpans.Span]?, longest: Int = .max) throws -> [[Int]] {
        let column = SpanColumn([example(spans)], [Self.windows], settings: settings())
        let targets = try #require(
            column.targets(
                [0], of: EncodedExamples(sequences: [[1]]), as: BatchHead(index: 0, column: 0, input: .tokens),
                loss: LossTargets([example(spans)], for: SpanHead(settings: settings())), longest: longest,
                predicts: false))
        guard case .spans(let tokens) = targets.values else { return [] }
        return [HeadTargets.SpanToken.first, .start, .end].map { role in
            tokens.indices.filter { tokens[$0].contains(role) }
        }
    }

    @Test func answersPointAtTokensOfTheirWindow() throws {
        #expect(try roles([.init(text: "cd ef", start: 3)]) == [[0, 7], [4, 7], [5, 7]])
        #expect(try roles([.init(text: "ef", start: 6)]) == [[0, 7], [5, 10], [5, 10]])
        // Within tokens, and the context's last token
        #expect(try roles([.init(text: "d e", start: 4)]) == [[0, 7], [4, 7], [5, 7]])
        #expect(try roles([.init(text: "gh", start: 9)]) == [[0, 7], [0, 11], [0, 11]])
        // The first of several counts
        #expect(
            try roles([.init(text: "ab", start: 0), .init(text: "gh", start: 9)]) == [[0, 7], [3, 7], [3, 7]])
        #expect(try roles([.init(text: "cd ef gh", start: 3)]) == [[0, 7], [0, 7], [0, 7]])
    }

    @Test func withoutAnAnswerTheFirstTokenIsIt() throws {
        #expect(try roles([]) == [[0, 7], [0, 7], [0, 7]])
        #expect(try roles(nil) == [[0, 7], [], []])
        // Cut before the answer
        #expect(try roles([.init(text: "ef", start: 6)], longest: 5) == [[0, 5], [0, 8], [0, 8]])
    }

    private func results(_ logits: [[(start: Float, end: Float)]]) -> HeadResults {
        let values = logits.joined().flatMap { [$0.start, $0.end] }
        let offsets = logits.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
        return HeadResults(
            width: 2, values: values, offsets: offsets, words: [], losses: logits.map { _ in (sum: 0, targets: 0) })
    }

    /// Logits of both windows: of the first tokens, and one token that is a start and an end.
    private func logits(none: (Float, Float), token: Int, _ value: Float) -> [(start: Float, end: Float)] {
        var all = [(start: Float, end: Float)](repeating: (-9, -9), count: 13)
        all[0] = (none.0, 0)
        all[7] = (none.1, 0)
        all[token] = (value, value)
        // Of the question, which never answers
        all[1] = (50, 50)
        return all
    }

    @Test func predictionsOfBothWindows() throws {
        let examples = [example(nil), example(nil), example(nil)]
        let results = results([
            logits(none: (3, 7), token: 11, 2), logits(none: (3, 7), token: 11, 1), logits(none: (9, 9), token: 3, 2),
        ])
        func answers(_ settings: SpanSettings) -> [SpanPrediction] {
            SpanColumn(examples, [Self.windows, Self.windows, Self.windows], settings: settings).predictions(results)
        }
        let with = answers(settings(threshold: 0.5))
        // The score of no answer is the smaller one of the windows: 3 against 4, 2, and 9 against 4
        #expect(with.map(\.answer.text) == ["gh", "", ""])
        #expect(with.map(\.answer.start) == [9, nil, nil])
        #expect(with[1].best[0].start == nil && with[1].best[1].text == "gh")
        #expect(answers(settings(threshold: 1.5)).map(\.answer.text) == ["gh", "gh", ""])
        #expect(answers(settings(threshold: -2)).map(\.answer.text) == ["", "", ""])
        let without = answers(settings(hasNone: false))
        #expect(without.map(\.answer.text) == ["gh", "gh", "ab"])
        for prediction in with + without {
            #expect(abs(prediction.best.reduce(0) { $0 + $1.probability } - 1) < 1e-6)
            #expect(prediction.best == prediction.best.sorted { $0.probability > $1.probability })
        }
        #expect(without.allSatisfy { $0.best.allSatisfy { $0.start != nil } })
    }

    /// `n_best_size` and `max_answer_length`, which fields of the head hold where they are not the script's.
    @Test func settingsOfAnswers() throws {
        let results = results([logits(none: (3, 7), token: 11, 2)])
        func best(_ answers: AnswerSettings) -> [SpanPrediction.Choice] {
            let settings = SpanSettings(answers, hasUnanswerable: false)
            return SpanColumn([example(nil)], [Self.windows], settings: settings).predictions(results)[0].best
        }
        let all = best(AnswerSettings())
        let few = best(AnswerSettings(nBestSize: 2))
        #expect(few.count == 2 && few.map(\.start) == all.prefix(2).map(\.start))
        let short = best(AnswerSettings(maxAnswerLength: 1))
        #expect(!short.isEmpty && short.count < all.count && short.allSatisfy { !$0.text.contains(" ") })

        let head = SpanHead(settings: SpanSettings(hasUnanswerable: false))
        #expect(Set(head.fields.keys) == ["text_prefix", "stride", "no_answer"])
        let other = head.with(AnswerSettings(docStride: 7, nBestSize: 3, maxAnswerLength: 9))
        #expect(other.settings.stride == 7 && other.settings.count == 3 && other.settings.longest == 9)
        #expect(try SpanHead(fields: HeadFields(other.fields), labels: []).settings == other.settings)
        #expect(other.with(AnswerSettings()).settings == other.settings)
        var broken = other.fields
        broken["n_best_size"] = .number(0)
        #expect(throws: HeadFault.self) { try SpanHead(fields: HeadFields(broken), labels: []) }
    }

    /// The threshold is the one with the best F1 on dev, and the column that comes with it uses it.
    @Test func calibration() throws {
        let gh = AnswerSpans.Span(text: "gh", start: 9)
        let examples = [example([gh]), example([]), example([gh])]
        let results = results([
            logits(none: (3, 7), token: 11, 2), logits(none: (9, 9), token: 3, 2), logits(none: (6, 7), token: 11, 2),
        ])
        // Differences: 3 - 4, 9 - 4, 6 - 4
        let column = SpanColumn(examples, [Self.windows, Self.windows, Self.windows], settings: settings())
        let chosen = try #require(column.calibrated(results))
        #expect(chosen.threshold == Float(2).nextUp)
        let answers = try #require(chosen.column.answers(results).answers as? SpanAnswers)
        #expect(answers.predicted == ["gh", "", "gh"] && AnswerF1.value(of: answers) == 1)
        #expect((column.answers(results).answers as? SpanAnswers)?.predicted == ["gh", "", ""])
        let all = SpanColumn(examples, [Self.windows, Self.windows, Self.windows], settings: settings(hasNone: false))
        #expect(all.calibrated(results) == nil)
    }

    @Test func brokenLogitsAreNoTrap() {
        let column = SpanColumn([example([])], [Self.windows], settings: settings())
        for value in [Float.nan, .infinity, -.infinity] {
            let found = column.predictions(results([logits(none: (value, value), token: 4, value)]))
            #expect(found.count == 1)
        }
        let empty = SpanColumn([example(nil)], [[Self.window([])]], settings: settings(hasNone: false))
        let none = empty.predictions(results([[(0, 0), (1, 1), (0, 0), (0, 0)]]))
        #expect(none[0].answer == .init(text: "", start: nil, probability: 1) && none[0].best.isEmpty)
    }

    @Test func headsOfBundles() throws {
        let head = SpanHead(settings: settings(threshold: -1.25), textPrefix: "query: ")
        let read = try SpanHead(fields: HeadFields(head.fields), labels: [])
        #expect(read.equals(head) && read.settings == head.settings)
        #expect(try SpanHead(fields: HeadFields(head.with(threshold: 2).fields), labels: []).settings.threshold == 2)
        for (field, value) in [
            ("stride", .number(-1)), ("no_answer", .string("x")), ("threshold", .number(.infinity)),
        ] as [(String, ConfigurationValue)] {
            var fields = head.fields
            fields[field] = value
            #expect(throws: HeadFault.self) { try SpanHead(fields: HeadFields(fields), labels: []) }
        }
    }
}
