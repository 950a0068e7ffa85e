/// The exact interval of a share (Clopper & Pearson 1934).
enum ClopperPearson {
    static func interval(_ hits: Int, of count: Int, confidence: Double = 0.95) -> (low: Double, high: Double) {
        let tail = (1 - confidence) / 2
        let (k, n) = (Double(hits), Double(count))
        return (
            hits == 0 ? 0 : IncompleteBeta.solve(tail) { IncompleteBeta.value($0, k, n - k + 1) },
            hits == count ? 1 : IncompleteBeta.solve(1 - tail) { IncompleteBeta.value($0, k + 1, n - k) }
        )
    }
}
