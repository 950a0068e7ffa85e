import CKernels

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Random numbers as a function of what they are for, never of when they are drawn: no generator has a state that a
/// thread, a slice or a resumed run could find in another place.
package enum Randomness {
    package static func mix(_ x: UInt64) -> UInt64 { amalgam_mix(x) }

    /// A key made of numbers, order included.
    package static func key(_ parts: UInt64...) -> UInt64 {
        parts.reduce(0x243F_6A88_85A3_08D3) { mix($0 &+ $1 &* 0x9E37_79B9_7F4A_7C15) }
    }

    /// FNV-1a of a stable name: a site's or a parameter's.
    package static func hash(_ name: String) -> UInt64 {
        name.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }

    /// Uniform in 0..<1 with 24 bits: the `counter`-th under `key`.
    package static func uniform(_ key: UInt64, _ counter: Int) -> Float {
        Float(mix(key &+ UInt64(truncatingIfNeeded: counter) &* 0x9E37_79B9_7F4A_7C15) >> 40) * 0x1p-24
    }

    /// Uniform integer in 0..<bound.
    package static func integer(_ key: UInt64, _ counter: Int, below bound: Int) -> Int {
        let bits = mix(key &+ UInt64(truncatingIfNeeded: counter) &* 0x9E37_79B9_7F4A_7C15)
        return Int(bits.multipliedFullWidth(by: UInt64(bound)).high)
    }

    /// A permutation of 0..<count (Fisher & Yates).
    package static func permutation(_ count: Int, key: UInt64) -> [Int] {
        var order = Array(0..<count)
        for i in stride(from: count - 1, to: 0, by: -1) { order.swapAt(i, integer(key, i, below: i + 1)) }
        return order
    }
}

/// Dropout of one site in one step.
package struct DropoutSite: Sendable {
    let siteHash: UInt64
    let rate: Float

    /// - Parameters:
    ///   - site: a stable name; equal names drop equally.
    ///   - rate: probability in 0..<1 that an element is dropped.
    package init(site: String, rate: Float) {
        siteHash = Randomness.hash(site)
        self.rate = rate
    }

    /// Drops nothing.
    package static let none = DropoutSite(site: "", rate: 0)

    /// The kernels' form of it; without `stepKey` (evaluation) nothing is dropped.
    func kernel(stepKey: UInt64?) -> amalgam_dropout {
        guard let stepKey, rate > 0 else { return amalgam_dropout(key: 0, threshold: 0, scale: 1) }
        return amalgam_dropout(
            key: Randomness.mix(stepKey ^ siteHash), threshold: UInt32(Double(rate) * 4_294_967_296),
            scale: 1 / (1 - rate))
    }
}

extension Randomness {
    /// Standard normal: the `counter`-th under `key` (Box & Muller, in double).
    package static func normal(_ key: UInt64, _ counter: Int) -> Float {
        let a = mix(key &+ UInt64(truncatingIfNeeded: 2 * counter) &* 0x9E37_79B9_7F4A_7C15)
        let b = mix(key &+ UInt64(truncatingIfNeeded: 2 * counter + 1) &* 0x9E37_79B9_7F4A_7C15)
        let u = (Double(a >> 11) + 1) * 0x1p-53
        return Float((-2 * log(u)).squareRoot() * cos(2 * .pi * Double(b >> 11) * 0x1p-53))
    }
}
