import Foundation
import Testing

@testable import Tasks

@Suite struct PerturbationTests {
    private func task(
        _ kind: any TaskKind.Type = TextClassification.self, labels: [String] = ["bad", "good"], seed: UInt64 = 1
    )
        -> PerturbedTask
    {
        PerturbedTask(kind: kind, labels: labels, seed: seed)
    }

    private func texts(
        _ perturbation: any Perturbation.Type, _ examples: [Example], _ task: PerturbedTask? = nil
    ) throws -> [Example] {
        guard case .changed(let changed, let count) = perturbation.apply(to: examples, of: task ?? self.task()) else {
            Issue.record("\(perturbation.name): skipped")
            return []
        }
        #expect(count == zip(changed, examples).count { $0 != $1 })
        return changed
    }

    /// Equal seeds give equal changes, whatever else is in the split, and nothing but texts changes.
    @Test func seeds() throws {
        let examples = (0..<20).map { id in
            Example(
                id: id, text: "The first sentence has \(id + 10) good words. Another one, bad, follows! And a third?",
                pair: "Number \(id + 10) again; still Something. End of it.", label: id % 2, line: id + 1)
        }
        for perturbation in Perturbations.builtIn where perturbation != ChoiceOrder.self {
            let changed = try texts(perturbation, examples)
            let again = try texts(perturbation, Array(examples.reversed()))
            #expect(changed == again.reversed(), "\(perturbation.name)")
            for (old, new) in zip(examples, changed) {
                #expect(new != old && new.label == old.label && new.line == old.line, "\(perturbation.name)")
            }
            let other = try texts(perturbation, examples, task(seed: 2))
            let isRandom = [ChangedNumbers.name, Typos.name, SentenceOrder.name].contains(perturbation.name)
            #expect((other != changed) == isRandom, "\(perturbation.name)")
        }
    }

    /// The choices of a question change their order, and the right one moves along; other changes reach all of its texts.
    @Test func choices() throws {
        let task = task(MultipleChoice.self, labels: [])
        let examples = (0..<30).map { id in
            Example(
                id: id, text: "Which number \(id)?",
                payload: Choices(
                    question: "Which number \(id)?", context: "Some Context.", choices: ["one", "two", "three"],
                    answer: id % 3))
        }
        let ordered = try texts(ChoiceOrder.self, examples, task)
        #expect(ordered.allSatisfy { $0.choices?.choices != ["one", "two", "three"] })
        for (old, new) in zip(examples, ordered) {
            let (before, after) = (try #require(old.choices), try #require(new.choices))
            #expect(after.choices.sorted() == before.choices.sorted() && after.question == before.question)
            #expect(after.choices[after.answer ?? 0] == before.choices[before.answer ?? 0])
        }
        let cased = try #require(try texts(LetterCase.self, [examples[1]], task)[0].choices)
        #expect(cased.question == "which number 1?" && cased.context == "some context." && cased.answer == 1)
    }

    @Test func letterCase() throws {
        let examples = ["Ein Text", "kein großer", "日本"].enumerated().map { Example(id: $0, text: $1) }
        #expect(try texts(LetterCase.self, examples).map(\.text) == ["ein text", "KEIN GROSSER", "日本"])
    }

    /// Numbers keep their length, their order and their equality, in both texts of a pair.
    @Test func numbers() throws {
        for seed in UInt64(1)...200 {
            let example = Example(
                id: Int(seed), text: "In 1999 and 2004, 12 of 35 came; B2B, 007 and 0 stay; 12!",
                pair: "1999 < 2004, 3.5")
            let changed = try texts(ChangedNumbers.self, [example], task(seed: seed))[0]
            let found = (changed.text + " " + (changed.pair ?? "")).matches(of: /[0-9]+/).map { String($0.output) }
            #expect(found.map(\.count) == [4, 4, 2, 2, 1, 3, 1, 2, 4, 4, 1, 1], "seed \(seed): \(changed)")
            #expect(found[0] == found[8] && found[1] == found[9] && found[2] == found[7], "seed \(seed): \(changed)")
            #expect(found[0] < found[1] && found[2] < found[3] && found[10] < found[11], "seed \(seed): \(changed)")
            #expect(found[4] == "2" && found[5] == "007" && found[6] == "0", "seed \(seed): \(changed)")
            #expect(!["1999", "2004"].contains(found[0]) && found[2] != "12", "seed \(seed): \(changed)")
        }
        let all = Example(id: 0, text: "1 2 3 4 5 6")
        guard case .skipped = ChangedNumbers.apply(to: [all], of: task()) else {
            Issue.record("six numbers of one digit have no others in order")
            return
        }
    }

    @Test func typos() throws {
        for seed in UInt64(1)...200 {
            let text = "Some words of this sentence, that is long enough for it, are the ones which change."
            let changed = try texts(Typos.self, [Example(id: 3, text: text)], task(seed: seed))[0].text
            #expect(changed.sorted() == text.sorted() && changed != text)
            let pairs = zip(text.split(separator: " "), changed.split(separator: " ")).filter { $0 != $1 }
            #expect(pairs.count == 1, "seed \(seed): \(changed)")
            for (old, new) in pairs {
                #expect(old.first == new.first && zip(old, new).count { $0 != $1 } == 2, "seed \(seed): \(changed)")
            }
        }
        let words = Example(
            id: 0, text: "a few words", payload: TaggedTokens(tokens: ["a", "few", "words"], tags: [0, 1, 2]))
        let changed = try texts(Typos.self, [words], task(Tagging.self))[0]
        #expect(changed.tagged?.tags == [0, 1, 2] && changed.tagged?.tokens.prefix(2) == ["a", "few"])
        #expect(changed.text == changed.tagged?.tokens.joined(separator: " ") && changed.tagged?.tokens[2] != "words")
    }

    @Test func sentences() throws {
        let text = "He said \"Go.\" Then he left!  It was 3.5 km. And then?"
        let parts: Set<String> = ["He said \"Go.\"", "Then he left!", "It was 3.5 km.", "And then?"]
        var orders = Set<String>()
        for seed in UInt64(1)...400 {
            let changed = try texts(SentenceOrder.self, [Example(id: 0, text: text)], task(seed: seed))[0].text
            var rest = changed
            for part in parts {
                #expect(rest.contains(part), "\(changed)")
                rest = rest.replacing(part, with: "", maxReplacements: 1)
            }
            #expect(rest.allSatisfy(\.isWhitespace) && rest.count == 4 && changed != text, "\(changed)")
            orders.insert(changed)
        }
        #expect(orders.count == 23)
        #expect(
            try texts(SentenceOrder.self, [Example(id: 0, text: "一です。二です。"), Example(id: 1, text: "One. two")])
                .map(\.text) == ["二です。一です。", "two One."])
        #expect(SentenceOrder.skipReason(task(Tagging.self)) != nil)
    }

    @Test func labelWords() throws {
        let example = Example(id: 0, text: "A Good film, GOOD and bad; goods, good2 stay.")
        #expect(
            try texts(LabelWords.self, [example])[0].text == "A Fine film, FINE and poor; goods, good2 stay.")
        #expect(LabelWords.skipReason(task(labels: ["0", "1"])) != nil)
        #expect(LabelWords.skipReason(task(labels: ["very_positive", "x"])) == nil)
    }

    /// A payload that does not say what to do with changed texts.
    private struct Places: ExamplePayload {
        var canonicalBytes: [UInt8] { [1] }
    }

    @Test func skips() {
        #expect(ChoiceOrder.skipReason(task()) == "text-classification has no choices")
        let examples = [Example(id: 0, text: "A place in a text", payload: Places())]
        guard case .skipped(let reason) = Typos.apply(to: examples, of: task()) else {
            Issue.record("texts of a payload that cannot change them")
            return
        }
        #expect(reason.contains("exact texts"))
    }
}
