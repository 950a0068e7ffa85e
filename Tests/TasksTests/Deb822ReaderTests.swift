import Testing

@testable import Tasks

/// Paragraphs of fields, as in Debian's control files.
struct Deb822ReaderTests {
    private let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    private func rows(_ text: String, limit: Int? = nil) throws -> RowTable {
        try Deb822Reader.read(Array(text.utf8), file: "Packages", limit: limit)
    }

    private func message(_ text: String) -> String { scratch.message { _ = try rows(text) } }

    /// Continuation lines lose their first character, and a dot alone is an empty line.
    @Test func paragraphs() throws {
        let table = try rows(
            "Package: chess\nDescription: a game\n Play it.\n .\n   indented  \nTag: role::program\n\n\n"
                + "Package: lib\nDepends:\n a,\n\tb\nTag:\n")
        #expect(table.rows.map(\.line) == [1, 9])
        #expect(table.columns == ["Package", "Description", "Tag", "Depends"])
        #expect(
            table.rows[0].values == [
                "Package": .string("chess"), "Description": .string("a game\nPlay it.\n\n  indented"),
                "Tag": .string("role::program"),
            ])
        #expect(
            table.rows[1].values == ["Package": .string("lib"), "Depends": .string("a,\nb"), "Tag": .string("")])
        #expect(table.skippedLines == 2)
        #expect(try rows("a: 1\n\na: 2\n\na: 3\n", limit: 2).rows.count == 2)
    }

    /// CRLF, a byte order mark, comments between the lines of a value, blank lines with spaces, no end of the last line.
    @Test func whatFilesHave() throws {
        let table = try rows("\u{FEFF}# list\r\nText: x\r\n# why\r\n y:z\r\n \t\r\n# end\r\ntext:u\u{301}: \t v\r\n w")
        #expect(table.rows.map { $0.values["Text"] } == [.string("x\ny:z"), .string("u\u{301}: \t v\nw")])
        #expect(table.rows.map(\.line) == [2, 7] && table.columns == ["Text"] && table.skippedLines == 4)
        #expect(try rows("# nothing\n\n").rows.isEmpty)
        #expect(try rows("a: 1\r\ra: 2").rows.count == 2)
    }

    @Test func faultsNameLineAndField() {
        #expect(
            message("a: 1\nb\n")
                == "Packages:2: no colon in 'b'; expected 'Field: value', or white space at the start of a line that continues "
                + "a value")
        #expect(
            message("a: 1\nB: 2\n\na: 3\nb: 4\nA: 5\n")
                == "Packages:6: field 'a' appears twice in a paragraph, first in line 4; remove one of them, or put an empty "
                + "line between the paragraphs")
        #expect(
            message("a: 1\n\n b\n")
                == "Packages:3: a continuation line without a field before it; begin the paragraph with 'Field: value', or "
                + "remove the white space at the line's start")
        let expected =
            " before the colon is not a field's name; expected a name in ASCII without spaces, or white space at "
        #expect(message("two words: 1\n").hasPrefix("Packages:1: 'two words'" + expected))
        #expect(message(": 1\n").hasPrefix("Packages:1: ''" + expected))
        #expect(message("-a: 1\n").hasPrefix("Packages:1: '-a'" + expected))
        #expect(message("é: 1\n").hasPrefix("Packages:1: 'é'" + expected))
        let invalid = scratch.message {
            _ = try Deb822Reader.read(Array("a: 1\n b".utf8) + [0xFF], file: "Packages", limit: nil)
        }
        #expect(invalid.hasPrefix("Packages:2: not valid UTF-8"))
    }

    /// `format` reads a list of any name; a folder's files tell by their extension.
    @Test func asATask() throws {
        let list =
            "Package: a\nSection: games\nDescription: chess\n for two\n\nPackage: b\nSection: libs\nDescription: x\n"
        try scratch.write("Packages", list + "\nPackage: c\nDescription: no section\n")
        try scratch.write(
            "t.yaml",
            "kind: text-classification\nformat: deb822\ndata: {train: Packages}\nfields: {text: Description, label: Section}\n"
        )
        let data = try TaskData.load(TaskDefinition.load(scratch.url.appendingPathComponent("t.yaml")))
        #expect(data.labels == ["games", "libs"])
        #expect(data.train.map(\.text) == ["chess\nfor two", "x"] && data.skipped[.train]?.map(\.line) == [10])
        try scratch.write("folder/train.deb822", "text: a\nlabel: x\n\ntext: b\nlabel: y\n")
        let folder = try TaskDefinition.load(scratch.url.appendingPathComponent("folder"))
        #expect(folder.kind == "text-classification")
    }
}
