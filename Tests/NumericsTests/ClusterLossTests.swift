import Foundation
import Testing

@testable import Numerics

/// The loss of coreference on marked tokens, and the clusters read from the same scores.
@Suite struct ClusterLossTests {
    private static let width = OperationProbe.width
    private static let mention = 5
    private static let pair = 3
    private static let specs =
        OperationProbe.tables(positions: 9)
        + [
            ("starts", mention + 1), ("ends", mention), ("queryStarts", 2 * pair), ("queryEnds", 2 * pair),
            ("keyStarts", pair), ("keyEnds", pair), ("features", MentionScores.features),
        ].map { ParameterSpec($0, [$1, width], .normal(0.4)) }

    private struct Made {
        let parameters: ParameterBuffer
        let plan: Plan
        let rows: Value
        let clusters: Value
        let loss: Value

        func run(_ batch: PackedBatch, _ workspace: Workspace) -> Double {
            withExtendedLifetime(workspace) {
                plan.run(batch, workspace: workspace).values(loss).reduce(0) { $0 + Double($1) }
            }
        }

        /// Losses of the rows, and their clusters.
        func results(_ batch: PackedBatch, threads: Int) -> (losses: [Float], clusters: [Float]) {
            // The numbers stand in the workspace
            let workspace = Workspace(threads: threads)
            return withExtendedLifetime(workspace) {
                let run = plan.run(batch, workspace: workspace)
                return (Array(run.values(rows)), Array(run.values(clusters)))
            }
        }
    }

    /// - Parameters:
    ///   - kept: mentions for a hundred words
    ///   - clustersFirst: whether clusters are read before the loss is, which decides who writes gradients first
    private func made(kept: Int = 60, hasSingletons: Bool = false, clustersFirst: Bool = false, seed: UInt64 = 4) throws
        -> Made
    {
        try Products.load()
        let parameters = try ParameterBuffer(Self.specs, seed: seed)
        let operand = OperandTable(trainable: parameters) { _ in nil }
        let builder = PlanBuilder()
        let x = builder.append(
            Embedding(
                words: try operand("words"), positions: try operand("positions"), types: try operand("types"),
                firstPosition: 1, in: builder))
        let marked = builder.append(GatherMarked(x, head: 0, in: builder))
        func linear(_ name: String) throws -> Value {
            builder.append(Linear(marked, weight: try operand(name), bias: nil, in: builder))
        }
        let scores = MentionScores(
            starts: try linear("starts"), ends: try linear("ends"), queryStarts: try linear("queryStarts"),
            queryEnds: try linear("queryEnds"), keyStarts: try linear("keyStarts"), keyEnds: try linear("keyEnds"),
            features: try linear("features"), longest: 3, kept: kept)
        func best() -> Value {
            builder.append(BestClusters(scores, head: 0, hasSingletons: hasSingletons, in: builder))
        }
        let first = clustersFirst ? best() : nil
        let rows = builder.append(ClusterLoss(scores, head: 0, in: builder))
        let clusters = first ?? best()
        let loss = builder.append(Reduce(rows, head: 0, in: builder))
        return Made(
            parameters: parameters, plan: Plan(builder, outputs: [rows, clusters, loss], trains: true), rows: rows,
            clusters: clusters, loss: loss)
    }

    private static let lengths = [7, 1, 5, 8, 2]
    /// Sequences 0 and 1 are one document, as are 2 and 3.
    private static let groups = [2, 2, 1]
    // Words of the sequences: 6, 1, 4, 7 and 0
    private static let marks: [Int32] = [0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16, 17, 18, 20]

    private static func word(
        _ form: Int32, sentence: Int32, first: Bool = false, known: Bool = true, _ mentions: [(Int32, Int32)] = []
    ) -> MentionWord {
        MentionWord(
            isFirst: first, hasClusters: known, sentence: sentence, form: form,
            mentions: mentions.map { MentionWord.Mention(length: $0.0, cluster: $0.1) })
    }

    private static func words(known: Bool = true) -> [MentionWord] {
        [
            word(0, sentence: 0, first: true, [(0, 0), (1, 1)]), word(1, sentence: 0), word(0, sentence: 0, [(0, 0)]),
            word(2, sentence: 1, [(2, 2)]), word(0, sentence: 1, [(0, 0)]), word(3, sentence: 1),
            word(1, sentence: 2, [(0, 1)]),
        ]
            + [
                word(0, sentence: 0, first: true, known: known, [(0, 0)]), word(1, sentence: 0, known: known),
                word(0, sentence: 0, known: known, [(1, 0)]), word(1, sentence: 0, known: known),
                word(0, sentence: 1, known: known), word(0, sentence: 1, known: known, [(0, 0), (2, 1)]),
                word(2, sentence: 1, known: known), word(2, sentence: 1, known: known),
                word(0, sentence: 2, known: known, [(0, 1)]), word(1, sentence: 2, known: known),
                word(1, sentence: 2, known: known),
            ]
    }

    private static func batch(_ words: [MentionWord] = words()) -> PackedBatch {
        let sequences = lengths.enumerated().map { i, length in
            let ids = (0..<length).map { Int32(Randomness.integer(UInt64(i), $0, below: 11)) }
            return (ids: ids, types: ids.map { $0 % 2 }, row: SequenceRow(example: UInt64(i)))
        }
        return PackedBatch(
            sequences, targets: [0: HeadTargets(.mentions(words), marks: marks)], groups: groups)
    }

    /// Each tensor and all along a random direction against central differences of order four. All spans are kept, so that no
    /// step changes what is compared; and with fewer, true mentions still are.
    @Test(arguments: [1000, 30], [false, true]) func gradients(kept: Int, clustersFirst: Bool) throws {
        let (made, workspace) = (try made(kept: kept, clustersFirst: clustersFirst), Workspace(threads: 2))
        let batch = Self.batch()
        #expect(batch.targets[0]?.normalizer == 18)
        for i in 0..<made.parameters.count { made.parameters.gradients[i] = 1e3 }
        _ = made.run(batch, workspace)
        let p = made.parameters
        let gradients = Array(UnsafeBufferPointer(start: p.gradients, count: p.count))
        for parameter in p.parameters {
            let indices = parameter.offset..<parameter.offset + parameter.count
            let start = indices.map { p.values[$0] }
            for seed in UInt64(1)...3 {
                let direction = indices.indices.map { Randomness.normal(seed, $0) }
                let slope = zip(indices, direction).reduce(0.0) { $0 + Double($1.1) * Double(gradients[$1.0]) }
                func at(_ h: Float) -> Double {
                    for (n, i) in indices.enumerated() { p.values[i] = start[n] + h * direction[n] }
                    defer { for (n, i) in indices.enumerated() { p.values[i] = start[n] } }
                    return made.run(batch, workspace)
                }
                let h: Float = 0.004
                let measured = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * Double(h))
                #expect(
                    abs(measured - slope) < 2e-3 * max(0.5, abs(slope)),
                    "\(parameter.name), seed \(seed): gradient \(slope), measured \(measured)")
            }
        }
    }

    /// Documents do not see each other, one without clusters has no loss, and one thread gives the same bytes as two.
    @Test func rowsOfTheLoss() throws {
        let made = try made()
        let (losses, clusters) = made.results(Self.batch(), threads: 1)
        #expect(losses.count == Self.marks.count && losses.allSatisfy { $0 > 0 })
        let two = made.results(Self.batch(), threads: 2)
        #expect(losses == two.losses && clusters == two.clusters)
        let unknown = made.results(Self.batch(Self.words(known: false)), threads: 2)
        #expect(unknown.losses == losses.prefix(7) + [Float](repeating: 0, count: 11))
        // What is predicted does not depend on what is true
        #expect(unknown.clusters == clusters)
    }

    /// Mentions stay within sentences and the longest length, clusters have two mentions or more, and numbers are of documents.
    @Test func clustersOfDocuments() throws {
        let words = Self.words()
        var alone = 0
        for (seed, hasSingletons) in (UInt64(1)...4).flatMap({ [($0, false), ($0, true)] }) {
            let made = try made(kept: 100, hasSingletons: hasSingletons, seed: seed)
            let y = made.results(Self.batch(), threads: 1).clusters
            var sizes: [[Int]: Int] = [:]
            for row in words.indices {
                for slot in 0..<BestClusters.slots {
                    let length = Int(y[row * BestClusters.width + 2 * slot])
                    guard length > 0 else { continue }
                    #expect(length <= 3 && words[row + length - 1].sentence == words[row].sentence)
                    let document = row < 7 ? 0 : 1
                    sizes[[document, Int(y[row * BestClusters.width + 2 * slot + 1])], default: 0] += 1
                }
            }
            #expect(!sizes.isEmpty)
            if hasSingletons {
                alone += sizes.values.count { $0 == 1 }
            } else {
                #expect(sizes.values.allSatisfy { $0 > 1 }, "\(sizes)")
            }
        }
        #expect(alone > 0)
    }

    /// Distances as Lee et al. cut them; equal words in spite of other places; overlap.
    @Test func features() {
        let words = [0, 1, 0, 1, 2, 1].map { MentionWord(form: $0) }[...]
        func found(_ a: (Int, Int), _ b: (Int, Int)) -> [Int] {
            var found: [Int] = []
            SpanPairFeatures(
                WordSpan(first: a.0, last: a.1), before: WordSpan(first: b.0, last: b.1), in: words, from: 0
            )
            .forEach { found.append($0) }
            return found
        }
        #expect(found((0, 1), (2, 3)) == [1, 9, 10] && found((0, 1), (5, 5)) == [4, 10])
        #expect(
            found((0, 0), (1, 1)) == [0] && found((0, 2), (2, 2)) == [1, 10, 11] && found((0, 0), (0, 4)) == [0, 11])
        let many = (0..<80).map { MentionWord(form: Int32($0)) }[...]
        let distances = [1, 2, 3, 4, 5, 7, 8, 15, 16, 31, 32, 63, 64, 79].map { last in
            var found: [Int] = []
            SpanPairFeatures(
                WordSpan(first: 0, last: 0), before: WordSpan(first: last, last: last), in: many, from: 0
            ).forEach { found.append($0) }
            return found
        }
        #expect(distances == [0, 1, 2, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8].map { [$0] })
    }
}
