/// Turns token ids into text, for tokenizers whose tokens are the bytes of a text (byte-level BPE).
///
/// Equals Hugging Face's `tokenizers` with the decoder `ByteLevel`.
package struct TokenDecoder: Sendable {
    private let tokenizer: any Tokenizer
    private let special: Set<Int32>
    /// The byte for each scalar that a byte-level token is written in.
    private static let bytes: [UInt32: UInt8] = Dictionary(
        uniqueKeysWithValues: ByteLevel.scalars.enumerated().map { ($1, UInt8($0)) })

    /// - Parameter special: ids that stand for no text: the beginning of a text, the end of an answer
    init(_ tokenizer: any Tokenizer, special: Set<Int32>) {
        self.tokenizer = tokenizer
        self.special = special
    }

    /// Whether the id stands for no text, such as the end of a text or of an answer.
    package func isSpecial(_ id: Int32) -> Bool { special.contains(id) }

    /// The bytes that a token stands for; none for an id without a token. They may be a part of a character.
    package func bytes(of id: Int32) -> [UInt8] {
        guard let token = tokenizer.token(id) else { return [] }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(token.utf8.count)
        for scalar in token.unicodeScalars {
            // An added token may be written in other scalars: it stands for itself
            guard let byte = Self.bytes[scalar.value] else { return Array(token.utf8) }
            bytes.append(byte)
        }
        return bytes
    }

    /// The text of tokens. Bytes that are no UTF-8 become U+FFFD.
    /// - Parameter skipsSpecial: whether special tokens are left out
    package func decode(_ ids: some Sequence<Int32>, skipsSpecial: Bool = true) -> String {
        var bytes: [UInt8] = []
        for id in ids where !skipsSpecial || !isSpecial(id) { bytes += self.bytes(of: id) }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Turns token ids into text one by one, as a model makes them; never gives a part of a character.
///
/// A character may take several tokens: what is not whole yet is held back until the next one. All that is given, put together, is
/// what `TokenDecoder.decode` gives for all ids.
package struct StreamingDecoder: Sendable {
    private let decoder: TokenDecoder
    private let skipsSpecial: Bool
    /// The beginning of a character: at most three bytes.
    private var held: [UInt8] = []

    package init(_ decoder: TokenDecoder, skipsSpecial: Bool = true) {
        self.decoder = decoder
        self.skipsSpecial = skipsSpecial
    }

    /// The text that the next token completes; may be empty.
    package mutating func append(_ id: Int32) -> String {
        guard !skipsSpecial || !decoder.isSpecial(id) else { return "" }
        held += decoder.bytes(of: id)
        let whole = held.count - Self.unfinished(held)
        let text = String(decoding: held[..<whole], as: UTF8.self)
        held.removeFirst(whole)
        return text
    }

    /// What is left at the end: U+FFFD where the last character is not whole. The decoder can be used again.
    package mutating func finish() -> String {
        defer { held = [] }
        return String(decoding: held, as: UTF8.self)
    }

    /// How many bytes at the end are the beginning of a character that more bytes could complete.
    static func unfinished(_ bytes: [UInt8]) -> Int {
        for count in 1...3 where count <= bytes.count {
            let lead = bytes[bytes.count - count]
            if lead & 0xC0 == 0x80 { continue }
            let length =
                lead >= 0xF0 && lead <= 0xF4 ? 4 : lead >= 0xE0 && lead < 0xF0 ? 3 : lead >= 0xC2 && lead < 0xE0 ? 2 : 1
            guard length > count else { return 0 }
            guard count > 1 else { return 1 }
            // The byte after these has fewer values than others: longer forms than needed, surrogates, over U+10FFFF
            let second = bytes[bytes.count - count + 1]
            let isPossible =
                switch lead {
                case 0xE0: second >= 0xA0
                case 0xED: second < 0xA0
                case 0xF0: second >= 0x90
                case 0xF4: second < 0x90
                default: true
                }
            return isPossible ? count : 0
        }
        return 0
    }
}
