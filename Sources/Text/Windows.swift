/// Overlapping parts of a long text.
enum Windows {
    /// Parts that cover `count` tokens in order, as `tokenizers` cuts them: each begins `most - stride` after the one before it,
    /// and the last is the first that reaches the end.
    /// - Parameters:
    ///   - most: tokens of a part at most
    ///   - stride: tokens that neighbors share; half of `most` at most counts
    /// - Returns: one empty part for no tokens, or where none fit
    static func ranges(_ count: Int, most: Int, stride: Int) -> [Range<Int>] {
        guard count > most, most > 0 else { return [0..<min(count, max(0, most))] }
        let step = most - min(max(0, stride), most / 2)
        var ranges: [Range<Int>] = []
        var start = 0
        while true {
            let end = min(start + most, count)
            ranges.append(start..<end)
            if end == count { return ranges }
            start += step
        }
    }
}
