import Numerics

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Chooses a text's next token from the logits of all, with memory of its own that is used again for every token.
struct TokenChooser {
    /// A token that was chosen.
    struct Choice: Equatable {
        let token: Int32
        /// The natural logarithm of its probability by the model's own logits, whatever the settings; nil: not wanted.
        let logProbability: Double?
    }

    private let logits: AlignedBuffer
    private let shares: AlignedBuffer
    private var candidates: [Int32] = []

    init(vocabulary: Int) {
        logits = AlignedBuffer(count: vocabulary)
        shares = AlignedBuffer(count: vocabulary)
        candidates.reserveCapacity(vocabulary)
    }

    /// - Parameters:
    ///   - given: the logits, one for each token of the vocabulary.
    ///   - seen: the tokens that the text has, for the repetition penalty.
    ///   - key: of the text; with `position` it makes the random number.
    mutating func choose(
        _ given: UnsafeBufferPointer<Float>, _ settings: GenerationSettings, seen: Set<Int32>, key: UInt64,
        position: Int, _ workspace: Workspace
    ) -> Choice {
        guard let base = given.baseAddress, given.count == logits.count else {
            preconditionFailure("\(given.count) logits for \(logits.count) tokens")
        }
        logits.floats.update(from: base, count: given.count)
        if settings.repetitionPenalty != 1 {
            let penalty = Float(settings.repetitionPenalty)
            for token in seen where (0..<given.count).contains(Int(token)) {
                let logit = logits.floats[Int(token)]
                logits.floats[Int(token)] = logit > 0 ? logit / penalty : logit * penalty
            }
        }
        let token =
            settings.temperature == 0
            ? mostLikely() : drawn(settings, Double(Randomness.uniform(key, position)), workspace)
        return Choice(
            token: token,
            logProbability: settings.logProbabilities ? logProbability(of: token, base, workspace) : nil)
    }

    /// The first of the tokens with the highest logit.
    private func mostLikely() -> Int32 {
        var best = 0
        for token in 1..<logits.count where logits.floats[token] > logits.floats[best] { best = token }
        return Int32(best)
    }

    /// log softmax, from the logits themselves: the probability may be smaller than any float.
    private func logProbability(
        of token: Int32, _ given: UnsafePointer<Float>, _ workspace: Workspace
    ) -> Double {
        var best = 0
        for token in 1..<logits.count where given[token] > given[best] { best = token }
        shares.floats.update(from: given, count: logits.count)
        workspace.softmax(shares.floats, count: logits.count)
        return Double(given[Int(token)]) - Double(given[best]) + log(Double(shares.floats[best]))
    }

    /// The token that a number in 0..<1 falls on, the most likely ones first.
    private mutating func drawn(_ settings: GenerationSettings, _ lot: Double, _ workspace: Workspace) -> Int32 {
        let count = logits.count
        for token in 0..<count { shares.floats[token] = Float(Double(logits.floats[token]) / settings.temperature) }
        workspace.softmax(shares.floats, count: count)
        rank(wanted: settings.topK == 0 ? count : settings.topK, mass: settings.topP, least: settings.minP)
        let total = candidates.reduce(0.0) { $0 + Double(shares.floats[Int($1)]) }
        var left = lot * total
        for token in candidates {
            left -= Double(shares.floats[Int(token)])
            if left < 0 { return token }
        }
        return candidates[candidates.count - 1]
    }

    /// The tokens that may be drawn; if not all may, the most likely first, of equal ones the first.
    private mutating func rank(wanted: Int, mass: Double, least: Double) {
        let (shares, count) = (shares.floats, logits.count)
        var top: Float = 0
        for token in 0..<count { top = max(top, shares[token]) }
        func collect(from bound: Float) -> Double {
            candidates.removeAll(keepingCapacity: true)
            var sum = 0.0
            for token in 0..<count where shares[token] >= bound {
                candidates.append(Int32(token))
                sum += Double(shares[token])
            }
            return sum
        }
        guard wanted < count || mass < 1 else {
            _ = collect(from: Float(least) * top)
            return
        }
        // Most tokens are unlikely: as long as those above a bound are too few, it is lowered
        var bound = top * 0x1p-10
        while true {
            let sum = collect(from: bound)
            if bound == 0 || (wanted < count ? candidates.count >= wanted : sum >= mass) { break }
            bound = bound < 1e-30 ? 0 : bound * 0x1p-10
        }
        candidates.sort { shares[Int($0)] == shares[Int($1)] ? $0 < $1 : shares[Int($0)] > shares[Int($1)] }
        if wanted < candidates.count { candidates.removeLast(candidates.count - wanted) }
        if mass < 1 {
            let total = wanted < count ? candidates.reduce(0.0) { $0 + Double(shares[Int($1)]) } : 1
            var (sum, kept) = (0.0, 0)
            while kept < candidates.count, kept == 0 || sum < mass * total {
                sum += Double(shares[Int(candidates[kept])])
                kept += 1
            }
            candidates.removeLast(candidates.count - kept)
        }
        while let last = candidates.last, shares[Int(last)] < Float(least) * top { candidates.removeLast() }
    }
}
