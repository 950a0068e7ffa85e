import Files
import Foundation
import Testing

@testable import Text

/// Overlapping windows of a context, against `transformers` (Tests/Golden/windows_golden.py).
@Suite struct WindowParityTests {
    private struct Case {
        var question: String
        var context: String
        var maxLength: Int
        var stride: Int
        var expected: [Encoding]
    }

    private static func cases(_ name: String) throws -> [Case] {
        let url = Golden.folder.deletingLastPathComponent().appendingPathComponent("windows.json")
        return try Golden.fields(at: url).requiredArray(name).map { value in
            guard case .array(let parts) = value, parts.count == 5, case .string(let question) = parts[0],
                case .string(let context) = parts[1], case .integer(let maxLength) = parts[2],
                case .integer(let shared) = parts[3], case .array(let windows) = parts[4]
            else { throw Golden.Malformed(file: "windows.json") }
            return Case(
                question: question, context: context, maxLength: maxLength, stride: shared,
                expected: try windows.map { window in
                    guard case .array(let parts) = window, parts.count == 4 else {
                        throw Golden.Malformed(file: "windows.json")
                    }
                    let numbers = Golden.integers(parts[2])
                    return Encoding(
                        ids: Golden.integers(parts[0]), typeIDs: Golden.integers(parts[1]),
                        offsets: stride(from: 0, to: numbers.count, by: 2).map {
                            numbers[$0]..<numbers[$0] + numbers[$0 + 1]
                        }, sequence: Golden.integers(parts[3]).map { UInt8($0) })
                })
        }
    }

    private static func tokenizer(_ name: String) throws -> any Tokenizer {
        if name == "unigram" { return try UnigramParityTests.tokenizer() }
        return try TokenizerFolder.load(Golden.folder.deletingLastPathComponent().appendingPathComponent(name))
    }

    @Test(arguments: ["tokenizer/uncased", "tokenizer/cased", "unigram", "bpe/roberta"])
    func equalsTransformers(_ name: String) throws {
        let tokenizer = try Self.tokenizer(name)
        for (index, one) in try Self.cases(name).enumerated() {
            let made = tokenizer.encodeWindows(
                one.question, pair: one.context, maxLength: one.maxLength, stride: one.stride)
            guard made != one.expected else { continue }
            let difference =
                made.count != one.expected.count
                ? "\(made.count) windows, not \(one.expected.count)"
                : zip(made, one.expected).enumerated().first { $1.0 != $1.1 }.map { i, pair in
                    "window \(i): ids \(pair.0.ids == pair.1.ids), types \(pair.0.typeIDs == pair.1.typeIDs), offsets "
                        + "\(pair.0.offsets == pair.1.offsets), texts \(pair.0.sequence == pair.1.sequence) are equal"
                } ?? ""
            Issue.record(
                "case \(index): \(one.question) and \(one.context), at most \(one.maxLength), shared \(one.stride): \(difference)"
            )
        }
    }

    /// Every token of the context is in a window, in order, and every window fits, whatever the lengths.
    @Test func windowsCoverTheContext() throws {
        let tokenizer = try Self.tokenizer("tokenizer/uncased")
        let context = (0..<60).map { "word\($0) the" }.joined(separator: " ")
        let whole = tokenizer.encode(context, pair: nil, maxLength: .max)
        let tokens = whole.ids.indices.filter { whole.sequence[$0] == 0 }.map { (whole.ids[$0], whole.offsets[$0]) }
        for question in ["", "a question", String(repeating: "long ", count: 70)] {
            for maxLength in [3, 4, 5, 8, 20, 50, 1000] {
                for stride in [0, 1, 7, 128, .max] {
                    let windows = tokenizer.encodeWindows(question, pair: context, maxLength: maxLength, stride: stride)
                    #expect(windows.allSatisfy { $0.ids.count <= maxLength })
                    guard maxLength > 4 else { continue }
                    var next: Int32 = 0
                    for window in windows {
                        let own = window.ids.indices.filter { window.sequence[$0] == 1 }
                        #expect(own.first.map { window.offsets[$0].lowerBound <= next + 1 } ?? false)
                        next = max(next, own.last.map { window.offsets[$0].upperBound } ?? 0)
                        #expect(own.allSatisfy { i in tokens.contains { $0 == (window.ids[i], window.offsets[i]) } })
                    }
                    #expect(Int(next) == context.unicodeScalars.count)
                }
            }
        }
    }

    @Test func ranges() {
        #expect(Windows.ranges(10, most: 4, stride: 2) == [0..<4, 2..<6, 4..<8, 6..<10])
        #expect(Windows.ranges(9, most: 4, stride: 1) == [0..<4, 3..<7, 6..<9])
        #expect(Windows.ranges(4, most: 4, stride: 1) == [0..<4])
        #expect(Windows.ranges(0, most: 4, stride: 1) == [0..<0])
        #expect(Windows.ranges(5, most: 0, stride: 1) == [0..<0])
        #expect(Windows.ranges(3, most: 1, stride: 9) == [0..<1, 1..<2, 2..<3])
    }
}
