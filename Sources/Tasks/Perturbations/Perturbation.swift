/// A change of an example's texts that leaves its answer right, so that a robust model keeps its score (Ribeiro et al. 2020,
/// CheckList: invariance tests). A perturbation is one file and one line in `Perturbations.builtIn`.
package protocol Perturbation: Sendable {
    /// As in options and in JSON.
    static var name: String { get }
    /// What it does, in a few words.
    static var summary: String { get }

    /// Why it does not apply to a task; nil if it does.
    static func skipReason(_ task: PerturbedTask) -> String?

    /// The changed example. Equal seeds and examples give equal changes, whatever else is in the split.
    /// - Returns: an example with the same texts if there is nothing to change; nil if its answer would no longer be right
    static func changed(_ example: Example, of task: PerturbedTask, _ draws: inout Draws) -> Example?
}

/// What perturbations know of a task.
package struct PerturbedTask: Sendable {
    package var kind: any TaskKind.Type
    package var labels: [String]
    package var seed: UInt64

    package init(kind: any TaskKind.Type, labels: [String], seed: UInt64) {
        self.kind = kind
        self.labels = labels
        self.seed = seed
    }
}

extension Perturbation {
    package static func skipReason(_ task: PerturbedTask) -> String? { nil }

    /// The examples of a split with their texts changed, in the same order.
    package static func apply(to examples: [Example], of task: PerturbedTask) -> PerturbedExamples {
        if let reason = skipReason(task) { return .skipped(reason: reason) }
        var (all, count) = ([Example](), 0)
        all.reserveCapacity(examples.count)
        for example in examples {
            var draws = Draws(seed: task.seed, name: name, example: example.id)
            guard let changed = changed(example, of: task, &draws) else {
                return .skipped(reason: "answers of \(task.kind.name) depend on the exact texts")
            }
            if changed != example { count += 1 }
            all.append(changed)
        }
        return count > 0 ? .changed(all, count: count) : .skipped(reason: "it changes none of the texts")
    }
}

/// What a perturbation makes of a split.
package enum PerturbedExamples: Sendable {
    /// All examples, and how many of them have changed.
    case changed([Example], count: Int)
    /// It does not apply.
    case skipped(reason: String)
}

/// Random numbers of one example: a function of the seed, the perturbation and the example alone.
package struct Draws: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64, name: String, example: Int) {
        var state = Bootstrap.mixed(seed)
        for byte in name.utf8 { state = Bootstrap.mixed(state ^ UInt64(byte)) }
        self.state = Bootstrap.mixed(state &+ UInt64(bitPattern: Int64(example)))
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Bootstrap.mixed(state)
    }
}

/// The perturbations by name; refuses two of one name.
package struct Perturbations: Sendable {
    /// Every perturbation. A new one adds its line here.
    package static let builtIn: [any Perturbation.Type] = [
        ChoiceOrder.self, ChangedNumbers.self, LetterCase.self, Typos.self, SentenceOrder.self, LabelWords.self,
    ]

    /// The table of `builtIn`.
    package static let standard: Perturbations = {
        do { return try Perturbations(builtIn) } catch { preconditionFailure("\(error)") }
    }()

    package let perturbations: [any Perturbation.Type]

    /// - Throws: `TaskError.duplicateName`
    package init(_ perturbations: [any Perturbation.Type]) throws(TaskError) {
        if let name = firstDuplicate(perturbations.map { $0.name }) {
            throw .duplicateName(registry: "perturbations", name: name)
        }
        self.perturbations = perturbations
    }

    package var names: [String] { perturbations.map { $0.name } }

    package subscript(name: String) -> (any Perturbation.Type)? { perturbations.first { $0.name == name } }
}
