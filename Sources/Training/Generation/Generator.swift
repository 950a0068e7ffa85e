import Adapters
import Models
import Numerics

/// A text to be continued, as tokens.
package struct GenerationRequest: Sendable {
    /// At least one.
    package var tokens: [Int32]
    package var settings: GenerationSettings
    /// A number of its own: random numbers follow from it and the seed, so that what else is in a batch changes nothing.
    package var number: UInt64

    package init(tokens: [Int32], settings: GenerationSettings, number: UInt64) {
        self.tokens = tokens
        self.settings = settings
        self.number = number
    }
}

/// What there is to do next.
package enum NextRequest<Request> {
    case request(Request)
    /// Others may come later.
    case notYet
    /// There will be no more.
    case end
}

/// Why a text ended.
package enum GenerationEnd: String, Sendable {
    /// The model said so, or a stop string came.
    case stop
    /// As many tokens as were wanted, or as the model has positions for.
    case length
}

/// Continues texts token by token. Many texts run in one packed batch, which each enters and leaves while the others go on; keys
/// and values of earlier tokens are kept.
///
/// What a text becomes depends on the request alone: not on the other texts, not on their number, and not on the threads.
/// Against a computation of the whole text at once, logits differ by the order of sums: about 1e-6 of their size.
package final class Generator {
    /// Positions of the model.
    package let longest: Int
    private let plan: Plan
    private let logits: Value
    private let shape: (layers: Int, width: Int)
    private let workspace: Workspace
    private var chooser: TokenChooser
    /// Tokens of a prompt that enter a batch at once: depends on nothing else, since it orders sums.
    static let chunk = 512
    /// Index of the only head: it marks the tokens whose successors are wanted.
    static let head = 0

    /// - Throws: `AdapterError.composition` for adapters that look at tokens to come, or that insert tokens;
    ///   `NumericsError.missingTensor` where the model writes no texts
    package init(_ network: Network, workspace: Workspace) throws {
        (plan, logits) = try network.nextTokens(head: Self.head)
        let configuration = network.arrangement.model.configuration
        longest = configuration.longestSequence
        shape = (configuration.layers, configuration.decoder?.keyWidth ?? configuration.hidden)
        chooser = TokenChooser(vocabulary: configuration.vocabulary)
        self.workspace = workspace
    }

    /// A text on its way.
    private struct Running {
        let index: Int
        let request: GenerationRequest
        let key: UInt64
        let past: KeyValues
        /// Not yet in `past`.
        var pending: ArraySlice<Int32>
        var made = 0
        var seen: Set<Int32>
    }

    /// Runs requests until there are no more.
    /// - Parameters:
    ///   - slots: texts at once, 1 or more.
    ///   - ends: tokens that end a text; they are not given.
    ///   - next: the next request, asked when there is room; it may wait if no text is on its way.
    ///   - onToken: gets each token with the index of its request; returns whether the text goes on.
    ///   - onEnd: once for each request.
    package func run(
        slots: Int, ends: Set<Int32>, next: (_ mayWait: Bool) throws -> NextRequest<GenerationRequest>,
        onToken: (_ index: Int, _ token: Int32, _ logProbability: Double?) throws -> Bool,
        onEnd: (_ index: Int, GenerationEnd) throws -> Void
    ) throws {
        var (running, taken, isOver): ([Running], Int, Bool) = ([], 0, false)
        while true {
            asking: while !isOver, running.count < slots {
                switch try next(running.isEmpty) {
                case .request(let request):
                    running.append(start(request, index: taken))
                    taken += 1
                case .notYet: break asking
                case .end: isOver = true
                }
            }
            if isOver, running.isEmpty { return }
            if running.isEmpty { continue }
            try step(&running, ends: ends, onToken: onToken, onEnd: onEnd)
        }
    }

    private func start(_ request: GenerationRequest, index: Int) -> Running {
        let count = request.tokens.count
        precondition((1..<longest + 1).contains(count), "\(count) tokens for \(longest) positions")
        return Running(
            index: index, request: request, key: Randomness.key(request.settings.seed, request.number, 0x7E87),
            past: KeyValues(
                layers: shape.layers, width: shape.width, capacity: min(longest, count + request.settings.maxTokens)),
            pending: request.tokens[...],
            seen: request.settings.repetitionPenalty == 1 ? [] : Set(request.tokens))
    }

    /// One batch: the next tokens of each prompt, and of each text the one that was made last.
    private func step(
        _ running: inout [Running], ends: Set<Int32>,
        onToken: (_ index: Int, _ token: Int32, _ logProbability: Double?) throws -> Bool,
        onEnd: (_ index: Int, GenerationEnd) throws -> Void
    ) throws {
        var (sequences, marks, marked, start):
            ([(ids: [Int32], types: [Int32], row: SequenceRow)], [Int32], [Int], Int) =
                ([], [], [], 0)
        for (i, text) in running.enumerated() {
            let ids = Array(text.pending.prefix(Self.chunk))
            sequences.append((ids, [Int32](repeating: 0, count: ids.count), SequenceRow(example: text.request.number)))
            start += ids.count
            guard ids.count == text.pending.count else { continue }
            marks.append(Int32(start - 1))
            marked.append(i)
        }
        let targets = HeadTargets(.classes([Int32](repeating: -1, count: marks.count)), marks: marks)
        let batch = PackedBatch(sequences, targets: [Self.head: targets], past: running.map(\.past))
        let rows = plan.run(batch, workspace: workspace).values(logits)
        for i in running.indices {
            running[i].past.append(sequences[i].ids.count)
            running[i].pending = running[i].pending.dropFirst(Self.chunk)
        }
        var ended = Set<Int>()
        for (row, i) in marked.enumerated() {
            let choice = choose(
                &running[i], UnsafeBufferPointer(rebasing: rows[row * logits.width..<(row + 1) * logits.width]))
            let text = running[i]
            var end: GenerationEnd?
            if ends.contains(choice.token) {
                end = .stop
            } else if try !onToken(text.index, choice.token, choice.logProbability) {
                end = .stop
            } else if text.made >= text.request.settings.maxTokens || text.past.count >= longest {
                end = .length
            }
            guard let end else { continue }
            try onEnd(text.index, end)
            ended.insert(i)
        }
        running = running.indices.filter { !ended.contains($0) }.map { running[$0] }
    }

    private func choose(_ text: inout Running, _ row: UnsafeBufferPointer<Float>) -> TokenChooser.Choice {
        let choice = chooser.choose(
            row, text.request.settings, seen: text.seen, key: text.key, position: text.made, workspace)
        text.made += 1
        text.pending = [choice.token]
        if text.request.settings.repetitionPenalty != 1 { text.seen.insert(choice.token) }
        return choice
    }
}

extension Network {
    /// A plan from token ids to the logits of what follows the tokens that a batch marks for a head, [marked, vocabulary].
    func nextTokens(head: Int) throws -> (plan: Plan, logits: Value) {
        let plugin = try plugin()
        guard plugin.virtualTokens == nil, !plugin.mixesTokens else {
            throw AdapterError.composition(
                "\(arrangement.composition?.text ?? ""): found "
                    + (plugin.mixesTokens ? "adapters that see the whole text" : "adapters with tokens of their own")
                    + ", expected adapters that act on each token alone; use another method")
        }
        let builder = PlanBuilder(precision: precision)
        let decoder = EncoderPlan(arrangement.model, operand: operand, plugin: plugin, dropout: false, in: builder)
        let hidden = try decoder.build(pooling: nil).output
        let logits = try decoder.logits(builder.append(GatherMarked(hidden, head: head, in: builder)))
        return (Plan(builder, outputs: [logits], trains: false), logits)
    }
}
