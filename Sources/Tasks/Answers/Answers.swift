import Foundation

/// What a model predicted for the scored examples of a split, beside what the data says: all that a metric needs.
///
/// Examples that cannot be scored are not among the answers. There is one type for each form of output, and a line for
/// it in `AnswerForms.builtIn`.
package protocol Answers: Sendable {
    /// Names the form in files.
    static var form: String { get }
    /// Number of scored examples.
    var count: Int { get }
    /// The content as bytes; only equal answers have equal bytes.
    var bytes: [UInt8] { get }

    /// - Returns: nil if the bytes do not come from `bytes`
    init?(bytes: [UInt8])
}

/// The forms of answers, for files that store them.
package enum AnswerForms {
    /// Every form. A new one adds its line here.
    package static let builtIn: [any Answers.Type] = [
        ClassAnswers.self, TagAnswers.self, TreeAnswers.self, NumberAnswers.self, LabelSetAnswers.self,
        ChoiceAnswers.self,
        RankingAnswers.self, SpanAnswers.self, ClusterAnswers.self, TokenAnswers.self,
    ]

    /// Answers as a text without line breaks, such as `classes:AAAA`.
    package static func text(_ answers: any Answers) -> String {
        "\(type(of: answers).form):\(Data(answers.bytes).base64EncodedString())"
    }

    /// - Returns: nil if the text does not come from `text(_:)`
    package static func answers(_ text: String) -> (any Answers)? {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let data = Data(base64Encoded: String(parts[1])) else { return nil }
        return builtIn.first { $0.form == parts[0] }.flatMap { $0.init(bytes: [UInt8](data)) }
    }
}

/// Reads what `CanonicalData.append` wrote; every read fails at the end of the bytes.
struct ByteReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func integer() -> Int? {
        guard rest.count >= 8 else { return nil }
        var value: UInt64 = 0
        for byte in rest.prefix(8).reversed() { value = value << 8 | UInt64(byte) }
        rest = rest.dropFirst(8)
        return Int(Int64(bitPattern: value))
    }

    /// A number of elements, each of which takes at least one byte.
    mutating func count() -> Int? { integer().flatMap { (0...rest.count).contains($0) ? $0 : nil } }

    mutating func text() -> String? {
        guard let count = count() else { return nil }
        defer { rest = rest.dropFirst(count) }
        return TextBytes.string(rest.prefix(count))
    }

    mutating func byte() -> UInt8? { rest.popFirst() }

    mutating func real() -> Double? { integer().map { Double(bitPattern: UInt64(bitPattern: Int64($0))) } }

    /// As many elements as the count before them says.
    mutating func list<Element>(_ element: (inout ByteReader) -> Element?) -> [Element]? {
        guard let count = count() else { return nil }
        var list: [Element] = []
        for _ in 0..<count {
            guard let next = element(&self) else { return nil }
            list.append(next)
        }
        return list
    }
}
