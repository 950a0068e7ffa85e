/// Where one stage of a long work stands, and the one line that says so.
struct ProgressSnapshot: Sendable {
    var label = ""
    /// Which stage of how many, where known.
    var position: (index: Int, count: Int)?
    var unit = "steps"
    var done = 0
    var total: Int?
    var loss: Double?
    var tokens = 0
    /// Seconds since the stage began.
    var elapsed = 0.0
    /// Tokens a second over the last while; nil before anything can be said.
    var rate: Double?
    /// Seconds to the end of the stage; nil before anything can be said.
    var left: Double?

    /// Seconds to the end of all stages, where that was said.
    var allLeft: Double?

    private var prefix: String { position.map { "[\($0.index)/\($0.count)] " } ?? "" }

    private var share: Double? {
        guard let total, total > 0 else { return nil }
        return min(1, max(0, Double(done) / Double(total)))
    }

    private var steps: String { total.map { "\(Human.count(done))/\(Human.count($0))" } ?? counted(done) }

    /// "1 step", "2 passes"
    private func counted(_ count: Int) -> String {
        Human.count(count, String(unit.dropLast(unit.hasSuffix("sses") ? 2 : 1)), unit)
    }

    /// "loss 0.812", "8,120 tokens/s", "1 min 20 s left": the ones that are known.
    private var facts: [String] {
        var facts: [String] = []
        if let loss { facts.append("loss \(Human.loss(loss))") }
        if let rate, tokens > 0 { facts.append("\(Human.count(rate)) tokens/s") }
        if let left { facts.append("\(Human.duration(left)) left") }
        if let allLeft { facts.append("\(Human.duration(allLeft)) left in all") }
        return facts
    }

    /// What is said when the stage begins, where lines are not rewritten.
    var opening: String {
        total.map { "\(prefix)\(label): \(counted($0))" } ?? "\(prefix)\(label)"
    }

    /// A whole line for logs: "adapter works-with: 512/1,190 (43 %), loss 0.812, 8,120 tokens/s, 1 min 20 s left".
    var plain: String {
        let counted = share.map { "\(steps) (\(Human.percent($0)))" } ?? steps
        return "\(prefix)\(label): " + ([counted] + facts).joined(separator: ", ")
    }

    /// What is said when the stage ends.
    func closing(_ summary: String?, unicode: Bool) -> String {
        var parts: [String] = []
        if done > 0 { parts.append(counted(done)) }
        if tokens > 0, elapsed > 0 { parts.append("\(Human.count(Double(tokens) / elapsed)) tokens/s") }
        parts.append(Human.duration(elapsed))
        let facts = parts.joined(separator: ", ")
        let said = summary.map { $0.isEmpty ? "" : ": \($0)" } ?? ""
        return "\(unicode ? "✓" : "*") \(prefix)\(label)\(said) (\(facts))"
    }

    /// A line of at most `width` columns to be rewritten in place: what matters least goes first when room is short.
    func bar(width: Int, unicode: Bool) -> String {
        let name = prefix + label
        let percent = share.map { Human.percent($0) }
        let known = facts
        let wait = Array(known.suffix((left == nil ? 0 : 1) + (allLeft == nil ? 0 : 1)))
        // Ever shorter choices; the first that fits is taken.
        let choices: [(bar: Int, parts: [String])] = [
            (20, [percent ?? "", steps] + known), (10, [percent ?? "", steps] + known),
            (10, [percent ?? steps] + known), (0, [percent ?? steps] + known),
            (0, [percent ?? steps] + wait), (0, [percent ?? steps]),
        ]
        for choice in choices {
            var parts = [name]
            if let share, choice.bar > 0 { parts.append(Self.bar(share, cells: choice.bar, unicode: unicode)) }
            parts += choice.parts.filter { !$0.isEmpty }
            let line = parts.joined(separator: "  ")
            if DisplayWidth.of(line) <= width { return line }
        }
        let end = "  " + (percent ?? steps)
        let room = width - DisplayWidth.of(end)
        return room >= 4
            ? DisplayWidth.shortened(name, to: room) + end : DisplayWidth.shortened(name + end, to: max(1, width))
    }

    private static func bar(_ share: Double, cells: Int, unicode: Bool) -> String {
        guard unicode else {
            let full = Int(share * Double(cells))
            return "[" + String(repeating: "#", count: full) + String(repeating: "-", count: cells - full) + "]"
        }
        // Eighths of a cell, so that a short bar still moves.
        let eighths = Int(share * Double(cells * 8))
        let partial = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]
        let full = eighths / 8
        let rest = cells - full - (partial.isEmpty ? 0 : 1)
        return String(repeating: "█", count: full) + partial + String(repeating: "░", count: max(0, rest))
    }
}
