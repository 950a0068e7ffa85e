import Foundation
import Testing

@testable import Tasks

struct StratifiedSampleTests {
    private func examples(_ sizes: [Int]) -> [Example] {
        var all: [Example] = []
        for (label, size) in sizes.enumerated() {
            for i in 0..<size { all.append(Example(id: all.count, text: "text \(label) \(i)", label: label)) }
        }
        return all
    }

    private func counts(_ examples: [Example], _ indices: [Int], classes: Int) -> [Int] {
        indices.reduce(into: [Int](repeating: 0, count: classes)) { $0[examples[$1].label ?? 0] += 1 }
    }

    @Test func keepsTheSharesWithinARow() {
        for seed in UInt64(1)...200 {
            var dice = Dice(seed)
            let sizes = (0..<Int.random(in: 1...6, using: &dice)).map { _ in Int.random(in: 1...400, using: &dice) }
            let all = examples(sizes)
            let limit = Int.random(in: 1...all.count, using: &dice)
            let chosen = StratifiedSample.indices(of: all, limit: limit, seed: Int(seed))
            #expect(chosen.count == limit && chosen == Set(chosen).sorted(), "seed \(seed)")
            let found = counts(all, chosen, classes: sizes.count)
            let quotas = sizes.map { Double($0 * limit) / Double(all.count) }
            // A rare class's guaranteed row is taken from the others
            let rare = quotas.count { $0 < 1 }
            for (count, quota) in zip(found, quotas) {
                #expect(abs(Double(count) - quota) < 1 + Double(rare), "seed \(seed): \(found) for \(quotas)")
                if rare == 0 { #expect(abs(Double(count) - quota) <= 1, "seed \(seed): \(found) for \(quotas)") }
            }
            if limit >= sizes.count { #expect(found.allSatisfy { $0 >= 1 }, "seed \(seed): \(found)") }
        }
    }

    @Test func rareClassesKeepARowAndTheLargestComeFirst() {
        let all = examples([1000, 1, 500, 1])
        #expect(counts(all, StratifiedSample.indices(of: all, limit: 30, seed: 1), classes: 4) == [19, 1, 9, 1])
        #expect(counts(all, StratifiedSample.indices(of: all, limit: 2, seed: 1), classes: 4) == [1, 0, 1, 0])
    }

    @Test func theSameRowsInWhateverOrderTheFileHasThem() {
        let all = examples([70, 20, 50])
        var dice = Dice(5)
        let shuffled = all.shuffled(using: &dice)
        let first = StratifiedSample.indices(of: all, limit: 25, seed: 7).map { all[$0].text }
        let second = StratifiedSample.indices(of: shuffled, limit: 25, seed: 7).map { shuffled[$0].text }
        #expect(Set(first) == Set(second))
        #expect(first == StratifiedSample.indices(of: all, limit: 25, seed: 7).map { all[$0].text })
        #expect(Set(first) != Set(StratifiedSample.indices(of: all, limit: 25, seed: 8).map { all[$0].text }))
    }

    @Test func aSmallerSampleIsPartOfALargerOne() {
        let all = examples([60, 5, 33])
        var last = Set<Int>()
        for limit in 0...all.count {
            let chosen = Set(StratifiedSample.indices(of: all, limit: limit, seed: 2))
            #expect(chosen.isSuperset(of: last) && chosen.count == limit)
            last = chosen
        }
    }

    /// Rows with the same groups in two languages: the same groups are drawn.
    @Test func groupsAreDrawnByTheirNames() {
        func language(_ name: String) -> [Example] {
            (0..<100).map { Example(id: $0, text: "\(name) \($0)", label: $0 % 2, group: "package\($0 / 2)") }
        }
        let (english, german) = (language("en"), language("de"))
        func groups(_ examples: [Example]) -> Set<String?> {
            Set(StratifiedSample.indices(of: examples, limit: 20, seed: 0).map { examples[$0].group })
        }
        #expect(groups(english) == groups(german))
        // Both rows of each group, one of each label
        #expect(groups(english).count == 10)
    }

    @Test func pairsAreDrawnByBothTexts() {
        let all = (0..<40).map { Example(id: $0, text: "same", pair: "other \($0)", label: 0) }
        let chosen = StratifiedSample.indices(of: all, limit: 10, seed: 0)
        #expect(chosen.count == 10 && chosen != Array(0..<10))
        #expect(
            StratifiedSample.indices(of: Array(all.reversed()), limit: 10, seed: 0).map { 39 - $0 }.sorted() == chosen)
    }

    @Test func rowsWithAnUnknownLabelHaveTheirShareToo() {
        var all = examples([60])
        for i in 0..<20 { all[i * 3].label = nil }
        let chosen = StratifiedSample.indices(of: all, limit: 12, seed: 3)
        #expect(chosen.count { all[$0].label == nil } == 4)
    }

    @Test func limitsThatLimitNothing() {
        let all = examples([3, 2])
        #expect(StratifiedSample.indices(of: all, limit: 5, seed: 0) == Array(0..<5))
        #expect(StratifiedSample.indices(of: all, limit: 99, seed: 0) == Array(0..<5))
        #expect(StratifiedSample.indices(of: [], limit: 3, seed: 0).isEmpty)
        #expect(StratifiedSample.indices(of: all, limit: 0, seed: 0).isEmpty)
        var data = TaskData(
            definition: TaskDefinition(
                name: "t", kind: "text-classification", data: [:], folder: URL(fileURLWithPath: "/"), source: "t"),
            labels: ["0", "1"])
        data.train = all
        #expect(data.limited([.train: 5, .dev: 1], seed: 0).sampled.isEmpty)
        #expect(data.limited([.train: 2], seed: 1).sampled == [.train: Sampling(taken: 2, all: 5, seed: 1)])
    }
}
