/// The candidate that a mistyped name most likely meant, or nil when none is close.
///
/// Close is an edit distance (insert, delete, replace; case ignored) of at most a third of the longer name. No other number
/// is close to a number.
/// - Parameters:
///   - name: what was found; only names up to 64 characters are compared
///   - candidates: the allowed names; the first of equally near ones is returned
package func nearestName(to name: String, among candidates: [String]) -> String? {
    let wanted = Array(name.lowercased().unicodeScalars)
    guard wanted.count <= 64 else { return nil }
    let isNumber = Double(name) != nil
    var best: (name: String, distance: Int)?
    for candidate in candidates {
        let other = Array(candidate.lowercased().unicodeScalars)
        guard other.count <= 64 else { continue }
        let distance = editDistance(wanted, other)
        let allowed = isNumber && Double(candidate) != nil ? 0 : max(wanted.count, other.count) / 3
        if distance <= allowed, distance < (best?.distance ?? Int.max) { best = (candidate, distance) }
    }
    return best?.name
}

private func editDistance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
    var previous = Array(0...b.count)
    for (i, left) in a.enumerated() {
        var current = [i + 1]
        current.reserveCapacity(b.count + 1)
        for (j, right) in b.enumerated() {
            current.append(min(previous[j + 1] + 1, current[j] + 1, previous[j] + (left == right ? 0 : 1)))
        }
        previous = current
    }
    return previous[b.count]
}
