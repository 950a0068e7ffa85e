import Foundation
import Testing

@testable import Tasks

/// Sentences with a token a line, and CoNLL-U.
struct CoNLLReaderTests {
    private let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    private func rows(_ text: String, _ name: String, limit: Int? = nil) throws -> RowTable {
        try RowReaders.reader(for: name).read(Array(text.utf8), file: name, limit: limit)
    }

    private func texts(_ row: Row, _ field: String) -> [String]? {
        guard case .list(let items)? = row.values[field] else { return nil }
        return items.map { if case .string(let text) = $0 { text } else { "\($0)" } }
    }

    private func message(_ text: String, _ name: String) -> String {
        scratch.message { _ = try rows(text, name) }
    }

    /// The layout of CoNLL-2003: four columns between spaces, documents, sentences.
    @Test func columnsBetweenSpaces() throws {
        let table = try rows(
            "-DOCSTART- -X- O O\n\nEU NNP B-NP B-ORG\nrejects  VBZ B-VP O\n\n\nPeter NNP B-NP B-PER\n", "f.conll")
        #expect(table.rows.map(\.line) == [3, 7])
        #expect(table.columns == ["tokens", "tags", "1", "2", "3", "4"])
        #expect(texts(table.rows[0], "tokens") == ["EU", "rejects"])
        #expect(texts(table.rows[0], "tags") == ["B-ORG", "O"])
        #expect(texts(table.rows[0], "2") == ["NNP", "VBZ"])
        #expect(texts(table.rows[1], "4") == ["B-PER"])
        #expect(table.skippedLines == 4)
        #expect(try rows("a O\n\nb O\n\nc O\n", "f.conll", limit: 2).rows.count == 2)
    }

    /// Tabs win over spaces, which then belong to the token; a line may end with CRLF; the last line may have no end.
    @Test func columnsBetweenTabs() throws {
        let table = try rows("New York\tB-LOC\r\nis\tO\r\n \t\r\nbig\tO", "f.conll")
        #expect(table.rows.map { texts($0, "tokens") } == [["New York", "is"], ["big"]])
        #expect(texts(table.rows[0], "tags") == ["B-LOC", "O"])
        let bare = try rows("only\nwords\n", "f.conll").rows[0]
        #expect(texts(bare, "tokens") == ["only", "words"] && bare.values["tags"] == nil)
    }

    /// A line that begins with # is a token if it has the columns of one.
    @Test func commentsAndTokensThatLookLikeThem() throws {
        let table = try rows(
            "# source: the web\n#yolo O\n# O\nit O\n\n# id = 7\n#begin document (x)\n# O\n\n#tag O\n", "f.conll")
        #expect(table.rows.map { texts($0, "tokens") } == [["#yolo", "#", "it"], ["#"], ["#tag"]])
        #expect(table.rows.map(\.line) == [2, 8, 10])
        #expect(texts(try rows("#all O\n\n#tags O\n", "f.conll").rows[0], "tokens") == ["#all"])
    }

    @Test func faultsOfColumnsNameTheLine() {
        #expect(
            message("a O\nb\n", "f.conll")
                == "f.conll:2: 1 column where the sentence's first token has 2; separate columns with tabs, and sentences with "
                + "an empty line")
        #expect(message("a\tO\n\n# one two three\nb O\n# x y z\n", "f.conll").hasPrefix("f.conll:5: 4 columns where"))
        let invalid = scratch.message {
            _ = try CoNLLReader.read(Array("a O\n".utf8) + [0xFF, 0x0A], file: "f.conll", limit: nil)
        }
        #expect(invalid.hasPrefix("f.conll:2: not valid UTF-8"))
    }

    private func line(
        _ id: String, _ form: String, _ tag: String = "X", _ head: String = "_", _ label: String = "_"
    ) -> String {
        [id, form, "_", tag, "_", "_", head, label, "_", "_"].joined(separator: "\t") + "\n"
    }

    /// Multiword tokens and empty nodes are no words; a column without content is missing.
    @Test func treebank() throws {
        let table = try rows(
            "# sent_id = 1\n# text = vámonos al mar\n" + line("1-2", "vámonos", "_", "_", "_")
                + line("1", "vamos", "VERB", "0", "root") + line("2", "nos", "PRON", "1", "obj")
                + line("2.1", "x", "X", "_", "_") + line("3", "al mar", "ADV", "1", "advmod:loc") + "\n"
                + line("1", "_", "_", "_", "_"), "f.conllu")
        #expect(table.rows.map(\.line) == [4, 9])
        #expect(texts(table.rows[0], "tokens") == ["vamos", "nos", "al mar"])
        #expect(texts(table.rows[0], "tags") == ["VERB", "PRON", "ADV"])
        #expect(table.rows[0].values["heads"] == .list([.integer(0), .integer(1), .integer(1)]))
        #expect(texts(table.rows[0], "deprels") == ["root", "obj", "advmod:loc"])
        #expect(table.rows[0].values["lemmas"] == nil)
        #expect(table.rows[1].values == ["tokens": .list([.string("_")])])
        #expect(table.skippedLines == 5)
    }

    @Test func faultsOfTreebanksNameTheColumn() {
        #expect(
            message(line("1", "a", "X", "2", "x"), "f.conllu")
                == "f.conllu:1: HEAD is '2'; expected the number of a word from 1 to 1, or 0 for the root")
        #expect(
            message(line("1", "a", "X", "0", "x") + line("2", "a"), "f.conllu").hasPrefix("f.conllu:2: HEAD is '_'"))
        #expect(
            message(line("1", "a") + line("3", "b"), "f.conllu")
                == "f.conllu:2: ID is '3'; expected 2: words are numbered from 1 in each sentence, after an empty line")
        #expect(message(line("1", "a") + line("1", "b"), "f.conllu").hasPrefix("f.conllu:2: ID is '1'; expected 2"))
        #expect(
            message("1 a b c\n", "f.conllu")
                == "f.conllu:1: 1 column between tabs where CoNLL-U has 10; separate the columns with tabs; for other columns, "
                + "name the file .conll")
    }

    /// Brackets around named entities become tags.
    @Test func ontoNotes() throws {
        func line(_ word: String, _ entity: String, _ chain: String = "-") -> String {
            "bc/x 0 1 \(word)  NN (NP* - - - Sam \(entity) (ARG0*) \(chain)\n"
        }
        let start = "#begin document (bc/x); part 000\n"
        let table = try rows(
            start + line("the", "(ORG*", "(12") + line("Red", "*") + line("Cross", "*)", "12)") + line("in", "*")
                + line("Rome", "(GPE)") + "\n" + line("so", "*") + "\n#end document\n", "f.conll2012")
        #expect(table.rows.map(\.line) == [2, 8])
        #expect(texts(table.rows[0], "tokens") == ["the", "Red", "Cross", "in", "Rome"])
        #expect(texts(table.rows[0], "tags") == ["B-ORG", "I-ORG", "I-ORG", "O", "B-GPE"])
        #expect(texts(table.rows[0], "coreference") == ["(12", "-", "12)", "-", "-"])
        #expect(table.rows[1].values["document"] == .string("bc/x 0"))
        let name = "f.conll2012"
        #expect(
            message(start + line("a", "*)"), name)
                == "f.conll2012:2: the named entity is '*)'; expected * outside an entity, or ( before the type where it begins"
        )
        #expect(
            message(line("a", "(X*") + line("b", "(Y)"), name).hasPrefix("f.conll2012:2: the named entity is '(Y)'"))
        #expect(message(line("a", "(X*") + line("b", "*"), name).hasPrefix("f.conll2012:2: the named entity is '*'"))
        #expect(
            message("a b\n", name)
                == "f.conll2012:1: 2 columns where CoNLL-2012 has at least 12; for other columns, set format: conll in a task "
                + "YAML")
    }

    /// `format` reads files of any name, and `fields` chooses columns by number.
    @Test func chosenByTheTask() throws {
        try scratch.write("eng.train", "-DOCSTART- -X- O\n\nEU NNP B-ORG\nsays VBZ O\n")
        try scratch.write(
            "t.yaml",
            "kind: tagging\nformat: conll\ndata: {train: eng.train}\nfields: {tags: 2}\n")
        let definition = try TaskDefinition.load(scratch.url.appendingPathComponent("t.yaml"))
        let data = try TaskData.load(definition)
        #expect(data.labels == ["NNP", "VBZ"])
        #expect(data.train[0].tagged == TaggedTokens(tokens: ["EU", "says"], tags: [0, 1]))
        let again = try TaskDefinition.parse(yaml: definition.yaml, file: definition.source, folder: definition.folder)
        #expect(again.yaml == definition.yaml && again.reading.format == "conll")
        let text = "kind: tagging\nformat: conllx\ndata: {train: eng.train}\n"
        #expect(
            scratch.message { _ = try TaskDefinition.parse(yaml: text, file: "t.yaml", folder: scratch.url) }
                == "t.yaml:2: format is 'conllx'; expected one of jsonl, json, csv, tsv, conll, conllu, conll2012, deb822, txt"
        )
    }

    /// A folder's kind follows from its files: columns are tags, and a treebank is parsed.
    @Test func kindOfAFolder() throws {
        try scratch.write("ner/train.conll", "Ada B-PER\nsleeps O\n")
        try scratch.write("ud/train.conllu", line("1", "a", "X", "0", "root"))
        func kind(_ folder: String) throws -> String {
            try TaskDefinition.load(scratch.url.appendingPathComponent(folder)).kind
        }
        #expect(try kind("ner") == "tagging")
        #expect(try kind("ud") == "dependency-parsing")
    }
}
