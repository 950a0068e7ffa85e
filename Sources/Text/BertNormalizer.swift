/// BERT's normaliser: cleans, sets ideographs apart, strips accents, lowers; in this order.
///
/// All steps look at one scalar at a time, so they run in one pass. The exception is NFD's reordering: it shows only
/// where a mark that is not stripped moves (a few spacing marks), which takes the slow path.
struct BertNormalizer: Normalizer {
    var cleansText = true
    var separatesIdeographs = true
    var stripsAccents = true
    var lowers = true

    func write(to identity: inout TokenizerIdentity) {
        let flags = [cleansText, separatesIdeographs, stripsAccents, lowers]
        guard flags.contains(true) else { return }
        identity.add("BertNormalizer")
        for flag in flags { identity.add(flag) }
    }

    func normalize(_ text: inout NormalizedText) {
        let table = ScalarTable.shared
        if stripsAccents && movesKeptMarks(text, table) {
            decomposeInOrder(&text, table)
        }
        var out: [NormalizedText.Unit] = []
        out.reserveCapacity(text.units.count + 8)
        for unit in text.units {
            let flags = table.flags[Int(unit.scalar)]
            if flags.isEmpty {
                out.append(unit)
                continue
            }
            if cleansText {
                if flags.contains(.removed) { continue }
                if flags.contains(.space) {
                    out.append(NormalizedText.Unit(scalar: 0x20, start: unit.start, end: unit.end))
                    continue
                }
            }
            let apart = separatesIdeographs && flags.contains(.ideograph)
            if apart { out.append(NormalizedText.Unit(scalar: 0x20, start: unit.start, end: unit.end)) }
            if stripsAccents && flags.contains(.decomposes) {
                table.forEachDecomposed(of: unit.scalar) { part in
                    appendLowered(part, unit, to: &out, table)
                }
            } else {
                appendLowered(unit.scalar, unit, to: &out, table)
            }
            if apart { out.append(NormalizedText.Unit(scalar: 0x20, start: unit.start, end: unit.end)) }
        }
        text.units = out
    }

    /// The last two steps for one scalar that stands for what `unit` stands for.
    @inline(__always)
    private func appendLowered(
        _ scalar: UInt32, _ unit: NormalizedText.Unit, to out: inout [NormalizedText.Unit], _ table: ScalarTable
    ) {
        let flags = table.flags[Int(scalar)]
        if stripsAccents && flags.contains(.nonspacing) { return }
        if lowers && flags.contains(.lowers) {
            table.forEachLowercase(of: scalar) { lower in
                out.append(NormalizedText.Unit(scalar: lower, start: unit.start, end: unit.end))
            }
        } else {
            out.append(NormalizedText.Unit(scalar: scalar, start: unit.start, end: unit.end))
        }
    }

    /// Whether NFD may move a mark that is then kept.
    private func movesKeptMarks(_ text: NormalizedText, _ table: ScalarTable) -> Bool {
        for unit in text.units where unit.scalar >= 0x300 {
            let flags = table.flags[Int(unit.scalar)]
            if flags.contains(.combining) {
                if !flags.contains(.nonspacing) { return true }
            } else if flags.contains(.decomposes) {
                var kept = false
                table.forEachDecomposed(of: unit.scalar) { part in
                    let flags = table.flags[Int(part)]
                    kept = kept || (flags.contains(.combining) && !flags.contains(.nonspacing))
                }
                if kept { return true }
            }
        }
        return false
    }

    /// Cleaning's removals and then NFD, with the origins that `tokenizers` gives to reordered marks: the first part
    /// of each decomposition takes the next scalar of the source, whatever it came from, the others repeat the last.
    private func decomposeInOrder(_ text: inout NormalizedText, _ table: ScalarTable) {
        if cleansText {
            text.units.removeAll { table.flags[Int($0.scalar)].contains(.removed) }
        }
        let source = separatesIdeographs ? apart(text.units, table) : text.units
        var parts: [(scalar: UInt32, opens: Bool, order: UInt8)] = []
        for unit in source {
            var opens = true
            let add = { (part: UInt32) in
                parts.append((part, opens, table.combiningClass(part)))
                opens = false
            }
            if table.flags[Int(unit.scalar)].contains(.decomposes) {
                table.forEachDecomposed(of: unit.scalar, add)
            } else {
                add(unit.scalar)
            }
        }
        var start = 0
        while start < parts.count {
            var end = start
            while end < parts.count && parts[end].order != 0 { end += 1 }
            if end > start + 1 {
                // Sorting is stable by the index: `sort` promises nothing.
                let sorted = (start..<end).sorted { (parts[$0].order, $0) < (parts[$1].order, $1) }.map { parts[$0] }
                parts.replaceSubrange(start..<end, with: sorted)
            }
            start = end + 1
        }
        var taken = 0
        var out: [NormalizedText.Unit] = []
        out.reserveCapacity(parts.count)
        for part in parts {
            if part.opens { taken += 1 }
            let from = taken == 0 ? NormalizedText.Unit(scalar: 0, start: 0, end: 0) : source[taken - 1]
            out.append(NormalizedText.Unit(scalar: part.scalar, start: from.start, end: from.end))
        }
        text.units = out
    }

    /// Spaces around ideographs, for the slow path: a decomposed compatibility ideograph keeps the flag, and a second
    /// pair of spaces around it changes nothing.
    private func apart(_ units: [NormalizedText.Unit], _ table: ScalarTable) -> [NormalizedText.Unit] {
        var out: [NormalizedText.Unit] = []
        out.reserveCapacity(units.count)
        for unit in units {
            let space = NormalizedText.Unit(scalar: 0x20, start: unit.start, end: unit.end)
            if table.flags[Int(unit.scalar)].contains(.ideograph) {
                out += [space, unit, space]
            } else {
                out.append(unit)
            }
        }
        return out
    }
}
