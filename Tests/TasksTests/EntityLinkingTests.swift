import Foundation
import Testing

@testable import Tasks

struct EntityLinkingTests {
    private let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    @Test func readsMentionsWithCandidates() throws {
        let data = try scratch.load(
            """
            {"text": "😀 Paris is big.", "start": 2, "end": 7, "candidates": [{"id": "Q90", "name": "Paris", "description": "capital"}, {"id": "Q1", "description": "a prince"}], "entity": "Q90"}
            {"text": "He saw Paris.", "mention": "Paris", "candidates": ["Paris, the city", "Paris, a prince"], "entity": "Paris, a prince"}
            """)
        #expect(data.definition.kind == "entity-linking" && data.definition.metric == "accuracy_at_1")
        let mentions = data.train.compactMap(\.retrieval)
        #expect(mentions.map(\.query) == ["Paris", "Paris"])
        #expect(mentions.map(\.context) == ["😀 Paris is big.", "He saw Paris."])
        #expect(data.train.map(\.text) == ["😀 [Paris] is big.", "He saw [Paris]."])
        #expect(mentions[0].relevant == ["Paris: capital"] && mentions[0].irrelevant == ["a prince"])
        // All candidates are in one collection; each mention ranks its own
        #expect(mentions[0].collection?.ids == ["Q90", "Q1", "Paris, the city", "Paris, a prince"])
        #expect(mentions.map(\.among) == [[0, 1], [2, 3]] && mentions.map(\.gold) == [[0: 1], [3: 1]])
    }

    /// Without candidates, all entities of the task's file are.
    @Test func readsMentionsOfAllEntities() throws {
        try scratch.write("d/corpus.tsv", "id\ttext\nQ90\tcapital of France\nQ1\tprince of Troy\n")
        let data = try scratch.load("{\"text\": \"He saw Paris.\", \"mention\": \"Paris\", \"entity\": \"Q1\"}")
        let mention = try #require(data.train[0].retrieval)
        #expect(mention.among == nil && mention.gold == [1: 1] && mention.relevant == ["prince of Troy"])
    }

    /// Two entities of one description share a text, and a candidate may have one name in two rows.
    @Test func namesThatRepeat() throws {
        let data = try scratch.load(
            """
            {"text": "a b", "mention": "a", "candidates": [{"id": "1", "description": "x"}, {"id": "2", "description": "y"}], "entity": "2"}
            {"text": "a b", "mention": "b", "candidates": [{"id": "1", "description": "z"}, {"id": "2", "description": "x"}], "entity": "1"}
            """)
        let mentions = data.train.compactMap(\.retrieval)
        #expect(mentions[0].collection?.texts == ["x", "y", "z"])
        #expect(mentions.map(\.among) == [[0, 1], [2, 0]] && mentions.map(\.gold) == [[1: 1], [2: 1]])
    }

    @Test func errorsNameTheField() {
        func message(_ row: String) -> String { scratch.message { _ = try scratch.load(row) } }
        let candidates = "\"candidates\": [\"x\", \"y\"]"
        #expect(
            message("{\"text\": \"a b a\", \"mention\": \"a\", \(candidates), \"entity\": \"x\"}").contains(
                "'mention' is 'a', which the text has 2 times; expected start and end"))
        #expect(
            message("{\"text\": \"a b\", \"mention\": \"c\", \(candidates), \"entity\": \"x\"}").contains(
                "'mention' is 'c', which the text does not have; expected a part of the text"))
        for (start, end) in [(0, 9), (2, 2), (-1, 1)] {
            #expect(
                message("{\"text\": \"a b\", \"start\": \(start), \"end\": \(end), \(candidates), \"entity\": \"x\"}")
                    .contains(
                        "'start' is \(start), with the end \(end); expected a part of the text, which has 3 code points"
                    ))
        }
        #expect(
            message("{\"text\": \"a\", \"mention\": \"a\", \(candidates), \"entity\": \"z\"}").contains(
                "'entity' is 'z'; expected the name of one of the row's candidates"))
        #expect(
            message("{\"text\": \"a\", \"mention\": \"a\", \"candidates\": [\"x\"], \"entity\": \"x\"}").contains(
                "'candidates' is a list of 1 candidate; expected two"))
        #expect(
            message("{\"text\": \"a\", \"mention\": \"a\", \"candidates\": [\"x\", \"x\"], \"entity\": \"x\"}")
                .contains(
                    "'candidates' is a list with 'x' twice"))
        #expect(
            message("{\"text\": \"a\", \"mention\": \"a\", \"entity\": \"x\"}").contains(
                "'entity' is set, but there are no candidates; expected candidates in the row, or a file"))
    }
}
