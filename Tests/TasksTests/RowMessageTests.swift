import Files
import Foundation
import Testing

@testable import Tasks

/// What messages about a row suggest.
struct RowMessageTests {
    private let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    /// A suggestion must be a likely one: another number or another short word is none.
    @Test(arguments: [
        ("goood", ["good", "bad"], "good"), ("Good", ["good"], "good"), ("A", ["a"], "a"),
        ("yess", ["no", "yes"], "yes"),
        ("z", ["a", "b"], nil), ("no", ["yes", "on"], nil), ("3", ["1", "2"], nil), ("101", ["100"], nil),
        ("B-PERS", ["B-PER"], "B-PER"),
    ]) func nearestNames(name: String, among: [String], expected: String?) {
        #expect(nearestName(to: name, among: among) == expected)
    }

    /// What Python writes and JSON does not have: the field is named, and what to write instead.
    @Test(arguments: ["NaN", "Infinity", "-Infinity"]) func numbersThatJSONDoesNotHave(word: String) throws {
        let rows = #"{"text":"x","score":1}"# + "\n" + #"{"text":"x","score":WORD}"# + "\n"
        for (row, place) in [(rows, 20), (rows.replacing("WORD", with: "[1, WORD]"), 24)] {
            let name = try scratch.write("r.jsonl", row.replacing("WORD", with: word))
            let found = scratch.message {
                _ = try JSONLReader.read(
                    [UInt8](Data(contentsOf: name)), file: "r.jsonl", limit: nil, options: ReadingOptions())
            }
            #expect(
                found == "r.jsonl:2: not valid JSON: \(word) in 'score' at byte \(place); write null where a number is "
                    + "missing, or delete the row", "\(found)")
        }
    }

    /// Words that are empty, or none at all, are told with their line.
    @Test func emptyTokens() throws {
        func found(_ rows: [String]) throws -> [String] {
            try scratch.write("w.jsonl", rows.joined(separator: "\n"))
            let yaml = try scratch.write("w.yaml", "kind: tagging\ndata: {train: w.jsonl}\nfields: {tokens: words}\n")
            return try TaskData.load(TaskDefinition.load(yaml)).warnings.map {
                $0.replacingOccurrences(of: scratch.url.standardizedFileURL.path + "/", with: "")
            }
        }
        let good = #"{"words": ["a", "b"], "tags": ["X", "Y"]}"#
        #expect(try found([good, good]).isEmpty)
        #expect(
            try found([good, #"{"words": [], "tags": []}"#, #"{"words": ["a", " "], "tags": ["X", "Y"]}"#]) == [
                "w: 2 of 3 rows of train have no tokens or an empty one under 'words' (the first is w.jsonl:2); fill them in, "
                    + "or delete the rows"
            ])
    }
}
