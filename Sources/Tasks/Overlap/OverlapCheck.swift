import Foundation

/// Finds examples that stand in two sets of data: equal ones by a number of their words, near duplicates by MinHash and
/// their true Jaccard similarity, others by shared runs of 13 words.
///
/// Two sets are compared where they have different roles: what is learned from (train), chosen on (dev) or reported (test).
/// Memory is 4 bytes for each word, and about 130 for each example. No seed and no number of threads changes the result.
package struct OverlapCheck {
    let sets: [DocumentSet]
    let settings: OverlapSettings
    /// The first example of the same words in the same set.
    let first: [[Int32]]
    var found: [OverlapMatches]

    /// - Parameters:
    ///   - own: the splits of the task
    ///   - others: the splits of other tasks, which are compared with `own` and not with each other
    ///   - known: what else was learned from; compared with dev and test
    package static func run(
        _ own: [DocumentSet], against others: [DocumentSet] = [], known: [KnownTexts] = [],
        settings: OverlapSettings = OverlapSettings()
    ) -> Overlap {
        let sets = own + others
        var pairs: [(Int, Int)] = []
        for (i, a) in own.enumerated() {
            for (j, b) in sets.enumerated() where (j > i || j >= own.count) && a.split != b.split {
                pairs.append(a.split.role > b.split.role ? (i, j) : (j, i))
            }
        }
        pairs.sort { (-sets[$0.0].split.role, $0.0, $0.1) < (-sets[$1.0].split.role, $1.0, $1.1) }
        var check = OverlapCheck(
            sets: sets, settings: settings, first: sets.map { firsts($0.keys) },
            found: pairs.map { OverlapMatches(held: $0.0, other: $0.1, count: sets[$0.0].count) })
        check.findExact()
        check.findNear()
        check.findRuns()
        check.copyToEqual()
        return check.overlap(own, known)
    }

    /// Of each example the first one with the same number.
    private static func firsts(_ keys: [UInt64]) -> [Int32] {
        var seen: [UInt64: Int32] = [:]
        seen.reserveCapacity(keys.count)
        return keys.enumerated().map { place, key in
            if let first = seen[key] { return first }
            seen[key] = Int32(place)
            return Int32(place)
        }
    }

    /// Whether an example is looked at: it has words, and no earlier one of its set has the same.
    func isFirst(_ set: Int, _ document: Int) -> Bool {
        sets[set].keys[document] != 0 && first[set][document] == document
    }

    private mutating func findExact() {
        for other in Set(found.map(\.other)).sorted() {
            var places: [UInt64: Int] = [:]
            places.reserveCapacity(sets[other].count)
            for (place, key) in sets[other].keys.enumerated() where isFirst(other, place) { places[key] = place }
            for c in found.indices where found[c].other == other {
                for (document, key) in sets[found[c].held].keys.enumerated() where key != 0 {
                    if let match = places[key] { found[c].set(document, .exact, match, 1) }
                }
            }
        }
    }

    private mutating func copyToEqual() {
        for c in found.indices {
            for (document, first) in first[found[c].held].enumerated() where first != document {
                found[c].copy(from: Int(first), to: document)
            }
        }
    }

    private func overlap(_ own: [DocumentSet], _ known: [KnownTexts]) -> Overlap {
        var overlap = Overlap()
        var pairs: [(pair: Overlap.Pair, rank: Int)] = []
        for matches in found {
            let (held, other) = (sets[matches.held], sets[matches.other])
            var comparison = Overlap.Comparison(
                a: held.name, b: other.name, aCount: held.count, bCount: other.count)
            for document in 0..<held.count {
                guard let kind = matches.kind(document) else {
                    if matches.isCut[document] { comparison.undecided += 1 }
                    continue
                }
                comparison.counts[kind, default: 0] += 1
                pairs.append(
                    (
                        Overlap.Pair(
                            a: held.place(document), b: other.place(Int(matches.matches[document])), kind: kind,
                            similarity: Double(matches.similarities[document])),
                        Int(matches.kinds[document])
                    ))
            }
            overlap.comparisons.append(comparison)
        }
        for texts in known {
            for held in own where held.split != .train {
                var comparison = Overlap.Comparison(
                    a: held.name, b: texts.name, aCount: held.count, bCount: texts.count)
                for (document, key) in held.keys.enumerated() where key != 0 && texts.contains(key) {
                    comparison.counts[.exact, default: 0] += 1
                    let pair = Overlap.Pair(a: held.place(document), b: texts.name, kind: .exact, similarity: 1)
                    pairs.append((pair, 1))
                }
                overlap.comparisons.append(comparison)
            }
        }
        let order = pairs.indices.sorted {
            (pairs[$0].rank, -pairs[$0].pair.similarity, $0) < (pairs[$1].rank, -pairs[$1].pair.similarity, $1)
        }
        overlap.pairs = order.prefix(settings.mostPairs).map { pairs[$0].pair }
        overlap.morePairs = pairs.count - overlap.pairs.count
        return overlap
    }
}

extension DocumentSet {
    /// As tables show it: `game test`.
    var name: String { "\(task) \(split.rawValue)" }
}

extension Split {
    /// What is learned from comes before what is chosen on, and that before what is reported.
    var role: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
