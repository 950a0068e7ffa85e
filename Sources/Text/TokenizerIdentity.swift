import Files

/// The content of a tokenizer in a canonical form, of which `Tokenizer.identity` is the hash.
///
/// Each layer writes what it does, not how its file is written: the vocabulary with its ids, the model's parameters and merges,
/// the normalizer, the pre-tokenizer, the special tokens around a text, and the added tokens. Every entry has its length, so
/// two different lists never give the same bytes.
struct TokenizerIdentity {
    private var bytes: [UInt8] = Array("amalgam tokenizer 1\n".utf8)

    mutating func add(_ text: String) {
        add(text.utf8.count)
        bytes.append(contentsOf: text.utf8)
    }

    mutating func add(_ number: Int) { add(UInt64(bitPattern: Int64(number))) }

    mutating func add(_ number: UInt64) {
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func add(_ flag: Bool) { bytes.append(flag ? 1 : 0) }

    mutating func reserve(_ count: Int) { bytes.reserveCapacity(bytes.count + count) }

    /// 64 lower-case hexadecimal digits.
    var hash: String { bytes.withUnsafeBytes { Digest.sha256($0) } }
}

extension AddedToken {
    func write(to identity: inout TokenizerIdentity) {
        identity.add(content)
        identity.add(Int(id))
        for flag in [singleWord, stripsLeft, stripsRight, isNormalized] { identity.add(flag) }
    }
}

extension Vocabulary {
    func write(to identity: inout TokenizerIdentity) {
        identity.add(count)
        identity.reserve(count * 28)
        forEach { id, token in
            identity.add(Int(id))
            identity.add(token)
        }
    }
}
