import Crypto
import Foundation

/// SHA-256 as 64 lower-case hexadecimal digits.
package enum Digest {
    /// The digest of all of `data`.
    package static func sha256(_ data: Data) -> String {
        hex(SHA256.hash(data: data))
    }

    /// The digest of all of `bytes`.
    package static func sha256(_ bytes: UnsafeRawBufferPointer) -> String {
        var hasher = SHA256()
        hasher.update(bufferPointer: bytes)
        return hex(hasher.finalize())
    }

    /// The digest of the UTF-8 bytes of `text`.
    package static func sha256(_ text: String) -> String {
        sha256(Data(text.utf8))
    }

    /// A digest that is fed in parts: how the parts are cut does not matter.
    package struct Incremental {
        private var hasher = SHA256()

        package init() {}

        package mutating func update(_ data: Data) {
            hasher.update(data: data)
        }

        package mutating func update(_ bytes: UnsafeRawBufferPointer) {
            hasher.update(bufferPointer: bytes)
        }

        /// The digest of what has come so far; more may follow.
        package func hexDigest() -> String {
            hex(hasher.finalize())
        }

        /// The same as its 32 bytes.
        package func rawDigest() -> [UInt8] {
            Array(hasher.finalize())
        }
    }

    static func hex(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
