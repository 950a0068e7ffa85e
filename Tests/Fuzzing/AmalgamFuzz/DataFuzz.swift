import Foundation

@testable import Corpora
@testable import Files
@testable import Tasks

/// JSON lines, and the examples of each kind in them.
enum JSONLFuzz: FuzzedReader {
    static let name = "jsonl"
    static let files = [
        "Files/JSONValue.swift", "Tasks/Readers/JSONLReader.swift", "Tasks/Readers/JSONRow.swift",
        "Tasks/Readers/RowReader.swift", "Tasks/Kinds/TaskKind.swift", "Tasks/Kinds/TextClassification.swift",
        "Tasks/Kinds/TextPairClassification.swift", "Tasks/Kinds/Tagging.swift", "Tasks/Kinds/Regression.swift",
        "Tasks/Kinds/DependencyParsing.swift",
        "Tasks/Kinds/QuestionAnswering.swift", "Tasks/Kinds/Coreference.swift",
        "Tasks/LabelIndex.swift",
    ]
    static let tokens = words(
        "{\"text\":\"a\",\"label\":1}\n", "\"text_a\":", "\"text_b\":", "\"label\":", "\"tokens\":[\"a\",\"b\"]",
        "\"tags\":[1,\"good\"]", "\"heads\":[2,0]", "\"deprels\":[\"good\",1]",
        "\"context\":\"a b\",\"question\":\"q\",\"answers\":[{\"text\":\"b\",\"start\":2}]", "\"score\":",
        "\"sentences\":[[\"a\"],[\"b\"]]", "\"clusters\":[[[0,0],[1,1]]]", "[0,1]",
        "\"[1.5,null]\"", "null", "true", "1.0", "-0",
        "1e400",
        "9223372036854775808", "\\ud800", "\\ud83d\\ude42", "\\u0000", "[", "]", "{", "}", ",", "\r\n", "\n\n",
        "\u{FEFF}")
    static let memory = (constant: 1 << 15, perByte: 64)

    static func read(_ bytes: [UInt8]) throws -> () throws -> Void {
        try rows(JSONLReader.self, bytes)
    }

    /// What heads and metrics rely on.
    private static func check(_ example: Example, labels: Int) {
        if let tagged = example.tagged, let tags = tagged.tags {
            Invariants.require(tags.count == tagged.tokens.count, "tags and words differ in number")
            Invariants.require(tags.allSatisfy { (-1..<labels).contains($0) }, "a tag outside the labels")
            Invariants.require(
                tags.indices.allSatisfy { (tags[$0] < 0) == (tagged.unknown[$0] != nil) }, "an unknown tag without name"
            )
        }
        if let parsed = example.parsed, let heads = parsed.heads, let own = parsed.labels {
            let words = parsed.tokens.count
            Invariants.require(heads.count == words && own.count == words, "arcs and words differ in number")
            Invariants.require(
                heads.indices.allSatisfy { (0...words).contains(heads[$0]) && heads[$0] != $0 + 1 },
                "a head outside the sentence")
            Invariants.require(
                own.indices.allSatisfy {
                    (-1..<labels).contains(own[$0]) && (own[$0] < 0) == (parsed.unknown[$0] != nil)
                },
                "an unknown label without name")
            _ = parsed.doubt
        }
        if let set = example.labelSet {
            let known = set.labels ?? []
            Invariants.require(
                known.allSatisfy { (0..<labels).contains($0) } && zip(known, known.dropFirst()).allSatisfy(<),
                "a label outside the labels, or twice")
        }
        if let choices = example.choices {
            Invariants.require(
                choices.choices.count >= 2 && choices.answer.map { choices.choices.indices.contains($0) } ?? true,
                "an answer outside the choices")
        }
        if let document = example.clustered {
            let sentences = document.sentenceOfWord
            Invariants.require(sentences.count == document.tokens.count, "sentences of other words")
            let mentions = (document.clusters ?? []).joined()
            Invariants.require(
                mentions.allSatisfy {
                    0 <= $0.first && $0.first <= $0.last && $0.last < sentences.count
                        && sentences[$0.first] == sentences[$0.last]
                } && Set(mentions).count == mentions.count, "a mention outside its sentence, or twice")
        }
        if let numbers = example.numbers {
            Invariants.require(
                !numbers.values.isEmpty && numbers.values.allSatisfy { $0.map { Float($0).isFinite } ?? true },
                "numbers that are not finite")
        }
        for span in example.answerSpans?.spans ?? [] {
            let context = Array((example.pair ?? "").unicodeScalars)
            Invariants.require(
                span.range.upperBound <= context.count
                    && Array(span.text.unicodeScalars) == Array(context[span.range]) && !span.text.isEmpty,
                "an answer that is not in its context")
        }
    }

    static func rows(
        _ reader: any RowReader.Type, _ bytes: [UInt8], _ options: ReadingOptions = ReadingOptions()
    ) throws -> () throws -> Void {
        let table = try reader.read(bytes, file: Invariants.file, limit: nil, options: options)
        return {
            let lines = 1 + bytes.count(where: { $0 == 0x0A || $0 == 0x0D })
            let isArray = table.rows.first?.element != nil
            Invariants.require(
                table.rows.allSatisfy { (1...lines).contains($0.line) }
                    && zip(table.rows, table.rows.dropFirst()).allSatisfy {
                        isArray ? $0.line <= $1.line : $0.line < $1.line
                    }, "lines out of order")
            Invariants.require(table.cellsOverLines.allSatisfy { (1...lines).contains($0) }, "cells outside the file")
            for source in [LabelSource.definition(file: Invariants.file), .bundle(file: Invariants.file)] {
                var index = LabelIndex(["1", "good"], source: source, renamed: ["7": "good"])
                index.countsUnknown = source == .bundle(file: Invariants.file)
                for row in table.rows {
                    let view = FieldRow(file: Invariants.file, row: row, columns: [:])
                    for kind in TaskKinds.builtIn {
                        do {
                            _ = try kind.labels(in: view)
                            let example = try kind.example(
                                from: view, id: 0, labels: index, needsTarget: row.line % 2 == 0)
                            check(example, labels: index.names.count)
                        } catch {
                            Invariants.require(!"\(error)".contains(where: \.isNewline), "a message of several lines")
                        }
                    }
                }
            }
        }
    }
}

/// JSON as one value, or JSON Lines under its name.
enum JSONArrayFuzz: FuzzedReader {
    static let name = "json"
    static let files = [
        "Files/JSONValue.swift", "Tasks/Readers/JSONArrayReader.swift", "Tasks/Readers/JSONElements.swift",
        "Tasks/Readers/JSONRow.swift", "Tasks/Readers/SQuADArticles.swift",
    ]
    static let tokens =
        JSONLFuzz.tokens
        + words(
            "{\"paragraphs\":[{\"context\":\"a b\",\"qas\":[", "{\"question\":\"q\",\"answers\":[]},",
            "{\"text\":\"b\",\"answer_start\":2}", "\"is_impossible\":true", "[{\"text\":\"a\",\"label\":1},",
            "{\"data\":[", "]}", "\"]\"", "\\\"", "{}\n{}")
    static let memory = (constant: 1 << 15, perByte: 64)

    static func read(_ bytes: [UInt8]) throws -> () throws -> Void {
        let verify = try JSONLFuzz.rows(JSONArrayReader.self, bytes)
        return {
            try verify()
            // An array by itself is valid JSON for the strict reader too, with as many elements.
            let table = try JSONArrayReader.read(bytes, file: Invariants.file, limit: nil)
            guard bytes.first == UInt8(ascii: "[") else { return }
            guard case .array(let elements)? = try? JSONReader.read(bytes) else {
                Invariants.fail("an array that the strict reader refuses")
            }
            // An article has a row for each question
            let isSQuAD = SQuADArticles.isArticle(bytes.dropFirst().drop { " \t\r\n".utf8.contains($0) }, file: "")
            Invariants.require(
                isSQuAD || elements.count == table.rows.count, "\(table.rows.count) rows of \(elements.count)")
        }
    }
}

/// A compressed file.
enum GzipFuzz: FuzzedReader {
    static let name = "gzip"
    static let files = ["Files/Gzip.swift", "Tasks/Readers/DataBytes.swift", "Tasks/Readers/FileContent.swift"]
    static let tokens: [[UInt8]] = [
        [0x1F, 0x8B, 8], [0, 0, 0, 0], [0xFF, 0xFF], [4], [8], [16], [2], Array("PK\u{3}\u{4}".utf8),
        Array("<html>".utf8),
    ]
    /// Of what comes out; the buffer grows by doubling.
    private static let limit = 1 << 20
    static let memory = (constant: 1 << 22, perByte: 64)

    static func read(_ bytes: [UInt8]) throws -> () throws -> Void {
        let content = try DataBytes(bytes, file: Invariants.file + ".csv.gz", limit: limit)
        return { Invariants.require(content.text.count <= 2 * limit, "\(content.text.count) bytes") }
    }

    static func madeSeeds() throws -> [(name: String, bytes: [UInt8])] {
        [
            (
                "stored.gz",
                [31, 139, 8, 0, 0, 0, 0, 0, 0, 255, 1, 2, 0, 253, 255, 97, 10, 7, 161, 234, 221, 2, 0, 0, 0]
            )
        ]
    }
}

/// Text in another encoding, which the first byte chooses.
enum EncodingFuzz: FuzzedReader {
    static let name = "encoding"
    static let files = ["Tasks/Readers/TextEncoding.swift", "Tasks/Readers/DataBytes.swift"]
    static let tokens: [[UInt8]] = [
        [0xFF, 0xFE], [0xFE, 0xFF], [0, 0xD8], [0xD8, 0], [0, 0xDC], [0xDC, 0], [0x0A, 0], [0, 0x0A], [0x81], [0x80],
    ]
    static let memory = (constant: 1 << 15, perByte: 64)

    static func read(_ bytes: [UInt8]) throws -> () throws -> Void {
        let encodings = TextEncoding.allCases
        let encoding = encodings[Int(bytes.first ?? 0) % encodings.count]
        let content = try DataBytes(Array(bytes.dropFirst()), file: Invariants.file, encoding: encoding)
        return {
            Invariants.require(encoding == .utf8 || validText(content.text) != nil, "text that is not UTF-8")
        }
    }
}

/// CSV, or TSV where the first byte is a tab; a control character there sets options.
enum DelimitedFuzz: FuzzedReader {
    static let name = "delimited"
    static let files = [
        "Tasks/Readers/DelimitedReader.swift", "Tasks/Readers/RowReader.swift", "Tasks/Readers/ReadingOptions.swift",
    ]
    static let tokens = words(
        "text,label\n", "\ttext\tlabel\n", "\u{1}text,label\n", "\u{2}a,1\n", "\u{4}text;label\n", "\"", "\"\"", ",",
        "\t", ";", "\r\n", "\r", "\n\n", "\u{FEFF}", "\u{301}", "\u{2028}", "\u{85}", "\u{E022}", "\" ", "\u{0}")
    static let memory = (constant: 1 << 15, perByte: 128)

    static func read(_ bytes: [UInt8]) throws -> () throws -> Void {
        guard let first = bytes.first, first < 9 || first == 0x09 else {
            return try JSONLFuzz.rows(CSVReader.self, bytes)
        }
        let rest = Array(bytes.dropFirst())
        if first == 0x09 { return try JSONLFuzz.rows(TSVReader.self, rest) }
        var options = ReadingOptions()
        if first & 1 != 0 { options.quoting = .none }
        if first & 2 != 0 { options.header = first & 4 != 0 ? .names(["text", "label"]) : .numbers }
        if first & 4 != 0 { options.delimiter = UInt8(ascii: ";") }
        return try JSONLFuzz.rows(CSVReader.self, rest, options)
    }
}

/// Sentences with a token a line.
enum CoNLLFuzz: FuzzedReader {
    static let name = "conll"
    static let files = ["Tasks/Readers/CoNLLReader.swift", "Tasks/Readers/SentenceLines.swift"]
    static let tokens = words(
        "-DOCSTART- O\n\n", "Ada B-PER\n", "in\tO\n", "# a = b\n", "# O\n", "#begin document (x)\n", " = ", "\t", " ",
        "\n\n",
        "\r\n", "\r", "\u{FEFF}", "\u{301}", "\u{2028}", "\u{0}")
    static let memory = (constant: 1 << 15, perByte: 256)

    static func read(_ bytes: [UInt8]) throws -> () throws -> Void { try JSONLFuzz.rows(CoNLLReader.self, bytes) }
}

/// Dependency trees.
enum CoNLLUFuzz: FuzzedReader {
    static let name = "conllu"
    static let files = [
        "Tasks/Readers/CoNLLUReader.swift", "Tasks/Readers/SentenceLines.swift", "Tasks/Kinds/DependencyParsing.swift",
    ]
    static let tokens = words(
        "1\ta\t_\tX\t_\t_\t0\t1\t_\t_\n", "2\tb\t_\tX\t_\t_\t1\tgood\t_\t_\n", "1-2\tab", "1.1\tc", "\t_", "\t", "\n\n",
        "# x\n",
        "-1", "9223372036854775808", "1-", ".1", "\r\n", "\u{301}", "\u{0}")
    static let memory = (constant: 1 << 15, perByte: 256)

    static func read(_ bytes: [UInt8]) throws -> () throws -> Void { try JSONLFuzz.rows(CoNLLUReader.self, bytes) }
}

/// OntoNotes' columns.
enum CoNLL2012Fuzz: FuzzedReader {
    static let name = "conll2012"
    static let files = [
        "Tasks/Readers/CoNLL2012Reader.swift", "Tasks/Readers/CoNLL2012Document.swift",
        "Tasks/Readers/SentenceLines.swift",
    ]
    static let tokens = words(
        "#begin document (a); part 0\n", "#end document\n", "a 0 0 x NN * - - - - * -\n", " (ORG* ", " *) ", " (GPE) ",
        " (1|(2 ", " 2)|1) ", " (1)|(2) ",
        " * ", "(",
        ")", "\n\n", "\t", "\r\n", "\u{301}", "\u{0}")
    static let memory = (constant: 1 << 15, perByte: 256)

    /// Sentences, and documents where the brackets of coreference are right.
    static func read(_ bytes: [UInt8]) throws -> () throws -> Void {
        var options = ReadingOptions()
        options.rowsAreDocuments = true
        let sentences = try? JSONLFuzz.rows(CoNLL2012Reader.self, bytes)
        let documents = try JSONLFuzz.rows(CoNLL2012Reader.self, bytes, options)
        return {
            try sentences?()
            try documents()
        }
    }
}

/// Paragraphs of fields.
enum Deb822Fuzz: FuzzedReader {
    static let name = "deb822"
    static let files = ["Tasks/Readers/Deb822Reader.swift", "Tasks/Readers/SentenceLines.swift"]
    static let tokens = words(
        "text: a\n", "Label: 1\n", "label:", " b\n", "\t.\n", " .\n", "# x\n", ":", "-", "#", "\n\n", "\r\n", "\r",
        "\u{FEFF}",
        "\u{301}", "\u{2028}", "\u{0}")
    static let memory = (constant: 1 << 15, perByte: 256)

    static func read(_ bytes: [UInt8]) throws -> () throws -> Void { try JSONLFuzz.rows(Deb822Reader.self, bytes) }
}

/// A text in each line.
enum TextLinesFuzz: FuzzedReader {
    static let name = "text_lines"
    static let files = ["Tasks/Readers/TextLinesReader.swift", "Tasks/Readers/SentenceLines.swift"]
    static let tokens = words("a b\n", "\n", "\r\n", "\r", "\t", " ", "\u{FEFF}", "\u{301}", "\u{2028}", "\u{0}")
    static let memory = (constant: 1 << 15, perByte: 256)

    static func read(_ bytes: [UInt8]) throws -> () throws -> Void { try JSONLFuzz.rows(TextLinesReader.self, bytes) }
}

/// Packages and, behind a NUL, Translation-de.
enum PackagesFuzz: FuzzedReader {
    static let name = "packages"
    static let files = [
        "Corpora/ControlReader.swift", "Corpora/PackageIndex.swift", "Corpora/DescriptionText.swift",
        "Corpora/DebianTask.swift",
    ]
    static let tokens = words(
        "Package: a\n", "Source: b (1)\n", "Section: games\n", "Tag: role::program, use::{viewing, TODO,\n editing}\n",
        "Description: x\n y\n .\n  z\n", "Description-md5: 00112233445566778899aabbccddeeff\n",
        "Description-de: x\n y\n",
        "\n\n", "\u{0}", "\t", " .\n", "::", "{", "}", ",", ":", "日本\n 語")
    static let memory = (constant: 1 << 15, perByte: 64)

    static func read(_ bytes: [UInt8]) throws -> () throws -> Void {
        let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false).map { Data($0) }
        let index = try PackageIndex(lists: [LoadedList(path: Invariants.file, data: parts[0])])
        let german = parts.count > 1 ? [LoadedList(path: Invariants.file, data: parts[1])] : []
        let texts = try index.texts(language: "de", translations: german)
        let english = try index.texts(language: "en", translations: [])
        return {
            Invariants.require(
                texts.count == index.packages.count && english.count == texts.count, "texts beside no package")
        }
    }
}
