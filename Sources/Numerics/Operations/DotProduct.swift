/// Σ a[i] b[i], in eight sums whose order is fixed.
func dotProduct(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ count: Int) -> Float {
    let (left, right) = (UnsafeRawPointer(a), UnsafeRawPointer(b))
    var sums = SIMD8<Float>()
    let whole = count / 8 * 8
    for i in stride(from: 0, to: whole, by: 8) {
        let offset = i * MemoryLayout<Float>.size
        sums +=
            left.loadUnaligned(fromByteOffset: offset, as: SIMD8<Float>.self)
            * right.loadUnaligned(fromByteOffset: offset, as: SIMD8<Float>.self)
    }
    var sum = sums.sum()
    for i in whole..<count { sum += a[i] * b[i] }
    return sum
}
