/// What scores an arc from a word to its head: a product of two vectors, one of the word and one of the head, or a number of the
/// word where the head is the root (Dozat and Manning 2017, equations 5 and 6: the word's side already has the bilinear matrix).
///
/// All have the rows of one head's marked tokens: the words.
package struct BiaffineArcs {
    /// [words, width], of the word.
    let queries: Value
    /// [words, width], of the head.
    let keys: Value
    /// [words, 1], of the word with the root.
    let roots: Value

    package init(queries: Value, keys: Value, roots: Value) {
        keys.require(like: queries, "the heads' side of arcs")
        precondition(roots.rows == queries.rows && roots.width == 1, "one number for the root")
        self.queries = queries
        self.keys = keys
        self.roots = roots
    }

    var inputs: [Value] { [queries, keys, roots] }

    /// Scores of a word with the root and with each word of its sequence.
    /// - Parameters:
    ///   - word: row of the slice
    ///   - words: rows of the sequence
    ///   - scores: of the root, then of each word; the word's own place is not written
    func scores(
        of word: Int, among words: Range<Int>, _ run: SliceRun, into scores: UnsafeMutablePointer<Float>
    ) {
        let (q, k, width) = (run.values(queries) + word * queries.width, run.values(keys), queries.width)
        scores[0] = run.values(roots)[word]
        for (place, other) in words.enumerated() where other != word {
            scores[place + 1] = dotProduct(q, k + other * width, width)
        }
    }
}

/// What scores the labels of an arc: for each label a product of two vectors and a number of the word, or a number of the word
/// alone where the head is the root.
///
/// All have the rows of one head's marked tokens: the words.
package struct BiaffineLabels {
    /// [words, labels · (width + 1)], of the word: for each label a vector and a number.
    let queries: Value
    /// [words, width], of the head.
    let keys: Value
    /// [words, labels], of the word with the root.
    let roots: Value

    package init(queries: Value, keys: Value, roots: Value) {
        precondition(
            queries.rows == keys.rows && queries.rows == roots.rows
                && queries.width == roots.width * (keys.width + 1), "sides of \(roots.width) labels")
        self.queries = queries
        self.keys = keys
        self.roots = roots
    }

    var inputs: [Value] { [queries, keys, roots] }
    var count: Int { roots.width }

    /// Logits of the labels.
    /// - Parameters:
    ///   - word: row of the slice
    ///   - head: row of the slice; nil: the root
    func logits(of word: Int, head: Int?, _ run: SliceRun, into logits: UnsafeMutablePointer<Float>) {
        guard let head else {
            logits.update(from: run.values(roots) + word * count, count: count)
            return
        }
        let (q, k, width) = (
            run.values(queries) + word * queries.width, run.values(keys) + head * keys.width, keys.width
        )
        for label in 0..<count {
            let own = q + label * (width + 1)
            logits[label] = dotProduct(own, k, width) + own[width]
        }
    }
}

extension SliceRun {
    /// Where the gradients of the running operation's inputs go. Those that it is the first to write are zero, so that all can be
    /// added to.
    func clearedGradients(_ inputs: [Value]) -> [UnsafeMutablePointer<Float>?] {
        inputs.enumerated().map { index, input in
            guard let target = gradient(index) else { return nil }
            if !target.adds { target.pointer.update(repeating: 0, count: rows(input) * input.width) }
            return target.pointer
        }
    }

    /// The rows of each sequence among those of a value whose rows are a head's marked tokens, counted from the slice's first.
    func sequences(of value: Value) -> [Range<Int>] {
        let first = range(value).lowerBound
        return slice.sequences.map { sequence in
            let own = BatchSlice(
                tokens: batch.offsets[sequence]..<batch.offsets[sequence + 1], sequences: sequence..<sequence + 1)
            let rows = batch.range(value.rows, in: own)
            return rows.lowerBound - first..<rows.upperBound - first
        }
    }
}
