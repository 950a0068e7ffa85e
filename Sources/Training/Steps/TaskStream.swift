import Files
import Numerics

/// The examples of one task in pieces, in the order in which a run takes them: pass after pass, each in an order of its own.
struct TaskStream {
    private let name: String
    private let examples: EncodedExamples
    private let policy: BatchPolicy
    private let seed: UInt64
    /// As many as the run has epochs; there may be more.
    private let passes: Int
    /// The present pass, and the next piece of it.
    private var pass = 0
    private var piece = 0
    private var order: [Int] = []
    /// Where the pieces of the pass end in its order.
    private var ends: [Int] = []

    /// - Parameter policy: how pieces are cut
    init(_ task: TrainingTask, policy: BatchPolicy, seed: UInt64, passes: Int) {
        name = task.name
        examples = task.train
        self.policy = policy
        self.seed = seed
        self.passes = passes
        begin(0)
    }

    private func order(_ pass: Int) -> [Int] {
        Randomness.permutation(
            examples.count, key: Randomness.key(seed, Randomness.hash(name), UInt64(pass)))
    }

    private mutating func begin(_ pass: Int) {
        self.pass = pass
        piece = 0
        order = order(pass)
        ends = examples.cuts(order, policy: policy)
    }

    /// Begins a pass, unless it is the present one.
    mutating func begin(pass: Int) { if pass != self.pass { begin(pass) } }

    /// Pieces that the present pass still has.
    var left: Int { ends.count - piece }

    /// The number of pieces in each pass.
    var counts: [Int] {
        switch policy {
        case .examples: [Int](repeating: ends.count, count: passes)
        case .tokens: (0..<passes).map { examples.cuts(order($0), policy: policy).count }
        }
    }

    /// The examples of the next piece.
    mutating func next() -> ArraySlice<Int> {
        if piece == ends.count { begin(pass + 1) }
        defer { piece += 1 }
        return order[(piece > 0 ? ends[piece - 1] : 0)..<ends[piece]]
    }

    var state: ConfigurationValue { .list([.init(pass), .init(piece)]) }

    /// - Returns: false if the value does not come from `state`
    mutating func restore(_ state: ConfigurationValue) -> Bool {
        guard case .list(let values) = state, values.count == 2, let pass = Self.whole(values[0]),
            let piece = Self.whole(values[1]), (0..<1 << 40).contains(pass)
        else { return false }
        begin(pass)
        guard (0...ends.count).contains(piece) else { return false }
        self.piece = piece
        return true
    }

    private static func whole(_ value: ConfigurationValue) -> Int? {
        if case .number(let number) = value { Int(exactly: number) } else { nil }
    }
}
