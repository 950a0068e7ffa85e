import Foundation
import Testing

@testable import Tasks

struct RecordReaderTests {
    /// Reads bytes in pieces of the given sizes, the last size for the rest.
    private func read(
        _ bytes: [UInt8], _ format: RecordFormat? = nil, pieces: [Int] = [], quotes: Bool = true
    ) -> [RecordResult] {
        var reader = RecordReader(name: "in", format: format, quotes: quotes)
        var results: [RecordResult] = []
        var rest = bytes[...]
        for size in pieces {
            results += reader.read(Array(rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
        return results + reader.read(Array(rest)) + reader.finish()
    }

    private func read(_ text: String, _ format: RecordFormat? = nil, quotes: Bool = true) -> [RecordResult] {
        read(Array(text.utf8), format, quotes: quotes)
    }

    /// Texts of the field `text`, with their lines; a bad record as its message.
    private func texts(_ results: [RecordResult]) -> [String] {
        results.map { result in
            switch result {
            case .record(let record): "\(record.line) \(record["text"]?.json ?? "-")"
            case .bad(let line, let error): "\(line) bad: \(error)"
            case .fatal(let error): "fatal: \(error)"
            }
        }
    }

    @Test func everyLineOfTextIsAText() {
        #expect(
            texts(read("a\n\n {\"text\": 1}\r\nlast", .text))
                == ["1 \"a\"", "2 \"\"", "3 \" {\\\"text\\\": 1}\"", "4 \"last\""])
        #expect(read("", .text).isEmpty)
        #expect(texts(read("\n")) == ["1 \"\""])
    }

    @Test func theFirstLineTellsTheFormatForAll() {
        #expect(texts(read("a\n{\"text\": \"b\"}\n")) == ["1 \"a\"", "2 \"{\\\"text\\\": \\\"b\\\"}\""])
        let results = texts(read("\u{FEFF}\n  {\"text\": \"b\"}\nplain\n"))
        #expect(results[0] == "2 \"b\"")
        #expect(results[1].hasPrefix("3 bad: in:3: not valid JSON: 'p' at byte 0"))
        #expect(texts(read("[{\"text\": \"a\"}]"))[0].hasPrefix("fatal: in:1: a JSON array"))
        #expect(texts(read("[\n{\"text\": \"a\"}\n]"))[0].hasPrefix("fatal: in:1: a JSON array"))
        #expect(texts(read("[INFO] started\n")) == ["1 \"[INFO] started\""])
    }

    @Test func aBadLineCostsOnlyItself() {
        let lines = [
            "{\"text\": \"a\"}", "{\"text\": \"a\",}", "{\"text\": \"a\"", "{\"text\": \"\\ud800\"}",
            "{\"text\": \"a\", \"text\": \"b\"}", "[1]", "7", "", "{\"text\": \"z\"}",
        ]
        let results = texts(read(lines.joined(separator: "\n"), .jsonl))
        #expect(results.count == 8 && results.first == "1 \"a\"" && results.last == "9 \"z\"")
        for (line, words) in [
            (2, "expected a quoted key"), (3, "the line ends"), (4, "surrogate"), (5, "'text' appears twice"),
            (6, "a list, not a JSON object"), (7, "an integer, not a JSON object"),
        ] {
            #expect(results[line - 1].hasPrefix("\(line) bad: in:\(line): ") && results[line - 1].contains(words))
        }
        let bytes = Array("a\n".utf8) + [0xFF, 0x0A] + Array("b".utf8)
        #expect(texts(read(bytes, .text))[1].hasPrefix("2 bad: in:2: not valid UTF-8; "))
        #expect(texts(read(bytes, .text))[2] == "3 \"b\"")
        #expect(texts(read([0xFF, 0xFE, 0x61, 0], nil))[0].contains("UTF-16 text"))
    }

    @Test func delimitedTextHasCellsThatSpanLines() throws {
        var reader = RecordReader(name: "in", format: .csv)
        let results =
            reader.read(Array("id,text\r\n1,\"a\nb\"\r\n\r\n2,\"say \"\"x\"\"\"\n3\n4,d".utf8)) + reader.finish()
        #expect(
            texts(results)
                == [
                    "2 \"a\\nb\"", "5 \"say \\\"x\\\"\"",
                    "6 bad: in:6: 1 cell where the header has 2; put cells that contain a delimiter or a line break in "
                        + "double quotes", "7 \"d\"",
                ])
        #expect(reader.spanning.count == 1 && reader.spanning.first == 2)
        #expect(reader.header == ["id", "text"])
        #expect(texts(read("text\n\"never\nclosed", .csv))[0].contains("in:2: a quote opens here and never closes"))
        #expect(texts(read("text\n\"a\" b\nc\n", .csv))[0].contains("in:2: text after a closing quote"))
        #expect(texts(read("text\n\"a\" b\nc\n", .csv))[1] == "3 \"c\"")
        #expect(texts(read("text\n\"a\" \"b\nc\n", .csv))[1] == "3 \"c\"")
        #expect(texts(read("text\tid\n\"a\t1\n\"b\t2\n", .tsv, quotes: false)) == ["2 \"\\\"a\"", "3 \"\\\"b\""])
        #expect(texts(read("a,a\n1,2\n", .csv))[0].hasPrefix("fatal: in:1: column 'a' appears twice"))
    }

    @Test func linesThatEndWithReturnAloneAreNamed() {
        for format in [RecordFormat.text, .csv, .jsonl] {
            #expect(texts(read("text\ra\rb\r", format))[0].contains("the lines end with CR alone"), "\(format)")
        }
        #expect(texts(read("50 %\r100 %\ndone\n", .text)) == ["1 \"50 %\\r100 %\"", "2 \"done\""])
    }

    @Test func keptValuesStayDigitForDigit() {
        guard case .record(let record)? = read("{\"id\": 12345678901234567890.10, \"o\": {\"a\": [1]}}", .jsonl).first
        else {
            Issue.record("no record")
            return
        }
        #expect(record["id"]?.json == "12345678901234567890.10")
        #expect(record["o"]?.json == "{\"a\": [1]}")
    }

    @Test func jsonArraysAreReadAsAWhole() {
        let array = "[{\"text\": \"a\", \"o\": {\n\"b\": 1}},\n {\"words\": 1, \"words\": 2}, {\"text\": \"c\"}]"
        for json in [array, "{\"version\": 1, \"data\": \(array)}"] {
            let results = read(Array(json.utf8), .json, pieces: [1, 2, 3])
            #expect(
                texts(results) == ["1 \"a\"", "3 bad: in:3: 'words' appears twice; remove one of them", "3 \"c\""])
            guard case .record(let record)? = results.first else { continue }
            #expect(record["o"]?.json == "{ \"b\": 1}")
        }
        #expect(texts(read("{\"text\": \"a\"}\n{\"text\": \"b\"}\n", .json)) == ["1 \"a\"", "2 \"b\""])
        #expect(texts(read("[{\"text\": \"a\"}", .json))[0].hasPrefix("fatal: in:1: not valid JSON"))
        #expect(texts(read("7", .json))[0].contains("neither an array nor an object"))
    }

    /// Each question of SQuAD's articles is a record, whose answers are kept as JSON.
    @Test func squadIsReadAsAWhole() throws {
        let json = """
            {"version": "1.1", "data": [{"title": "t", "paragraphs": [{"context": "a\\nb", "qas": [
            {"id": "1", "question": "q", "answers": [{"text": "b", "answer_start": 2}]},
            {"id": "2", "question": "r", "answers": [], "is_impossible": true}]}]}, {"paragraphs": [7]}]}
            """
        let results = read(Array(json.utf8), .json, pieces: [5, 40])
        #expect(results.count == 3)
        guard case .record(let first)? = results.first, case .record(let second)? = results.dropFirst().first else {
            Issue.record("\(results)")
            return
        }
        #expect(first.line == 2 && second.line == 3)
        #expect(first.fields.map(\.name) == ["answers", "context", "id", "question", "title"])
        #expect(first["answers"]?.json == "[{\"start\":2,\"text\":\"b\"}]" && first["context"]?.json == "\"a\\nb\"")
        #expect(second["answers"]?.json == "[]" && second["is_impossible"] == nil)
        #expect(texts(results)[2].hasPrefix("3 bad: in:3: ") || texts(results)[2].contains("bad"))
    }

    /// Formats of task data that have no records line by line.
    @Test func taskDataIsReadAsAWhole() {
        let sentences = read(Array("Ada B-PER\nis O\n\nso O".utf8), .conll, pieces: [1, 2, 3])
        guard case .record(let record)? = sentences.first else {
            Issue.record("\(sentences)")
            return
        }
        #expect(sentences.count == 2 && record["tokens"]?.json == "[\"Ada\",\"is\"]" && record["tags"] != nil)
        let example = try? PredictionInput.words("tokens").example(record, id: 0, file: "in")
        #expect(example?.tagged?.tokens == ["Ada", "is"])
        #expect(texts(read("text: a\n b\nid: 1\n\ntext: c\n", .deb822)) == ["1 \"a\\nb\"", "5 \"c\""])
        #expect(texts(read("text\n", .deb822))[0].hasPrefix("fatal: in:1: no colon"))
        #expect(texts(read([0x1F, 0x8B, 8, 0], .conllu))[0].contains("gzip data"))
    }

    @Test func otherContentIsNamed() {
        #expect(texts(read([0x1F, 0x8B, 8, 0], .jsonl))[0].contains("gzip data"))
        #expect(texts(read("PAR1....", .csv))[0].contains("a Parquet file"))
    }

    /// However a stream is cut, its records are the same; and those of delimited text are what the reader of whole files
    /// finds, where that takes the file.
    /// Found by Tests/fuzz: content was told by the bytes that had come, which in pieces of one byte were too few.
    @Test(arguments: [[0xFF, 0xFF, 0xFF, 0xFF, 0x05], Array("PAR1x".utf8), Array("<html>".utf8)] as [[UInt8]])
    func foreignContentIsFoundHoweverItArrives(start: [UInt8]) {
        let bytes = start + Array("\ntext,id\na,1\n".utf8)
        for format in [.csv, .tsv, .jsonl] as [RecordFormat] {
            let whole = read(bytes, format)
            guard whole.count == 1, case .fatal? = whole.first else {
                Issue.record("\(whole)")
                continue
            }
            #expect("\(read(bytes, format, pieces: bytes.map { _ in 1 }))" == "\(whole)")
        }
    }

    @Test func piecesChangeNothing() throws {
        let words = ["a", "bß", "\"", "\"\"", ",", "\t", "\n", "\r\n", " ", "\"q\nr\"", "{\"text\":\"x\"}", "\r", "é"]
        for seed in UInt64(1)...400 {
            var dice = Dice(seed)
            let format = [nil, .text, .jsonl, .csv, .tsv][Int.random(in: 0..<5, using: &dice)] as RecordFormat?
            let body = (0..<Int.random(in: 0..<25, using: &dice)).map { _ in
                words[Int.random(in: 0..<words.count, using: &dice)]
            }.joined()
            let bytes = Array(((format == .csv ? "text,b\n" : format == .tsv ? "text\tb\n" : "") + body).utf8)
            let whole = read(bytes, format)
            let pieces = (0..<bytes.count).map { _ in Int.random(in: 0...4, using: &dice) }
            let cut = read(bytes, format, pieces: pieces)
            #expect("\(cut)" == "\(whole)", "seed \(seed): \(body.debugDescription)")
            guard let delimiter = format?.delimiter else { continue }
            let options = ReadingOptions()
            let table =
                delimiter == 0x09
                ? try? TSVReader.read(text: bytes[...], file: "in", limit: nil, options: options)
                : try? CSVReader.read(text: bytes[...], file: "in", limit: nil, options: options)
            // That one takes a quote behind blanks for a doubled one
            guard let table, body.range(of: "\" +\"", options: .regularExpression) == nil else { continue }
            // Lines that end with CR alone: a stream cannot know until its end
            if case .fatal? = whole.last { continue }
            let records = whole.compactMap { result in if case .record(let record) = result { record } else { nil } }
            #expect(records.count == whole.count, "seed \(seed): \(body.debugDescription)")
            #expect(records.map(\.line) == table.rows.map(\.line), "seed \(seed): \(body.debugDescription)")
            #expect(
                records.map { $0["text"]?.value } == table.rows.map { $0.values["text"] },
                "seed \(seed): \(body.debugDescription)")
        }
    }
}
