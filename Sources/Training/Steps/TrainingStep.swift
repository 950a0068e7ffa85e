/// What one step trains on: some examples of one task, or of several.
struct TrainingStep: Equatable {
    struct Part: Equatable {
        let task: Int
        let examples: [Int]
    }

    /// By ascending task, each at most once.
    let parts: [Part]
    let epoch: Int

    var examples: Int { parts.reduce(0) { $0 + $1.examples.count } }

    /// - Parameter examples: of each task; those without any are no part.
    init(_ examples: [[Int]], epoch: Int) {
        parts = examples.enumerated().compactMap { $1.isEmpty ? nil : Part(task: $0, examples: $1) }
        self.epoch = epoch
    }

    init(_ parts: [Part], epoch: Int) {
        self.parts = parts
        self.epoch = epoch
    }
}
