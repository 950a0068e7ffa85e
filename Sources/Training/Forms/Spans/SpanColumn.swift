import Files
import Models
import Numerics
import Tasks
import Text

/// Where the answer of each example stands in the windows of its context.
package struct SpanColumn: TargetColumn {
    private let examples: [Example]
    private var settings: SpanSettings
    private let decoder: SpanDecoder
    /// First token of each example, [examples + 1].
    private var tokens = [0]
    /// First window of each example, [examples + 1].
    private var windows = [0]
    /// First token of each window, [windows + 1].
    private var firsts = [0]
    /// For each token what it covers of the context, in scalars; below 0 where it belongs to something else.
    private var places: [Range<Int32>] = []
    /// For each window the first and the last token of the answer, counted from the window's first; nil: the row has no answers.
    private var spans: [(start: Int32, end: Int32)?] = []

    init(_ examples: [Example], _ encoded: [[WordEncoding]], settings: SpanSettings) {
        self.examples = examples
        self.settings = settings
        decoder = SpanDecoder(count: settings.count, longest: settings.longest)
        for (example, windows) in zip(examples, encoded) {
            for window in windows.map(\.encoding) {
                let own = zip(window.offsets, window.sequence).map { $1 == 1 ? $0 : -1 ..< -1 }
                places += own
                spans.append(example.answerSpans?.spans.map { Self.span($0.first, in: own) })
                firsts.append(places.count)
            }
            self.windows.append(firsts.count - 1)
            tokens.append(places.count)
        }
    }

    /// The first and the last token of an answer; of one that does not stand in the window the window's first token.
    ///
    /// As `run_qa` finds them, which takes a later token than the last one for answers that begin in the context's last token.
    private static func span(_ answer: AnswerSpans.Span?, in window: [Range<Int32>]) -> (start: Int32, end: Int32) {
        guard let range = answer?.range, let first = window.firstIndex(where: { $0.lowerBound >= 0 }),
            let last = window.lastIndex(where: { $0.lowerBound >= 0 }),
            window[first].lowerBound <= range.lowerBound, window[last].upperBound >= range.upperBound,
            let start = (first...last).last(where: { window[$0].lowerBound <= range.lowerBound }),
            let end = (first...last).first(where: { window[$0].upperBound >= range.upperBound })
        else { return (0, 0) }
        return (Int32(start), Int32(end))
    }

    /// Every token of the windows is marked: the loss is over all of them.
    package func targets(
        _ indices: [Int], of examples: EncodedExamples, as head: BatchHead, loss: LossTargets, longest: Int,
        predicts: Bool
    ) -> HeadTargets? {
        var (roles, rows): ([HeadTargets.SpanToken], [Int]) = ([], [])
        var taught: [Int?] = []
        for i in indices {
            for window in windows[i]..<windows[i + 1] {
                let count = min(firsts[window + 1] - firsts[window], longest)
                var own = [HeadTargets.SpanToken](repeating: [], count: count)
                own[0].insert(.first)
                // A window that is cut before the answer has none
                if let span = spans[window], span.start < count, span.end < count {
                    own[Int(span.start)].insert(.start)
                    own[Int(span.end)].insert(.end)
                } else if spans[window] != nil {
                    own[0].formUnion([.start, .end])
                }
                roles += own
                rows += repeatElement(i, count: count)
                // Of a window that is cut, the teacher's distributions are those of other tokens
                let isWhole = count == firsts[window + 1] - firsts[window]
                taught += (firsts[window]..<firsts[window] + count).map { isWhole ? $0 : nil }
            }
        }
        return HeadTargets(
            .spans(roles), marks: (0..<Int32(roles.count)).map { $0 }, weights: loss.weights(ofRows: rows),
            teacher: predicts ? nil : loss.teacher(taught))
    }

    /// Whether another column has the same windows, token by token.
    func hasWindows(of other: SpanColumn) -> Bool {
        windows == other.windows && firsts == other.firsts && places == other.places
    }

    /// For each window the softmax of its start and of its end logits at a temperature.
    /// - Parameter logits: [tokens, 2]
    /// - Returns: [tokens, 2]
    func softened(_ logits: [Float], _ temperature: Double) -> [Float] {
        var rows = logits
        for (first, end) in zip(firsts, firsts.dropFirst()) {
            for column in 0..<2 {
                let shares = Softened.logits((first..<end).map { logits[2 * $0 + column] }, temperature)
                for (token, share) in zip(first..<end, shares) { rows[2 * token + column] = share }
            }
        }
        return rows
    }

    // MARK: Answers

    private func decoded(_ i: Int, _ results: HeadResults) -> SpanDecoder.Answers {
        let rows = results.rows(i)
        return decoder.answers(
            results.values[2 * rows.lowerBound..<2 * rows.upperBound],
            windows: (windows[i]..<windows[i + 1]).map { firsts[$0] - tokens[i]..<firsts[$0 + 1] - tokens[i] },
            places: places[tokens[i]..<tokens[i + 1]])
    }

    /// The answer to each question with the other candidates.
    func predictions(_ results: HeadResults) -> [SpanPrediction] {
        examples.indices.map { i in
            let answers = decoded(i, results)
            let probabilities = decoder.probabilities(answers, hasNone: settings.hasUnanswerable)
            let context = Array((examples[i].pair ?? "").unicodeScalars)
            var best = zip(answers.candidates, probabilities.candidates).map { candidate, probability in
                SpanPrediction.Choice(
                    text: Self.text(context[candidate.range]), start: candidate.range.lowerBound,
                    probability: Float(probability))
            }
            let none = SpanPrediction.Choice(
                text: "", start: nil, probability: Float(probabilities.none ?? (best.isEmpty ? 1 : 0)))
            let answer = saysNone(answers) ? none : best.first ?? none
            if settings.hasUnanswerable {
                best.insert(none, at: best.firstIndex { $0.probability < none.probability } ?? best.count)
            }
            return SpanPrediction(answer: answer, best: best)
        }
    }

    private func saysNone(_ answers: SpanDecoder.Answers) -> Bool {
        guard let difference = answers.difference else { return true }
        return settings.hasUnanswerable && difference > Double(settings.threshold ?? 0)
    }

    private static func text(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        var text = ""
        text.unicodeScalars.append(contentsOf: scalars)
        return text
    }

    package func answers(_ results: HeadResults) -> HeadAnswers {
        let texts = predictions(results).map(\.answer.text)
        let scored = examples.indices.filter { examples[$0].isScored }
        return HeadAnswers(
            SpanAnswers(predicted: scored.map { texts[$0] }, of: scored.map { examples[$0].answerSpans }),
            scored: scored)
    }

    /// The threshold with the largest F1 on these examples, and the column that uses it; nil: every question has an answer.
    func calibrated(_ results: HeadResults) -> (threshold: Float, column: SpanColumn)? {
        guard settings.hasUnanswerable else { return nil }
        let questions = examples.indices.compactMap { i -> NoAnswerThreshold.Question? in
            let answers = decoded(i, results)
            guard let gold = examples[i].answerSpans?.spans?.map(\.text), let difference = answers.difference,
                let best = answers.candidates.first
            else { return nil }
            let context = Array((examples[i].pair ?? "").unicodeScalars)
            // As float32, in which bundles hold the threshold
            return NoAnswerThreshold.Question(
                difference: Double(Float(difference)),
                score: AnswerScores.score(Self.text(context[best.range]), gold, hasUnanswerable: true).f1,
                hasAnswer: !gold.isEmpty)
        }
        guard !questions.isEmpty else { return nil }
        // Differences are compared in float64: the one that the threshold was chosen at is not above it
        let threshold = Float(NoAnswerThreshold.best(questions)).nextUp
        var column = self
        column.settings.threshold = threshold
        return (threshold, column)
    }

    package var strata: [Int?] { examples.map { $0.isScored ? 0 : nil } }

    package func hash(into digest: inout Digest.Incremental) {
        firsts.withUnsafeBytes { digest.update($0) }
        places.withUnsafeBytes { digest.update($0) }
        spans.map { [$0?.start ?? -1, $0?.end ?? -1] }.joined().map { $0 }.withUnsafeBytes { digest.update($0) }
    }
}
