import Foundation
import Testing

@testable import Files

/// The JSON reader by itself.
@Suite struct JSONReaderTests {
    private func fault(_ text: String) -> JSONFault? {
        do throws(JSONFault) {
            _ = try JSONReader.read(Array(text.utf8))
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [
        "0", "-0", "10", "-1.5e3", "1E+2", "0.0", "123456789012345678901234567890", " [1, 2]\n", "\"\\u00e9\"",
    ])
    func takes(text: String) { #expect(fault(text) == nil) }

    @Test(arguments: [
        "", "01", "-", "+1", ".5", "5.", "1e", "1e+", "--1", "1-2", "1e400", "NaN", "0x1", "[1,]", "{\"a\":1,}",
        "{a:1}",
        "'a'", "\"\u{1}\"", "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"", "\"\\u12g4\"", "\"\\x\"", "\"a", "tru",
        "null null", "[", "{\"a\"", "\u{0}",
    ])
    func refuses(text: String) { #expect(fault(text) != nil) }

    @Test func saysWhere() {
        #expect(
            fault("{\"a\": \"\\ud83d\"}")
                == JSONFault(
                    offset: 13, found: "'\"'", expected: "no lone surrogate before this", member: "a"))
        #expect(fault("[1, 2") == JSONFault(offset: 5, found: "the file ends", expected: "',' or ']'"))
        #expect(fault(String(repeating: "[", count: 100_000))?.offset == 128)
        #expect(fault(String(repeating: "{\"a\":", count: 100_000))?.expected == "at most 128 levels")
    }

    @Test func findsMembersThatComeTwice() throws {
        func twice(_ text: String) throws -> String? { try JSONReader.read(Array(text.utf8)).memberTwice }
        #expect(try twice(#"{"a":1,"b":{"a":1}}"#) == nil)
        #expect(try twice(#"{"b":[{"a":1,"\u0061":2}]}"#) == "a")
        // Two spellings of é are two names.
        #expect(try twice("{\"\u{E9}\":1,\"e\u{301}\":2}") == nil)
    }

    /// Ten megabytes in one string, and as many members.
    @Test func long() throws {
        let text = String(repeating: "x", count: 10 << 20)
        guard case .string(let read) = try JSONReader.read(Array("\"\(text)\"".utf8)) else {
            Issue.record("no string")
            return
        }
        #expect(read.utf8.count == 10 << 20)
        let many = "{" + (0..<200_000).map { "\"k\($0)\":\($0)" }.joined(separator: ",") + "}"
        #expect(try JSONReader.read(Array(many.utf8)).memberTwice == nil)
    }
}

/// What is looked for in a YAML text before a parser sees it.
@Suite struct YAMLBoundsTests {
    @Test func takesWhatPeopleWrite() {
        let text = """
            # a comment with *stars* and [brackets]
            name: a *b* c
            labels: [a, "*", '[', "]"]
            base: &base {x: 1}
            more: *base
            list:
              - *base
              - x
            """
        #expect(YAMLBounds.fault(in: text) == nil)
    }

    @Test func refusesMoreThanAMebibyte() {
        #expect(YAMLBounds.fault(in: String(repeating: "a", count: 1 << 20)) == nil)
        #expect(YAMLBounds.fault(in: String(repeating: "a", count: 1 << 20) + "a") == "larger than 1 MiB")
    }

    @Test(arguments: [
        (String(repeating: "[", count: 33), "32 levels"), (String(repeating: "- ", count: 100), "32 levels"),
        (String(repeating: "? ", count: 100), "32 levels"), (String(repeating: " ", count: 129) + "a", "32 levels"),
        // Brackets in quotes do not hide depth.
        (String(repeating: "[\"]\",", count: 200), "128 opening brackets"),
        // Lines may end with NEL, LS and PS, too.
        ((0..<200).map { String(repeating: " ", count: $0) + "a:\u{85}" }.joined(), "32 levels"),
        ((0..<200).map { String(repeating: " ", count: $0) + "a:\u{2028}" }.joined(), "32 levels"),
        (String(repeating: "- *a\n", count: 9), "8 aliases"),
        ("[" + String(repeating: "*a,", count: 9) + "]", "8 aliases"),
        (String(repeating: "x: *a\n", count: 9), "8 aliases"), (String(repeating: "*a : x\n", count: 9), "8 aliases"),
    ])
    func refuses(text: String, word: String) {
        #expect(YAMLBounds.fault(in: text)?.contains(word) == true, "\(YAMLBounds.fault(in: text) ?? "taken")")
    }
}
