/// What near duplicates are compared by: the set of an example's words and pairs of adjacent words (shingles of one and
/// two words). One changed word of a short sentence leaves most of the set, and another order of words changes it.
enum Shingles {
    /// Numbers of the shingles, sorted, each once.
    /// - Parameter words: as `DocumentSet` has them, with 0 after each text
    static func set(_ words: ArraySlice<UInt32>) -> [UInt32] {
        var shingles: [UInt32] = []
        shingles.reserveCapacity(2 * words.count)
        var last: UInt32 = 0
        for word in words {
            if word != 0 {
                shingles.append(mixed(word &* 0x9E37_79B1))
                if last != 0 { shingles.append(mixed((last << 13 | last >> 19) &* 0x85EB_CA77 &+ word)) }
            }
            last = word
        }
        shingles.sort()
        var kept = 0
        for (place, shingle) in shingles.enumerated() where place == 0 || shingle != shingles[kept - 1] {
            shingles[kept] = shingle
            kept += 1
        }
        shingles.removeLast(shingles.count - kept)
        return shingles
    }

    /// |A ∩ B| / |A ∪ B| (Jaccard 1901); 0 for two empty sets.
    static func jaccard(_ a: [UInt32], _ b: [UInt32]) -> Double {
        var (i, j, both) = (0, 0, 0)
        while i < a.count, j < b.count {
            if a[i] == b[j] { both += 1 }
            let (x, y) = (a[i], b[j])
            if x <= y { i += 1 }
            if y <= x { j += 1 }
        }
        let all = a.count + b.count - both
        return all > 0 ? Double(both) / Double(all) : 0
    }

    static func mixed(_ value: UInt32) -> UInt32 {
        var z = value
        z = (z ^ (z >> 16)) &* 0x85EB_CA6B
        z = (z ^ (z >> 13)) &* 0xC2B2_AE35
        return z ^ (z >> 16)
    }
}

/// MinHash (Broder 1997) with the bands of locality-sensitive hashing: two sets with Jaccard similarity s agree in one of
/// the bands with probability 1 − (1 − s⁶)²⁴: .9994 at .8, .31 at .5, .017 at .3.
enum MinHash {
    static let bands = 24
    static let rows = 6

    /// The two numbers of each hash function.
    private static let functions: [(factor: UInt32, change: UInt32)] = (0..<bands * rows).map { place in
        let bits = Bootstrap.mixed(UInt64(place))
        return (UInt32(truncatingIfNeeded: bits) | 1, UInt32(truncatingIfNeeded: bits >> 32))
    }

    /// A number for each band; sets with equal minima in a band have equal ones.
    /// - Parameter shingles: not empty
    static func keys(_ shingles: [UInt32], into keys: UnsafeMutableBufferPointer<UInt32>) {
        functions.withUnsafeBufferPointer { functions in
            shingles.withUnsafeBufferPointer { shingles in
                for band in 0..<bands {
                    var key: UInt32 = UInt32(band)
                    for row in 0..<rows {
                        let (factor, change) = functions[band * rows + row]
                        var least = UInt32.max
                        for shingle in shingles {
                            let value = (shingle ^ change) &* factor
                            if value < least { least = value }
                        }
                        key = Shingles.mixed(key &* 0x9E37_79B1 ^ least)
                    }
                    keys[band] = key
                }
            }
        }
    }
}
