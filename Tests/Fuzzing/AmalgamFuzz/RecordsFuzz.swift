@testable import Files
@testable import Tasks

/// A stream of texts, as `predict` reads it: the first byte chooses the format, the second how the rest is cut into pieces.
enum RecordsFuzz: FuzzedReader {
    static let name = "records"
    static let files = [
        "Tasks/Records/RecordReader.swift", "Tasks/Records/RecordSplitter.swift", "Tasks/Records/DelimitedRecord.swift",
        "Tasks/Records/Record.swift", "Tasks/Records/PredictionInput.swift",
    ]
    static let tokens =
        JSONLFuzz.tokens
        + words(
            "text\n", "text,id\n", "\"a\"\"b\"", "\"\n\"", ",,", "\t", "\r", "\r\n", "{}\n", "\n{",
            "{\"tokens\":[\"a\",\"b\"]}\n", "\"[\"\"a\"\"]\"", "tokens\n")
    static let memory = (constant: 1 << 16, perByte: 256)

    private static let formats: [RecordFormat?] = [nil, .text, .jsonl, .csv, .tsv]

    static func read(_ bytes: [UInt8]) throws -> () throws -> Void {
        let choice = Int(bytes.first ?? 0)
        let piece = Int(bytes.dropFirst().first ?? 0) % 17 + 1
        let content = Array(bytes.dropFirst(2))
        func results(_ size: Int) -> [RecordResult] {
            var reader = RecordReader(
                name: Invariants.file, format: formats[choice % formats.count], quotes: choice < 128)
            var results: [RecordResult] = []
            for start in stride(from: 0, to: content.count, by: max(size, 1)) {
                results += reader.read(Array(content[start..<min(start + max(size, 1), content.count)]))
            }
            return results + reader.finish()
        }
        let whole = results(content.count)
        return {
            Invariants.require(results(piece) == whole, "pieces of \(piece) bytes give other records")
            var last = 0
            for result in whole {
                let line: Int
                switch result {
                case .record(let record):
                    line = record.line
                    check(record)
                case .bad(let at, let error):
                    line = at
                    Invariants.require(!"\(error)".contains(where: \.isNewline), "a message of several lines")
                case .fatal(let error):
                    line = last + 1
                    Invariants.require(!"\(error)".contains(where: \.isNewline), "a message of several lines")
                }
                Invariants.require(line > last, "line \(line) after line \(last)")
                last = line
            }
        }
    }

    /// Every form of input makes an example of a record, or says why not in one line.
    private static func check(_ record: Record) {
        for input in [.words("tokens"), .single("text"), .pair("text_a", "text_b")] as [PredictionInput] {
            do throws(TaskError) {
                let example = try input.example(record, id: 0, file: Invariants.file)
                guard let tagged = example.tagged else { continue }
                Invariants.require(
                    tagged.tags == nil && example.text == tagged.tokens.joined(separator: " "), "other words")
            } catch {
                Invariants.require(!"\(error)".contains(where: \.isNewline), "a message of several lines")
            }
        }
    }
}
