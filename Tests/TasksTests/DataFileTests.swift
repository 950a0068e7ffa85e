import Foundation
import Testing

@testable import Tasks

/// The forms that data files come in, and what is said of those that are none.
struct DataFileTests {
    private func read(
        _ bytes: [UInt8], _ file: String, _ change: (inout ReadingOptions) -> Void = { _ in }
    ) throws -> RowTable {
        var options = ReadingOptions()
        change(&options)
        return try RowReaders.reader(for: file).read(bytes, file: file, limit: nil, options: options)
    }

    private func message(
        _ bytes: [UInt8], _ file: String, _ change: (inout ReadingOptions) -> Void = { _ in }
    ) -> String {
        do {
            _ = try read(bytes, file, change)
            return "no error"
        } catch { return "\(error)" }
    }

    private func texts(_ table: RowTable, _ column: String = "text") -> [FieldValue?] {
        table.rows.map { $0.values[column] }
    }

    /// gzip -n of a CSV with rows a,1 and b,2.
    private static let packed = Array(
        Data(base64Encoded: "H4sIAAAAAAAAAytJrSjRyUlMSs3hStQx5ErSMeICAFCcGf4TAAAA") ?? Data())

    @Test func jsonArrays() throws {
        let rows = #"{"text": "a]\"", "label": 1}, {"text": "b", "label": 2.0}"#
        for text in [
            "[\(rows)]", " [\n\(rows)\n]\n", #"{"data": [\#(rows)]}"#,
            #"{"version": "]", "data": [\#(rows)], "x": {}}"#,
        ] {
            let table = try read(Array(text.utf8), "d.json")
            #expect(texts(table) == [.string("a]\""), .string("b")], "\(text)")
            #expect(texts(table, "label") == [.integer(1), .integer(2)] && table.rows.map(\.element) == [0, 1])
        }
    }

    @Test func jsonLinesUnderJSON() throws {
        let text = "{\"text\": \"a\"}\n{\"text\": \"b\"}\n"
        #expect(texts(try read(Array(text.utf8), "d.json")) == [.string("a"), .string("b")])
        #expect(try read([], "d.json").rows.isEmpty)
        #expect(try read(Array("[]".utf8), "d.json").rows.isEmpty)
    }

    @Test func placesInArrays() throws {
        let table = try read(Array("[\n{\"text\": \"a\"},\n\n{\"text\":\n\"b\"}, {}]".utf8), "d.json")
        #expect(table.rows.map(\.line) == [2, 4, 5])
        #expect(
            message(Array("[{}, {}, 5]".utf8), "d.json")
                == "d.json[2]:1: an integer, not a JSON object; expected one object per row")
        #expect(
            message(Array("[{},\n{\"a\": tru}]".utf8), "d.json").hasPrefix("d.json[1]:2: not valid JSON: '}' at byte 9")
        )
        #expect(
            message(Array("[{\"a\": 1, \"a\": 2}]".utf8), "d.json")
                == "d.json[0]:1: 'a' appears twice; remove one of them")
        #expect(
            message([0x5B, 0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x31, 0x7D, 0x5D], "d.json").hasPrefix(
                "d.json[0]:1: not valid UTF-8"))
    }

    @Test(arguments: [
        ("[{}, ]", "d.json:1: not valid JSON: ']'; expected a value after the ','"),
        ("[{} {}]", "d.json:1: not valid JSON: '{'; expected ',' or ']'"),
        ("[{}]\n]", "d.json:2: not valid JSON: ']'; expected the end of the file"),
        ("[{}", "d.json:1: not valid JSON: the file ends; expected ',' or ']'"),
        ("[{\"a\": \"x}]", "d.json:1: not valid JSON: a string that is not closed; add the closing quote"),
        ("[{", "d.json:1: not valid JSON: the file ends; expected the end of an array or object"),
        (
            "{\"text\": [1], \"label\": []}",
            "d.json:1: an object with the keys 'text', 'label'; expected an array of objects, {\"data\": [...]}, or JSON Lines"
        ),
        ("{}", "d.json:1: an object with no keys; expected an array of objects, {\"data\": [...]}, or JSON Lines"),
        ("{\"data\": [], \"data\": []}", "d.json:1: 'data' appears twice; remove one of them"),
        ("{\"a\": tru, \"data\": []}", "d.json:1: not valid JSON: the file ends; expected 'true'"),
        ("{\"a\" 1}", "d.json:1: not valid JSON: '1'; expected ':'"),
        ("{1: 1}", "d.json:1: not valid JSON: '1'; expected a quoted key"),
        (
            "\"text\"",
            "d.json:1: neither an array nor an object; expected an array of objects, {\"data\": [...]}, or JSON Lines"
        ),
    ])
    func saysWhatIsWrongWithJSON(text: String, expected: String) {
        #expect(message(Array(text.utf8), "d.json") == expected)
    }

    @Test func aLimitStopsEarly() throws {
        let text = Array("[{\"text\": \"a\"}, {\"text\": \"b\"}, broken".utf8)
        let table = try JSONArrayReader.read(text, file: "d.json", limit: 1)
        #expect(table.rows.count == 1)
        #expect(try JSONArrayReader.read(Array("{\"data\": ".utf8) + text, file: "d.json", limit: 1).rows.count == 1)
    }

    @Test func gzip() throws {
        #expect(texts(try read(Self.packed, "a.csv.gz")) == [.string("a"), .string("b")])
        #expect(texts(try read(Self.packed, "A.CSV.GZ")) == [.string("a"), .string("b")])
        // Members one after the other are one file, as gzip has it; zeros behind them are padding.
        let twice = try DataBytes(Self.packed + Self.packed + [0, 0, 0], file: "a.csv.gz")
        #expect(String(decoding: twice.text, as: UTF8.self) == "text,label\na,1\nb,2\ntext,label\na,1\nb,2\n")
        #expect(
            message(Self.packed, "a.csv")
                == "a.csv: this is gzip data; add .gz to the name, or decompress it with gunzip")
        #expect(
            message(Array("text,label\n".utf8), "a.csv.gz")
                == "a.csv.gz: this is not gzip data, although the name ends with .gz; remove .gz from the name, or compress "
                + "the file with gzip")
        for count in 2..<Self.packed.count {
            #expect(
                message(Array(Self.packed.prefix(count)), "a.csv.gz").hasPrefix(
                    "a.csv.gz: this is truncated gzip data"), "\(count)")
        }
        for place in 10..<Self.packed.count {
            var bytes = Self.packed
            bytes[place] ^= 0x10
            // Bits behind the last code mean nothing.
            let same = (try? read(bytes, "a.csv.gz")) == (try? read(Self.packed, "a.csv.gz"))
            #expect(same || message(bytes, "a.csv.gz").hasPrefix("a.csv.gz: this is "), "\(place)")
        }
        #expect(message(Self.packed + [1, 2], "a.csv.gz").hasPrefix("a.csv.gz: this is damaged gzip data"))
    }

    /// What comes out is bounded, whatever the header says.
    @Test func aGzipBombStopsAtTheLimit() throws {
        #expect(throws: TaskError.self) { _ = try DataBytes(Self.packed, file: "a.csv.gz", limit: 18) }
        #expect(try DataBytes(Self.packed, file: "a.csv.gz", limit: 19).text.count == 19)
        do {
            _ = try DataBytes(Self.packed, file: "a.csv.gz", limit: 5)
        } catch { #expect("\(error)".contains("gzip data of more than 5 bytes")) }
    }

    @Test(
        arguments: [
            (
                Array("version https://git-lfs.github.com/spec/v1\noid sha256:0\n".utf8),
                "a git-lfs pointer, not the data; run 'git lfs pull'"
            ),
            (Array("PK\u{3}\u{4}".utf8), "a zip archive or an Excel workbook; unzip it"),
            (Array("PAR1abc".utf8), "a Parquet file; convert it to JSON Lines"),
            ([0xD0, 0xCF, 0x11, 0xE0, 0], "an old Excel or Word file"), ([0x28, 0xB5, 0x2F, 0xFD], "zstd data"),
            (Array("\n <!DOCTYPE html>\n".utf8), "a web page (HTML), not the data; download the file itself"),
            (Array("<HTML>".utf8), "a web page (HTML)"), (Array("SQLite format 3\0".utf8), "an SQLite database"),
            (
                Array("t\0e\0x\0t\0,\0l\0".utf8),
                "UTF-16 without a byte order mark; save the file as UTF-8, or set encoding: utf-16-le"
            ),
            (
                Array("\0t\0e\0x\0t\0,\0l".utf8),
                "UTF-16 without a byte order mark; save the file as UTF-8, or set encoding: utf-16-be"
            ),
        ] as [([UInt8], String)])
    func namesWhatAFileReallyIs(bytes: [UInt8], expected: String) {
        for file in ["a.csv", "a.jsonl", "a.json", "a.tsv"] {
            let found = message(bytes, file)
            #expect(found.hasPrefix("\(file): this is \(expected)") && !found.contains(where: \.isNewline), "\(found)")
        }
    }

    @Test func encodings() throws {
        let latin = Array("text,label\ncaf".utf8) + [0xE9, 0x2C, 0x31, 0x0A]
        #expect(texts(try read(latin, "a.csv") { $0.encoding = .latin1 }) == [.string("café")])
        #expect(
            message(latin, "a.csv")
                == "a.csv:2: not valid UTF-8; save the file as UTF-8, or set encoding: windows-1252 (or another) in a task YAML"
        )
        let windows = Array("text,label\n".utf8) + [0x93, 0x80, 0x94, 0x2C, 0x31]
        #expect(texts(try read(windows, "a.csv") { $0.encoding = .windows1252 }) == [.string("“€”")])
        #expect(
            message(Array("text\n".utf8) + [0x81], "a.csv") { $0.encoding = .windows1252 }
                == "a.csv:2: byte 0x81, which is not a character in windows-1252; set encoding to the file's real encoding: utf-8, latin-1 "
                + "(iso-8859-1), windows-1252, utf-16, utf-16-le, utf-16-be")
        // The wrong one gives wrong characters, so it is said.
        let table = try read(Array("text\ncafé\n".utf8), "a.csv") { $0.encoding = .latin1 }
        #expect(texts(table) == [.string("cafÃ©")] && table.warnings.count == 1)
        #expect(try read(Array("text\ncafe\n".utf8), "a.csv") { $0.encoding = .latin1 }.warnings.isEmpty)
        #expect(TextEncoding(name: "Latin1") == .latin1 && TextEncoding(name: "CP1252") == .windows1252)
        for encoding in TextEncoding.allCases { #expect(TextEncoding(name: encoding.rawValue) == encoding) }
    }

    @Test func utf16() throws {
        let text = "text\tlabel\nGröße 🙂\t1\n"
        for isBig in [false, true] {
            let units = text.utf16.flatMap {
                isBig ? [UInt8($0 >> 8), UInt8($0 & 255)] : [UInt8($0 & 255), UInt8($0 >> 8)]
            }
            let mark: [UInt8] = isBig ? [0xFE, 0xFF] : [0xFF, 0xFE]
            #expect(texts(try read(mark + units, "a.tsv")) == [.string("Größe 🙂")])
            #expect(texts(try read(mark + units, "a.tsv") { $0.encoding = .utf16 }) == [.string("Größe 🙂")])
            let named: TextEncoding = isBig ? .utf16BigEndian : .utf16LittleEndian
            #expect(texts(try read(units, "a.tsv") { $0.encoding = named }) == [.string("Größe 🙂")])
            #expect(texts(try read(mark + units, "a.tsv") { $0.encoding = named }) == [.string("Größe 🙂")])
            #expect(message(units, "a.tsv") { $0.encoding = .utf16 }.contains("there is no byte order mark"))
            #expect(message(Array((mark + units).dropLast()), "a.tsv").contains("ends within a character"))
        }
        #expect(
            message([0xFF, 0xFE, 0x0A, 0, 0x00, 0xD8, 0x41, 0x00], "a.tsv")
                == "a.tsv:2: half a UTF-16 character; save the file as UTF-8")
        #expect(message([0xFF, 0xFE, 0x00, 0xDC], "a.tsv").contains("half a UTF-16 character"))
        #expect(message([0xFF, 0xFE, 0x00, 0xD8], "a.tsv").contains("ends within a character"))
    }

    @Test func carriageReturnsAlone() throws {
        let csv = try read(Array("text,label\ra,1\r\rb,2\r".utf8), "a.csv")
        #expect(texts(csv) == [.string("a"), .string("b")] && csv.rows.map(\.line) == [2, 4] && csv.skippedLines == 1)
        // As spreadsheets on old Macs wrote it: line feeds inside cells
        let cells = try read(Array("text,label\r\"a\nb\",1\rc,2\r".utf8), "a.csv")
        #expect(texts(cells) == [.string("a\nb"), .string("c")] && cells.rows.map(\.line) == [2, 4])
        // Elsewhere a carriage return is a character of the text
        #expect(texts(try read(Array("text,label\na\rb,1\n".utf8), "a.csv")) == [.string("a\rb")])
        #expect(texts(try read(Array("text,label\na,1\r".utf8), "a.csv"), "label") == [.string("1")])
        let lines = try read(Array("{\"text\": \"a\"}\r{\"text\": \"b\"}\r".utf8), "a.jsonl")
        #expect(texts(lines) == [.string("a"), .string("b")] && lines.rows.map(\.line) == [1, 2])
        #expect(message(Array("{}\r{\"a\" 1}\r".utf8), "a.jsonl").hasPrefix("a.jsonl:2: not valid JSON"))
    }

    @Test func quotingNone() throws {
        let text = "text\tlabel\n\"a, said he\t1\nb \"\" said she\"\t2\n"
        let table = try read(Array(text.utf8), "a.tsv") { $0.quoting = .none }
        #expect(texts(table) == [.string("\"a, said he"), .string("b \"\" said she\"")])
        #expect(table.cellsOverLines.isEmpty)
        let swallowed = try read(Array(text.utf8), "a.tsv")
        #expect(swallowed.rows.count == 1 && swallowed.cellsOverLines == [2])
        #expect(
            message(Array("text,label\na,b,1\n".utf8), "a.csv") { $0.quoting = .none }
                == "a.csv:2: 3 cells where the header has 2; no cell can contain ',' under quoting: none; remove it, or set "
                + "another delimiter")
    }

    @Test func delimitersAndHeaders() throws {
        let text = Array("text;label\n\"a;b\";1\nc,d;2\n".utf8)
        #expect(
            texts(try read(text, "a.csv") { $0.delimiter = UInt8(ascii: ";") }) == [.string("a;b"), .string("c,d")])
        #expect(
            message(Array("text;label\na,b;1\n".utf8), "a.csv")
                == "a.csv:2: 2 cells where the header has 1; if that is the delimiter, set delimiter: ';' in a task YAML"
        )
        for delimiter in "!#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ \t" {
            let byte = delimiter.asciiValue
            let table = try read(Array("text\(delimiter)label\n\"a\"\(delimiter)1\n\(delimiter)\n".utf8), "a.csv") {
                $0.delimiter = byte
            }
            #expect(
                texts(table) == [.string("a"), .string("")] && texts(table, "label") == [.string("1"), .string("")],
                "'\(delimiter)'")
        }
        let bare = Array("a,1\nb,2\n".utf8)
        let named = try read(bare, "a.csv") { $0.header = .names(["text", "label"]) }
        #expect(texts(named) == [.string("a"), .string("b")] && named.rows.map(\.line) == [1, 2])
        #expect(texts(try read(bare, "a.csv") { $0.header = .numbers }, "2") == [.string("1"), .string("2")])
        #expect(
            message(Array("text,label\na,1\n".utf8), "a.csv") { $0.header = .names(["text", "label"]) }
                == "a.csv:1: the first row repeats the names under header; set header: true, or remove the row")
        #expect(
            message(bare, "a.csv") { $0.header = .names(["text"]) }.hasPrefix("a.csv:1: 2 cells where the header has 1")
        )
        #expect(
            try CSVReader.read(
                bare, file: "a.csv", limit: 1,
                options: {
                    var o = ReadingOptions(); o.header = .numbers; return o
                }()
            ).rows.count == 1)
    }

    @Test func arraysUnderJSONLines() {
        #expect(
            message(Array("[{\"text\": \"a\"}]".utf8), "a.jsonl")
                == "a.jsonl:1: a JSON array, not JSON Lines; write one object per line, or rename the file to .json if it is one "
                + "array of objects")
    }

    /// Running text comes in the same forms.
    @Test func runningText() throws {
        let scratch = try ScratchFolder()
        let lines = (0..<200).map { "line \($0) größer" }
        let plain = try TextCorpus(file: try scratch.write("a.txt", lines.joined(separator: "\n")))
        #expect(plain.train.count + plain.heldOut.count == 200)
        let old = try TextCorpus(file: try scratch.write("b.txt", lines.joined(separator: "\r")))
        #expect(old.train == plain.train && old.heldOut == plain.heldOut)
        let units = lines.joined(separator: "\n").utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
        #expect(try TextCorpus(file: try scratch.write("c.txt", bytes: [0xFF, 0xFE] + units)).train == plain.train)
        let page = scratch.message { _ = try TextCorpus(file: try scratch.write("d.txt", "<!DOCTYPE html>\n")) }
        #expect(page.hasPrefix("d.txt: this is a web page (HTML)"), "\(page)")
        let packed = scratch.message { _ = try TextCorpus(file: try scratch.write("e.txt.gz", bytes: Self.packed)) }
        #expect(packed.hasPrefix("e.txt.gz: 3 lines of text") || packed == "no error", "\(packed)")
    }
}
