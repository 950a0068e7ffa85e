/// Cutting to length on the right, the longer text of a pair first (`longest_first`).
enum Truncation {
    /// How many tokens to keep of a pair of lengths `first` and `second` so that at most `most` remain.
    ///
    /// Where both must give, each keeps half, and an odd one goes to the longer (to the second if equal), as
    /// `tokenizers` does; taking tokens away one by one would leave it to the first.
    static func lengths(_ first: Int, _ second: Int, most: Int) -> (first: Int, second: Int) {
        let most = max(0, most)
        guard first > most - second else { return (first, second) }
        let swapped = first > second
        let short = swapped ? second : first
        let keep: (short: Int, long: Int) =
            short <= most - short ? (short, most - short) : (most / 2, most / 2 + most % 2)
        return swapped ? (keep.long, keep.short) : (keep.short, keep.long)
    }
}
