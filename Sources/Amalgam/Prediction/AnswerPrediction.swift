import Training

/// The answer to a question about a context.
public struct AnswerPrediction: Sendable, Equatable {
    /// A part of the context, or no answer.
    public struct Candidate: Sendable, Equatable {
        /// The part of the context; empty: there is no answer.
        public let text: String
        /// Where it begins, in Unicode code points of the context; nil: there is no answer.
        public let start: Int?
        /// Among all candidates; 0...1.
        public let probability: Float
    }

    /// The answer.
    public let answer: Candidate
    /// The best candidates, the most probable first; they include no answer if the head knows questions without one.
    public let candidates: [Candidate]

    /// The answer's text; empty: there is no answer.
    public var text: String { answer.text }

    init(_ prediction: SpanPrediction) {
        answer = Candidate(prediction.answer)
        candidates = prediction.best.map { Candidate($0) }
    }
}

extension AnswerPrediction.Candidate {
    fileprivate init(_ choice: SpanPrediction.Choice) {
        text = choice.text
        start = choice.start
        probability = choice.probability
    }
}
