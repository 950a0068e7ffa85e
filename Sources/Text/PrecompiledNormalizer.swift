/// sentencepiece's normaliser (`"type": "Precompiled"`): replacements by a table, looked up for whole grapheme clusters below
/// six bytes first, then scalar by scalar; just as `tokenizers` does it, which is the definition here.
struct PrecompiledNormalizer: Normalizer {
    let map: PrecompiledMap

    /// Scalars that never go on with a cluster: a border stands before each.
    @inline(__always)
    private static func isPlain(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0..<0x300, 0x370...0x482, 0x48A...0x58F, 0x5D0...0x5EA, 0x620...0x64A, 0x3041...0x3096, 0x30A1...0x30FA,
            0x4E00...0x9FFF:
            true
        default: false
        }
    }

    func write(to identity: inout TokenizerIdentity) {
        identity.add("Precompiled")
        map.write(to: &identity)
    }

    func normalize(_ text: inout NormalizedText) {
        let units = text.units
        var changes = Changes(count: units.count)
        var index = 0
        while index < units.count {
            let isPair = units[index].scalar == 0x0D && index + 1 < units.count && units[index + 1].scalar == 0x0A
            if !isPair, index + 1 == units.count || Self.isPlain(units[index + 1].scalar) {
                replaceScalar(units[index].scalar, &changes)
                index += 1
                continue
            }
            // Up to the next border that is sure; what lies between is cut by the rules of clusters
            var end = index + (isPair ? 2 : 1)
            while end < units.count, !Self.isPlain(units[end].scalar) { end += 1 }
            var run = String.UnicodeScalarView()
            for unit in units[index..<end] { if let scalar = Unicode.Scalar(unit.scalar) { run.append(scalar) } }
            for cluster in String(run) { replaceCluster(cluster, &changes) }
            index = end
        }
        if changes.isModified { changes.apply(to: &text) }
    }

    private func replaceCluster(_ cluster: Character, _ changes: inout Changes) {
        let scalars = cluster.unicodeScalars
        if scalars.count > 1, cluster.utf8.count < 6, let start = map.replacement(of: cluster) {
            changes.replace(scalars.count, by: map.scalars(at: start))
            return
        }
        for scalar in scalars { replaceScalar(scalar.value, &changes) }
    }

    @inline(__always)
    private func replaceScalar(_ scalar: UInt32, _ changes: inout Changes) {
        if let start = map.replacement(of: scalar) {
            changes.replace(1, by: map.scalars(at: start))
        } else {
            changes.keep(scalar)
        }
    }

    /// The new text's steps. `tokenizers` keeps its origins so, also where a removal at the start is then forgotten.
    private struct Changes {
        private var steps: [NormalizedText.Step] = []
        private(set) var isModified = false

        init(count: Int) { steps.reserveCapacity(count + 8) }

        @inline(__always)
        mutating func keep(_ scalar: UInt32) {
            steps.append(NormalizedText.Step(scalar: scalar, change: 0))
        }

        mutating func replace(_ old: Int, by new: [UInt32]) {
            isModified = true
            for scalar in new { keep(scalar) }
            let more = new.count - old
            if more > 0 {
                for i in steps.count - more..<steps.count { steps[i].change = 1 }
            } else if more < 0, !steps.isEmpty {
                steps[steps.count - 1].change += Int32(more)
            }
        }

        func apply(to text: inout NormalizedText) { text.rewrite(steps) }
    }
}
