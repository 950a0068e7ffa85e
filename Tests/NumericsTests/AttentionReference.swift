import CKernels
import Foundation

/// Attention by its definition in double, with gradients.
struct AttentionReference: Sendable, CustomStringConvertible {
    var queries, keys, extra, heads, head: Int
    /// nil: none
    var window: Int?
    /// Of keys and values; nil: as many as of queries.
    var keyHeads: Int?
    /// A query sees no key after its own.
    var isCausal = false
    /// The first query's key.
    var offset = 0
    var width: Int { heads * head }
    var keyWidth: Int { (keyHeads ?? heads) * head }
    var all: Int { extra + keys }
    /// Numbers of the input: q, then k and v, of these all keys, the extra ones first.
    var count: Int { queries * width + 2 * all * keyWidth }

    var description: String {
        "\(queries) queries, \(extra) + \(keys) keys, \(heads) heads of \(head)"
            + (window.map { ", window \($0)" } ?? "") + (keyHeads.map { ", \($0) heads of keys" } ?? "")
            + (isCausal ? ", causal" : "") + (offset > 0 ? ", from \(offset) on" : "")
    }

    /// The first column of the keys that a head reads.
    private func keyColumn(_ h: Int) -> Int { h / (heads / (keyHeads ?? heads)) * head }

    private func sees(_ query: Int, _ key: Int) -> Bool {
        let distance = offset + query - (key - extra)
        return key < extra || (window.map { abs(distance) <= $0 } ?? true) && (!isCausal || distance >= 0)
    }

    /// Probabilities of a row and head before dropout.
    private func row(_ x: [Double], _ h: Int, _ i: Int) -> [Double] {
        let (w, kw, k) = (width, keyWidth, queries * width)
        let (own, read) = (h * head, keyColumn(h))
        var row = [Double](repeating: 0, count: all)
        var top = -Double.infinity
        for j in 0..<all where sees(i, j) {
            var sum = 0.0
            for c in 0..<head { sum += x[i * w + own + c] * x[k + j * kw + read + c] }
            row[j] = sum / Double(head).squareRoot()
            top = max(top, row[j])
        }
        var sum = 0.0
        for j in 0..<all {
            row[j] = sees(i, j) ? exp(row[j] - top) : 0
            sum += row[j]
        }
        for j in 0..<all { row[j] /= sum }
        return row
    }

    /// y [queries, width].
    /// - Parameter masks: of dropout, by head and query.
    func output(_ x: [Double], _ masks: [[Double]]) -> [Double] {
        let (w, kw, v) = (width, keyWidth, queries * width + all * keyWidth)
        var y = [Double](repeating: 0, count: queries * w)
        for h in 0..<heads {
            for i in 0..<queries {
                let (p, mask) = (row(x, h, i), masks[h * queries + i])
                for j in 0..<all where p[j] != 0 {
                    for c in 0..<head {
                        y[i * w + h * head + c] += p[j] * mask[j] * x[v + j * kw + keyColumn(h) + c]
                    }
                }
            }
        }
        return y
    }

    /// The gradient of Σ y · dy in each number of the input.
    func gradient(_ x: [Double], _ masks: [[Double]], dy: [Double]) -> [Double] {
        let (w, kw, k, v) = (width, keyWidth, queries * width, queries * width + all * keyWidth)
        let scale = 1 / Double(head).squareRoot()
        var gradient = [Double](repeating: 0, count: count)
        for h in 0..<heads {
            for i in 0..<queries {
                let (p, mask) = (row(x, h, i), masks[h * queries + i])
                var slopes = [Double](repeating: 0, count: all)
                var mean = 0.0
                for j in 0..<all where p[j] != 0 {
                    for c in 0..<head {
                        let (own, read) = (i * w + h * head + c, v + j * kw + keyColumn(h) + c)
                        slopes[j] += mask[j] * dy[own] * x[read]
                        gradient[read] += p[j] * mask[j] * dy[own]
                    }
                    mean += p[j] * slopes[j]
                }
                for j in 0..<all where p[j] != 0 {
                    let ds = p[j] * (slopes[j] - mean) * scale
                    for c in 0..<head {
                        let (own, read) = (i * w + h * head + c, k + j * kw + keyColumn(h) + c)
                        gradient[own] += ds * x[read]
                        gradient[read] += ds * x[own]
                    }
                }
            }
        }
        return gradient
    }
}

/// A kernel's work on one sequence, with memory of its own that ends in canaries.
final class AttentionProbe {
    let kernels: amalgam_kernels
    let shape: AttentionReference
    /// y, dq, dextra_k, dk, dextra_v, dv; each ends in canaries.
    enum Place: Int, CaseIterable { case y, dq, dek, dk, dev, dv }
    var attention = amalgam_attention()
    let keptFloats: Int
    private let scratchFloats: Int
    private var owned: [UnsafeMutablePointer<Float>] = []
    private var results: [UnsafeMutablePointer<Float>] = []
    private let identities: UnsafeMutablePointer<UInt64>
    private let dy: UnsafeMutablePointer<Float>

    init(_ kernels: amalgam_kernels, _ s: AttentionReference, x: [Float], dy: [Float], dropout: amalgam_dropout) {
        (self.kernels, shape) = (kernels, s)
        identities = .allocate(capacity: s.queries)
        for i in 0..<s.queries { identities[i] = 9 << 12 | UInt64(i) }
        attention.queries = s.queries
        attention.keys = s.keys
        attention.extra = s.extra
        attention.heads = s.heads
        attention.head = s.head
        attention.count = s.heads
        attention.key_heads = s.keyHeads ?? s.heads
        attention.offset = s.offset
        attention.before = s.window ?? .max
        attention.after = s.isCausal ? 0 : s.window ?? .max
        attention.scale = 1 / Float(s.head).squareRoot()
        attention.dropout = dropout
        keptFloats = s.heads * amalgam_attention_kept(&attention)
        scratchFloats = amalgam_attention_scratch(&attention)
        var owned: [UnsafeMutablePointer<Float>] = []
        /// Readable for a panel past its end.
        func memory(_ values: some Collection<Float>, past: Int = 64) -> UnsafeMutablePointer<Float> {
            let pointer = UnsafeMutablePointer<Float>.allocate(capacity: values.count + past)
            pointer.initialize(repeating: 77, count: values.count + past)
            for (i, value) in values.enumerated() { pointer[i] = value }
            owned.append(pointer)
            return pointer
        }
        let (w, q) = (s.keyWidth, s.queries * s.width)
        self.dy = memory(dy)
        attention.q = UnsafePointer(memory(x[0..<q]))
        attention.extra_k = UnsafePointer(memory(x[q..<q + s.extra * w]))
        attention.k = UnsafePointer(memory(x[q + s.extra * w..<q + s.all * w]))
        attention.extra_v = UnsafePointer(memory(x[q + s.all * w..<q + (s.all + s.extra) * w]))
        attention.v = UnsafePointer(memory(x[(q + (s.all + s.extra) * w)...]))
        attention.identities = UnsafePointer(identities)
        attention.kept = memory([Float](repeating: .nan, count: keptFloats))
        attention.scratch = memory([Float](repeating: .nan, count: scratchFloats))
        for place in Place.allCases {
            results.append(memory([Float](repeating: 5, count: Self.count(place, s))))
        }
        self.owned = owned
    }

    deinit {
        for pointer in owned { pointer.deallocate() }
        identities.deallocate()
    }

    private static func count(_ place: Place, _ shape: AttentionReference) -> Int {
        switch place {
        case .y, .dq: shape.queries * shape.width
        case .dek, .dev: shape.extra * shape.keyWidth
        case .dk, .dv: shape.keys * shape.keyWidth
        }
    }
    private func count(_ place: Place) -> Int { Self.count(place, shape) }

    subscript(place: Place) -> [Float] {
        Array(UnsafeBufferPointer(start: results[place.rawValue], count: count(place)))
    }

    var kept: [Float] { Array(UnsafeBufferPointer(start: attention.kept, count: keptFloats)) }

    /// Whether nothing was written past the end of a result, of what is kept, and of the scratch.
    var canariesLive: Bool {
        let ends =
            Place.allCases.map { results[$0.rawValue] + count($0) }
            + [attention.kept + keptFloats, attention.scratch + scratchFloats]
        return ends.allSatisfy { end in (0..<64).allSatisfy { end[$0] == 77 } }
    }

    /// Forgets results.
    func clear() {
        for place in Place.allCases {
            results[place.rawValue].update(repeating: 5, count: count(place))
        }
    }

    func forward(keeps: Bool = true, heads: Range<Int>? = nil) {
        var a = attention
        if !keeps { a.kept = nil }
        if let heads { (a.first, a.count) = (heads.lowerBound, heads.count) }
        attention.scratch.update(repeating: .nan, count: scratchFloats)
        kernels.attend(&a, results[0])
    }

    /// - Parameter wanted: the gradients that are wanted.
    func backward(_ wanted: [Place] = [.dq, .dek, .dk, .dev, .dv], heads: Range<Int>? = nil) {
        var a = attention
        if let heads { (a.first, a.count) = (heads.lowerBound, heads.count) }
        attention.scratch.update(repeating: .nan, count: scratchFloats)
        func pointer(_ place: Place) -> UnsafeMutablePointer<Float>? {
            wanted.contains(place) ? results[place.rawValue] : nil
        }
        var g = amalgam_attention_gradients(
            dy: dy, dq: pointer(.dq), dk: pointer(.dk), dv: pointer(.dv), dextra_k: pointer(.dek),
            dextra_v: pointer(.dev))
        kernels.attend_backward(&a, &g)
    }
}
