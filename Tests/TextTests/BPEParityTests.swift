import Files
import Foundation
import Testing

@testable import Text

/// Ids, offsets, type ids and sequences of BPE tokenizers against `tokenizers` and `transformers` (Tests/Golden/bpe_golden.py).
@Suite struct BPEParityTests {
    static let folder = Golden.folder.deletingLastPathComponent().appendingPathComponent("bpe")

    static func fields(_ name: String) throws -> JSONFields {
        try Golden.fields(at: folder.appendingPathComponent(name))
    }

    /// Texts with their pair and maximum length.
    static func texts() throws -> [(text: String, pair: String?, maxLength: Int)] {
        try fields("strings.json").requiredArray("texts").map { value in
            guard case .array(let parts) = value, parts.count == 3, case .string(let text) = parts[0],
                case .integer(let maxLength) = parts[2]
            else { throw Golden.Malformed(file: "strings.json") }
            var pair: String?
            if case .string(let text) = parts[1] { pair = text }
            return (text, pair, maxLength)
        }
    }

    /// As the script computes it.
    static func digest(_ encoding: Encoding) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func add(_ number: Int32) {
            withUnsafeBytes(of: number.littleEndian) { bytes in
                for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
            }
        }
        for i in encoding.ids.indices {
            add(encoding.ids[i])
            add(encoding.offsets[i].lowerBound)
            add(encoding.offsets[i].upperBound)
            add(encoding.typeIDs[i])
            add(Int32(encoding.sequence[i]))
        }
        let digits = String(hash >> 32, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }

    /// 400 whole encodings, which a failure shows, and 5,000 digests, which name the text.
    @Test(arguments: ["roberta", "prefix", "parts", "dropped", "suffix", "inside", "files"])
    func equalsGolden(_ name: String) throws {
        let tokenizer = try TokenizerFolder.load(Self.folder.appendingPathComponent(name))
        let texts = try Self.texts()
        #expect(texts.count == 5000)
        let golden = try Self.fields(name + ".json")
        let whole = try golden.requiredArray("whole")
        let cases = try zip(texts, whole).map { text, value in
            guard case .array(let parts) = value, parts.count == 3 else { throw Golden.Malformed(file: name) }
            return Golden.Case(
                text: text.text, pair: text.pair, maxLength: text.maxLength,
                encoding: Golden.encoding(ids: parts[0], offsets: parts[1], kinds: parts[2]))
        }
        #expect(cases.count == 400)
        Golden.compare(tokenizer, cases)
        let digests = Array(try golden.requiredString("digests"))
        #expect(digests.count == 8 * texts.count)
        var wrong = 0
        for (i, text) in texts.enumerated() {
            let made = tokenizer.encode(text.text, pair: text.pair, maxLength: text.maxLength)
            guard Self.digest(made) != String(digests[8 * i..<8 * (i + 1)]) else { continue }
            wrong += 1
            guard wrong <= 5 else { continue }
            Issue.record(
                """
                text \(i): \(text.text.debugDescription) [\(Golden.shown(text.text))] pair \(text.pair.debugDescription) \
                at most \(text.maxLength): made \(made.ids.map { tokenizer.token($0) ?? "?" }) \(made.offsets)
                """)
        }
        #expect(wrong == 0)
    }

    private static let whole = ProcessInfo.processInfo.environment["AMALGAM_TEST_BPE"]

    @Test(.enabled(if: whole != nil, "set AMALGAM_TEST_BPE to the folder that bpe_golden.py --whole made"))
    func equalsWholeModel() throws {
        let folder = URL(fileURLWithPath: try #require(Self.whole))
        let start = ContinuousClock.now
        let tokenizer = try TokenizerFolder.load(folder)
        print("\(tokenizer.vocabularySize) tokens loaded in \(ContinuousClock.now - start)")
        let cases = try Golden.cases(at: folder.appendingPathComponent("cases.json"))
        #expect(cases.count == 5000)
        Golden.compare(tokenizer, cases)
    }

    /// What tokenizer_config.json and the tokenizer's class change.
    @Test func followsTheSettings() throws {
        let cases = try Self.fields("settings.json").requiredArray("cases")
        #expect(cases.count > 12)
        for value in cases {
            guard case .array(let parts) = value, parts.count == 3, case .string(let name) = parts[0],
                case .object(let files) = parts[1]
            else { throw Golden.Malformed(file: "settings.json") }
            let folder = try Golden.temporaryFolder()
            defer { try? FileManager.default.removeItem(at: folder) }
            for file in name == "files" ? ["vocab.json", "merges.txt"] : ["tokenizer.json"] {
                try FileManager.default.copyItem(
                    at: Self.folder.appendingPathComponent(name).appendingPathComponent(file),
                    to: folder.appendingPathComponent(file))
            }
            for (file, text) in files {
                guard case .string(let text) = text else { throw Golden.Malformed(file: "settings.json") }
                try Data(text.utf8).write(to: folder.appendingPathComponent(file))
            }
            if !files.contains(where: { $0.key == "config.json" }) {
                try Data(#"{"model_type": "roberta"}"#.utf8).write(to: folder.appendingPathComponent("config.json"))
            }
            Golden.compare(try TokenizerFolder.load(folder), try Golden.cases(parts[2], file: "settings.json"))
        }
    }

    /// Every scalar, between letters, numbers, spaces and other signs.
    @Test func splitsAroundEachScalarAlike() throws {
        let expected = try Self.fields("scalars.json").requiredArray("blocks")
        var wrong: [String] = []
        for block in 0..<272 {
            var hash: UInt64 = 0xCBF2_9CE4_8422_2325
            for value in UInt32(block * 4096)..<UInt32((block + 1) * 4096) where Unicode.Scalar(value) != nil {
                let scalars = [0x61, value, 0x31, 0x20, value, 0x21, value, value, 0x62]
                for word in ByteLevel.words(NormalizedText(scalars, 0..<scalars.count).units) {
                    hash = (hash ^ UInt64(word.count)) &* 0x100_0000_01B3
                }
            }
            let digits = String(hash, radix: 16)
            guard case .string(let want) = expected[block] else { throw Golden.Malformed(file: "scalars.json") }
            if String(repeating: "0", count: 16 - digits.count) + digits != want {
                wrong.append("\(String(block * 4096, radix: 16))...")
            }
        }
        #expect(wrong.isEmpty)
    }
}
