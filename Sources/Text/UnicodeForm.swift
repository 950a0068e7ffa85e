/// The normal forms of Unicode (annex 15): `"type": "NFD"`, `"NFKD"`, `"NFC"`, `"NFKC"`.
///
/// Origins are those of `tokenizers`: each scalar counts how many of the old text it stands for (`NormalizedText.rewrite`).
struct UnicodeForm: Normalizer {
    enum Kind: String, CaseIterable { case NFD, NFKD, NFC, NFKC }

    var kind: Kind

    func write(to identity: inout TokenizerIdentity) { identity.add(kind.rawValue) }

    func normalize(_ text: inout NormalizedText) {
        // ASCII is in every form already
        guard text.units.contains(where: { $0.scalar >= 0x80 }) else { return }
        let parts = decomposed(text.units)
        text.rewrite(kind == .NFC || kind == .NFKC ? Self.composed(parts) : parts)
    }

    private func decomposed(_ units: [NormalizedText.Unit]) -> [NormalizedText.Step] {
        let table = ScalarTable.shared
        let isCompatible = kind == .NFKD || kind == .NFKC
        var parts: [NormalizedText.Step] = []
        parts.reserveCapacity(units.count + 8)
        for unit in units {
            var change: Int32 = 0
            func add(_ part: UInt32) {
                parts.append(NormalizedText.Step(scalar: part, change: change))
                change = 1
            }
            if unit.scalar < 0x80 {
                add(unit.scalar)
            } else if isCompatible {
                FormTable.shared.forEachCompatible(of: unit.scalar, add)
            } else if table.flags[Int(unit.scalar)].contains(.decomposes) {
                table.forEachDecomposed(of: unit.scalar, add)
            } else {
                add(unit.scalar)
            }
        }
        // Marks in a row stand in the order of their classes
        var start = 0
        while start < parts.count {
            var end = start
            while end < parts.count, table.combiningClass(parts[end].scalar) != 0 { end += 1 }
            if end > start + 1 {
                // By the index too: `sort` does not promise to be stable.
                let sorted = (start..<end).map { (table.combiningClass(parts[$0].scalar), $0) }.sorted { $0 < $1 }
                parts.replaceSubrange(start..<end, with: sorted.map { parts[$0.1] })
            }
            start = end + 1
        }
        return parts
    }

    /// Canonical composition: a mark joins the last starter unless a mark of its class or a higher one lies between them.
    private static func composed(_ parts: [NormalizedText.Step]) -> [NormalizedText.Step] {
        let (table, forms) = (ScalarTable.shared, FormTable.shared)
        var out: [NormalizedText.Step] = []
        out.reserveCapacity(parts.count)
        var starter: Int?
        var lastClass: UInt8?
        for part in parts {
            let order = table.combiningClass(part.scalar)
            if let place = starter, lastClass.map({ $0 < order }) ?? true,
                let composite = forms.composed(out[place].scalar, part.scalar)
            {
                out[place].scalar = composite
                out[place].change += part.change - 1
                continue
            }
            if order == 0 {
                starter = out.count
                lastClass = nil
            } else if starter != nil {
                lastClass = order
            }
            out.append(part)
        }
        return out
    }
}
