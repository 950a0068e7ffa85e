import Foundation
import Testing

@testable import Tasks

/// Readers meet files of strangers: rows or a `TaskError` with a line inside the file, never a trap.
struct ReaderFuzzTests {
    private static let samples: [(any RowReader.Type, String)] = [
        (
            JSONLReader.self,
            "\u{FEFF}" + #"{"text": "Gr\u00f6ße \"x\" \ud83d\ude42", "label": -1.5e3}"# + "\r\n\n"
                + #"{"text": null, "label": [1, true, "a", null], "o": {"p": [[]]}}"# + "\n"
        ),
        (
            JSONArrayReader.self,
            "\u{FEFF} {\"version\": [\"]\", {}], \"data\":\n [{\"text\": \"a\\\"]\", \"label\": 1.0},\r\n {\"text\": \"}\"}]}\n"
        ),
        (JSONArrayReader.self, "[{\"text\": \"a\", \"label\": [1, {\"b\": null}]}, {}\n]"),
        (
            JSONArrayReader.self,
            "{\"data\": [{\"title\": \"t\",\n\"paragraphs\": [{\"context\": \"a b\", \"qas\": [{\"id\": \"1\", \"question\": \"q\",\n"
                + "\"answers\": [{\"text\": \"b\", \"answer_start\": 2}], \"is_impossible\": false}]}]}]}"
        ),
        (CSVReader.self, "text,label\r\"a\nb\",1\rc,2\r"),
        (CSVReader.self, "\u{FEFF}text,label\r\n\"a, \"\"b\"\"\nc\" ,1\n\nd\"e,\"\"\n ü\u{2028}\u{301},\u{301}x\n"),
        (CoNLLReader.self, "-DOCSTART- O\r\n\r\n# id = 1\r\nAda NNP B-PER\r\n# : O\n\nin IN O"),
        (
            CoNLLUReader.self,
            "# x = y\n1-2\tim\t_\t_\t_\t_\t_\t_\t_\t_\n1\tin\t_\tADP\t_\t_\t2\tcase\t_\t_\n"
                + "2\tdem\t_\tDET\t_\t_\t0\troot\t_\t_\n2.1\tx\t_\tX\t_\t_\t_\t_\t0:y\t_\n\n1\t_\t_\t_\t_\t_\t_\t_\t_\t_"
        ),
        (
            CoNLL2012Reader.self,
            "#begin document (a/b); part 000\na/b 0 0 The DT * - - - - (ORG* (0\na/b 0 1 Hut NN * - - - - *) 0)\n\n"
                + "a/b 0 0 x NN * - - - - (GPE) -\n#end document\n"
        ),
        (
            Deb822Reader.self,
            "\u{FEFF}# list\r\nText: a: b\r\n .\r\n# why\r\n  c\r\nlabel:1\r\n \t\r\nLABEL:\n 2\ntext: \u{301}d\n\ttab"
        ),
        (TSVReader.self, "text\tlabel\n\"a\t\"\"b\"\"\nc\"\t1\n\nd\"e\t\"\"\n\u{301}🙂\t\u{0B}x\n"),
    ]

    private func check(_ reader: any RowReader.Type, _ bytes: [UInt8], _ note: @autoclosure () -> String) {
        let lines = 1 + bytes.count(where: { $0 == 0x0A || $0 == 0x0D })
        for rowsAreDocuments in reader == CoNLL2012Reader.self ? [false, true] : [false] {
            var options = ReadingOptions()
            options.rowsAreDocuments = rowsAreDocuments
            check(reader, bytes, options, note(), lines: lines)
        }
    }

    private func check(
        _ reader: any RowReader.Type, _ bytes: [UInt8], _ options: ReadingOptions, _ note: @autoclosure () -> String,
        lines: Int
    ) {
        do {
            let table = try reader.read(bytes, file: "f", limit: nil, options: options)
            let numbers = table.rows.map(\.line)
            let isArray = table.rows.first?.element != nil
            let ascend = zip(numbers, numbers.dropFirst()).allSatisfy { isArray ? $0 <= $1 : $0 < $1 }
            let isInside = numbers.allSatisfy { (1...lines).contains($0) }
            if !ascend || !isInside || (!isArray && table.rows.count + table.skippedLines > lines) {
                Issue.record("\(reader.fileExtension) \(note()): lines \(numbers)")
            }
        } catch .malformed(_, let line, _, _), .notUTF8(_, let line) {
            if !(1...lines).contains(line) { Issue.record("\(reader.fileExtension) \(note()): error in line \(line)") }
        } catch .otherContent {
        } catch {
            Issue.record("\(reader.fileExtension) \(note()): \(error)")
        }
    }

    @Test func everyTruncation() {
        for (reader, text) in Self.samples {
            let bytes = Array(text.utf8)
            for count in 0...bytes.count { check(reader, Array(bytes.prefix(count)), "first \(count)") }
        }
    }

    @Test func changedBytes() {
        let spice: [UInt8] = [0, 0x22, 0x2C, 0x09, 0x0A, 0x0D, 0x5C, 0x5B, 0x7B, 0x80, 0xC3, 0xCC, 0xED, 0xF4, 0xFF]
        for seed in UInt64(1)...3000 {
            var dice = Dice(seed)
            for (reader, text) in Self.samples {
                var bytes = Array(text.utf8)
                for _ in 0...Int.random(in: 0..<4, using: &dice) {
                    let place = Int.random(in: 0..<bytes.count, using: &dice)
                    switch dice.next() % 3 {
                    case 0: bytes[place] = spice.randomElement(using: &dice) ?? 0
                    case 1: bytes.insert(spice.randomElement(using: &dice) ?? 0, at: place)
                    default: bytes.remove(at: place)
                    }
                }
                check(reader, bytes, "seed \(seed)")
            }
        }
    }

    @Test func randomBytes() {
        let alphabet = Array("\",\t\n\r{}[]:ax1 \\u0\u{301}".utf8) + [0, 0xFF, 0xE2, 0x80, 0xA8]
        for seed in UInt64(1)...3000 {
            var dice = Dice(seed)
            let bytes = (0..<Int.random(in: 0..<60, using: &dice)).map { _ in
                seed % 2 == 0 ? UInt8.random(in: 0...255, using: &dice) : alphabet.randomElement(using: &dice) ?? 0
            }
            for (reader, _) in Self.samples { check(reader, bytes, "seed \(seed)") }
        }
    }

    @Test func hugeAndDeepLines() {
        let long = [UInt8](repeating: UInt8(ascii: "x"), count: 4 << 20)
        let deep = [UInt8](repeating: UInt8(ascii: "["), count: 1 << 20)
        let objects = [UInt8](String(repeating: "{\"a\":", count: 200_000).utf8)
        let digits = [UInt8](repeating: UInt8(ascii: "9"), count: 1 << 16)
        for (reader, _) in Self.samples {
            for bytes in [long, deep, objects, digits, [UInt8](repeating: 0, count: 1 << 16)] {
                check(reader, bytes, "large")
                check(reader, Array("{\"text\":".utf8) + bytes + Array("}".utf8), "large value")
            }
        }
        let text = String(repeating: "y", count: 1 << 20)
        let table = try? JSONLReader.read(Array("{\"text\": \"\(text)\"}".utf8), file: "f", limit: nil)
        #expect(table?.rows.first?.values["text"] == .string(text))
    }

    @Test func sixtyFourLevelsAreReadOnASmallStack() {
        let nested = String(repeating: "[", count: 60) + String(repeating: "]", count: 60)
        let table = try? JSONLReader.read(Array("{\"a\": \(nested)}".utf8), file: "f", limit: nil)
        #expect(table?.rows.first?.values["a"] == .other)
    }

    @Test func numbersBeyondIntegersStayNumbers() throws {
        let line = #"{"a": 9223372036854775807, "b": 9223372036854775808, "c": 1.0, "d": 1.5, "e": true}"#
        let values = try JSONLReader.read(Array(line.utf8), file: "f", limit: nil).rows[0].values
        #expect(values["a"] == .integer(.max))
        #expect(values["b"] == .number(9223372036854775808))
        #expect(values["c"] == .integer(1))
        #expect(values["d"] == .number(1.5))
        #expect(values["e"] == .boolean(true))
    }

    /// Cells come back byte for byte, whatever they hold: combining marks behind quotes and delimiters, every kind of
    /// line separator, NUL.
    @Test func writtenCellsReadBack() throws {
        let pieces = [
            "\"", ",", "\t", "\n", "\r\n", "\r", "\u{301}", "\u{2028}", "\u{85}", "\u{0B}", "\u{0}", " ", "a", "Z", "9",
            "é", "日", "🙂", "\u{200D}", "\u{E022}", "\u{FEFF}", "\u{FE0F}", "",
        ]
        for seed in UInt64(1)...500 {
            var dice = Dice(seed)
            let isTab = dice.next() % 2 == 0
            let (separator, reader): (String, any RowReader.Type) =
                isTab ? ("\t", TSVReader.self) : (",", CSVReader.self)
            let rows = (0..<4).map { _ in
                (0..<3).map { _ in
                    (0..<Int.random(in: 0..<6, using: &dice)).map { _ in pieces.randomElement(using: &dice) ?? "" }
                        .joined()
                }
            }
            func cell(_ text: String) -> String {
                let needsQuotes = text.unicodeScalars.contains { "\"\n\r,\t".unicodeScalars.contains($0) }
                if !needsQuotes && dice.next() % 2 == 0 { return text }
                let doubled = String.UnicodeScalarView(text.unicodeScalars.flatMap { $0 == "\"" ? [$0, $0] : [$0] })
                return "\"" + String(doubled) + "\""
            }
            // Built from bytes: joined strings could melt characters together.
            var bytes = Array("a\(separator)b\(separator)c\n".utf8)
            for row in rows { bytes += Array(row.map(cell).joined(separator: separator).utf8) + [0x0A] }
            let table = try reader.read(bytes, file: "f", limit: nil)
            let read = table.rows.map { row in ["a", "b", "c"].map { row.values[$0] ?? .null } }
            let same =
                read.count == rows.count
                && zip(read, rows).allSatisfy { zip($0, $1).allSatisfy { isBytewise($0, $1) } }
            #expect(same, "seed \(seed): \(read) from \(rows)")
        }
    }

    private func isBytewise(_ value: FieldValue, _ text: String) -> Bool {
        guard case .string(let found) = value else { return false }
        return found.utf8.elementsEqual(text.utf8)
    }

    @Test func quotesInsideAPlainCellStandForThemselves() throws {
        let table = try TSVReader.read(
            Array("text\tlabel\nhe said \"x\" y\t1\n5\" disk\t0\n".utf8), file: "f", limit: nil)
        #expect(table.rows.map { $0.values["text"] } == [.string("he said \"x\" y"), .string("5\" disk")])
    }

    @Test func yamlNeverTraps() {
        let sample =
            "name: a\nkind: text-classification\ndata: {train: a.csv, dev: \"b.csv\"}\nlabels:\n  - x\n  - &a y\n"
        let spice = Array("{}[]:-\"'&*!|>#%@?,\n\t \\~".utf8) + [0, 0x80, 0xFF]
        let folder = URL(fileURLWithPath: "/nowhere")
        for seed in UInt64(1)...3000 {
            var dice = Dice(seed)
            var bytes = Array(sample.utf8)
            for _ in 0...Int.random(in: 0..<4, using: &dice) {
                let place = Int.random(in: 0..<bytes.count, using: &dice)
                if dice.next() % 2 == 0 {
                    bytes[place] = spice.randomElement(using: &dice) ?? 0
                } else {
                    bytes.insert(spice.randomElement(using: &dice) ?? 0, at: place)
                }
            }
            let text = String(decoding: bytes, as: UTF8.self)
            do {
                let definition = try TaskDefinition.parse(yaml: text, file: "t.yaml", folder: folder)
                let back = try TaskDefinition.parse(yaml: definition.yaml, file: "t.yaml", folder: folder)
                #expect(back == definition, "seed \(seed)")
            } catch {
                if "\(error)".contains("\n") { Issue.record("seed \(seed): message of several lines: \(error)") }
            }
        }
        for count in 0...sample.utf8.count {
            _ = try? TaskDefinition.parse(yaml: String(sample.prefix(count)), file: "t.yaml", folder: folder)
        }
    }
}
