import Numerics

/// Some examples of one task on their way into a batch, with the targets of the task's heads.
package struct BatchPart {
    package var sequences: [(ids: [Int32], types: [Int32], row: SequenceRow)]
    /// By the head's index; marks count from the part's first token.
    package var targets: [Int: HeadTargets]
    /// Numbers of neighboring sequences that belong together; nil: each stands for itself.
    package var groups: [Int]?

    package init(
        _ sequences: [(ids: [Int32], types: [Int32], row: SequenceRow)], targets: [Int: HeadTargets],
        groups: [Int]? = nil
    ) {
        self.sequences = sequences
        self.targets = targets
        self.groups = groups
    }
}

extension PackedBatch {
    /// Parts one after another; each has heads of its own.
    /// - Parameters:
    ///   - marksSequences: a head with a row for each sequence has one for those of its own part, which it marks by their
    ///     first tokens: as plans with `mixes` expect it.
    ///   - coefficients: by the head's index; heads without one keep theirs.
    package convenience init(_ parts: [BatchPart], marksSequences: Bool = false, coefficients: [Double] = []) {
        precondition(parts.count <= 1 || marksSequences, "only a plan for mixed batches can tell the parts apart")
        var targets: [Int: HeadTargets] = [:]
        var start: Int32 = 0
        for part in parts {
            var firsts: [Int32] = []
            var end = start
            for sequence in part.sequences {
                firsts.append(end)
                end += Int32(sequence.ids.count)
            }
            for (head, own) in part.targets {
                var target = own
                if let marks = own.marks {
                    target.marks = start == 0 ? marks : marks.map { start + $0 }
                } else if marksSequences {
                    target.marks = firsts
                    target.marksSequences = true
                }
                if coefficients.indices.contains(head) { target.coefficient *= coefficients[head] }
                precondition(targets.updateValue(target, forKey: head) == nil, "head \(head) reads two parts")
            }
            start = end
        }
        let groups = parts.flatMap { $0.groups ?? [Int](repeating: 1, count: $0.sequences.count) }
        self.init(
            parts.count == 1 ? parts[0].sequences : parts.flatMap(\.sequences), targets: targets,
            groups: parts.contains { $0.groups != nil } ? groups : nil)
    }
}
