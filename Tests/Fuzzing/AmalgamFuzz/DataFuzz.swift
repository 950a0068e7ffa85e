import Foundation

@testable import Corpora
@testable import Tasks

/// JSON lines, and the examples of each kind in them.
enum JSONLFuzz: FuzzedReader {
    static let name = "jsonl"
    static let files = [
        "Files/JSONValue.swift", "Tasks/Readers/JSONLReader.swift", "Tasks/Readers/RowReader.swift",
        "Tasks/Kinds/TaskKind.swift", "Tasks/Kinds/TextClassification.swift",
        "Tasks/Kinds/TextPairClassification.swift",
    ]
    static let tokens = words(
        "{\"text\":\"a\",\"label\":1}\n", "\"text_a\":", "\"text_b\":", "\"label\":", "null", "true", "1.0", "-0",
        "1e400",
        "9223372036854775808", "\\ud800", "\\ud83d\\ude42", "\\u0000", "[", "]", "{", "}", ",", "\r\n", "\n\n",
        "\u{FEFF}")
    static let memory = (constant: 1 << 15, perByte: 64)

    static func read(_ bytes: [UInt8]) throws -> () throws -> Void {
        try rows(JSONLReader.self, bytes)
    }

    static func rows(_ reader: any RowReader.Type, _ bytes: [UInt8]) throws -> () throws -> Void {
        let table = try reader.read(bytes, file: Invariants.file, limit: nil)
        return {
            let lines = 1 + bytes.count(where: { $0 == 0x0A })
            Invariants.require(
                table.rows.allSatisfy { (1...lines).contains($0.line) }
                    && zip(table.rows, table.rows.dropFirst()).allSatisfy { $0.line < $1.line }, "lines out of order")
            let index = LabelIndex(["1", "good"], source: .definition(file: Invariants.file))
            for row in table.rows {
                let view = FieldRow(file: Invariants.file, row: row, columns: [:])
                for kind in TaskKinds.builtIn {
                    do {
                        _ = try kind.labels(in: view)
                        _ = try kind.example(from: view, id: 0, labels: index, needsTarget: row.line % 2 == 0)
                    } catch {
                        Invariants.require(!"\(error)".contains(where: \.isNewline), "a message of several lines")
                    }
                }
            }
        }
    }
}

/// CSV, or TSV where the first byte is a tab.
enum DelimitedFuzz: FuzzedReader {
    static let name = "delimited"
    static let files = ["Tasks/Readers/DelimitedReader.swift", "Tasks/Readers/RowReader.swift"]
    static let tokens = words(
        "text,label\n", "\ttext\tlabel\n", "\"", "\"\"", ",", "\t", "\r\n", "\r", "\n\n", "\u{FEFF}", "\u{301}",
        "\u{2028}", "\u{85}", "\u{E022}", "\" ", "\u{0}")
    static let memory = (constant: 1 << 15, perByte: 128)

    static func read(_ bytes: [UInt8]) throws -> () throws -> Void {
        let isTab = bytes.first == 0x09
        let reader: any RowReader.Type = isTab ? TSVReader.self : CSVReader.self
        return try JSONLFuzz.rows(reader, isTab ? Array(bytes.dropFirst()) : bytes)
    }
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
