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

    /// The new text with what becomes of the old one's places: 0 takes the next old scalar's place, 1 repeats the last, −n takes
    /// the next and leaves n out. `tokenizers` keeps its origins so, also where a removal at the start is then forgotten.
    private struct Changes {
        private var scalars: [UInt32] = []
        private var steps: [Int32] = []
        private(set) var isModified = false

        init(count: Int) {
            scalars.reserveCapacity(count + 8)
            steps.reserveCapacity(count + 8)
        }

        @inline(__always)
        mutating func keep(_ scalar: UInt32) {
            scalars.append(scalar)
            steps.append(0)
        }

        mutating func replace(_ old: Int, by new: [UInt32]) {
            isModified = true
            for scalar in new { keep(scalar) }
            let more = new.count - old
            if more > 0 {
                for i in steps.count - more..<steps.count { steps[i] = 1 }
            } else if more < 0, !steps.isEmpty {
                steps[steps.count - 1] += Int32(more)
            }
        }

        func apply(to text: inout NormalizedText) {
            let old = text.units
            var out: [NormalizedText.Unit] = []
            out.reserveCapacity(scalars.count)
            var next = 0
            for (scalar, step) in zip(scalars, steps) {
                let place: NormalizedText.Unit
                if step > 0 {
                    place = next < 1 ? NormalizedText.Unit(scalar: 0, start: 0, end: 0) : old[min(next, old.count) - 1]
                } else {
                    place = old[min(next, old.count - 1)]
                    next += 1 - Int(step)
                }
                out.append(NormalizedText.Unit(scalar: scalar, start: place.start, end: place.end))
            }
            text.units = out
        }
    }
}
