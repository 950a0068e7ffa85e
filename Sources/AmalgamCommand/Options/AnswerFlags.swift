import Amalgam
import ArgumentParser

/// How questions about contexts are read and answered, under the names of transformers' script for question answering.
struct AnswerFlags: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "For question answering: tokens that neighboring windows of a long context share, at most half of a window. (default: 128, or as in training)",
            valueName: "tokens"))
    var docStride: Int?
    @Option(
        help: ArgumentHelp(
            "For question answering: number of candidates that are kept, and of start and end positions that are paired. (default: 20, or as in training)",
            valueName: "count"))
    var nBestSize: Int?
    @Option(
        help: ArgumentHelp(
            "For question answering: maximum length of an answer in tokens. (default: 30, or as in training)",
            valueName: "tokens"))
    var maxAnswerLength: Int?

    func options() -> AnswerOptions {
        var options = AnswerOptions()
        options.docStride = docStride
        options.nBestSize = nBestSize
        options.maxAnswerLength = maxAnswerLength
        return options
    }

    /// The options, and whether they are given.
    var given: [(String, Bool)] {
        [
            ("--doc-stride", docStride != nil), ("--n-best-size", nBestSize != nil),
            ("--max-answer-length", maxAnswerLength != nil),
        ]
    }
}
