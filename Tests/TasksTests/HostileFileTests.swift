import Foundation
import Testing

@testable import Tasks

/// Task files of strangers: each is refused in one line that says where and what.
@Suite struct HostileFileTests {
    private let folder = URL(fileURLWithPath: "/nowhere")

    private func message(yaml: [UInt8]) -> String {
        do {
            return "\(try TaskDefinition.parse(yaml: yaml, file: "t.yaml", folder: folder))"
        } catch {
            return "\(error)"
        }
    }

    /// Nine levels of nine aliases each are 9^9 nodes; as a key they would be hashed.
    private static let bomb: String = {
        let levels = (1...9).map { level in
            "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ",") + "]"
        }
        return "a0: &a0 x\n" + levels.joined(separator: "\n") + "\n"
    }()

    @Test func yaml() {
        let good = "kind: text-classification\ndata: {train: a.csv}\n"
        let cases: [(String, String)] = [
            (Self.bomb, "t.yaml:1: more than 8 aliases"), (Self.bomb + "? *a9\n: x\n", "t.yaml:1: more than 8 aliases"),
            ("labels: " + String(repeating: "[\"]\",", count: 5_000), "t.yaml:1: more than 128 opening brackets"),
            (String(repeating: "- ", count: 100_000), "t.yaml:1: nested more than 32 levels deep"),
            ("", "t.yaml:1: empty"), (good + "name: " + String(repeating: "x", count: 10 << 20), "larger than 1 MiB"),
            (good + good, "'data', 'kind' appears twice"), (good + "name: \"\\ud800\"\n", "t.yaml:3: not valid YAML"),
            (good + "name: \u{0}\n", "t.yaml"),
            (good + "name: *none\n", "t.yaml:3: not valid YAML: found undefined alias"),
            (good + "---\nkind: x\n", "but found another document"),
        ]
        for (text, word) in cases {
            let found = message(yaml: Array(text.utf8))
            #expect(found.contains(word) && !found.contains { $0.isNewline }, "\(found.prefix(300))")
        }
        #expect(
            message(yaml: Array(good.utf8) + [0x6E, 0xFF])
                == "t.yaml:3: not valid UTF-8; save the file as UTF-8: iconv -f WINDOWS-1252 -t UTF-8"
        )
    }

    /// A thread's small stack is enough for the deepest text that the bounds let through.
    @Test func deepestYAMLOnASmallStack() async {
        let flow = "kind: " + String(repeating: "[\"]\",", count: 128)
        let block = (0..<128).map { String(repeating: " ", count: $0) + "a:" }.joined(separator: "\n")
        for text in [flow, block, block + " " + String(repeating: "[\"]\",", count: 128)] {
            let found = await Task.detached { message(yaml: Array(text.utf8)) }.value
            #expect(found.hasPrefix("t.yaml"), "\(found)")
        }
    }

    @Test func jsonLines() {
        let cases: [([UInt8], String)] = [
            (Array(#"{"text":"a","text":"b"}"#.utf8), "f:1: 'text' appears twice; remove one of them"),
            (Array("{}\n{\"a\":\"\\ud800\"}".utf8), "f:2: not valid JSON: '\"' at byte 12, expected no lone surrogate"),
            (
                Array("{\"a\":".utf8) + [UInt8](repeating: UInt8(ascii: "["), count: 100_000),
                "expected at most 128 levels"
            ),
            (Array("{\"a\":\"".utf8) + [0xC3, 0x28], "f:1: not valid UTF-8"),
            (Array("{\"a\":1".utf8), "f:1: not valid JSON: the line ends at byte 6, expected ',' or '}'"),
            ([UInt8](repeating: UInt8(ascii: "x"), count: 10 << 20), "f:1: not valid JSON: 'x' at byte 0"),
        ]
        for (bytes, word) in cases {
            do {
                _ = try JSONLReader.read(bytes, file: "f", limit: nil)
                Issue.record("taken: \(word)")
            } catch {
                #expect(error.description.contains(word) && !error.description.contains { $0.isNewline }, "\(error)")
            }
        }
        // A long line is no crime.
        let text = String(repeating: "y", count: 10 << 20)
        let table = try? JSONLReader.read(Array("{\"text\": \"\(text)\"}".utf8), file: "f", limit: nil)
        #expect(table?.rows.first?.values["text"] == .string(text))
    }

    @Test func delimited() {
        let cases: [([UInt8], String)] = [
            (Array("a,a\n1,2\n".utf8), "column 'a' appears twice"), (Array("a,b\n1\n".utf8), "f:2: 1 cell "),
            (Array("a,b\n\"1,2\n".utf8), "f:2: a quote opens here"),
            (Array("a,b\n".utf8) + [0xFF, 0x2C, 0x31], "f:2: not valid UTF-8"),
        ]
        for (bytes, word) in cases {
            do {
                _ = try CSVReader.read(bytes, file: "f", limit: nil)
                Issue.record("taken: \(word)")
            } catch {
                #expect(error.description.contains(word), "\(error)")
            }
        }
        let table = try? CSVReader.read(
            Array("a\n".utf8) + [UInt8](repeating: UInt8(ascii: "x"), count: 10 << 20), file: "f", limit: nil)
        #expect(table?.rows.count == 1)
    }
}
