/// Lower case, scalar by scalar (a final sigma is none of its own): `"type": "Lowercase"`.
struct Lowercase: Normalizer {
    func write(to identity: inout TokenizerIdentity) { identity.add("Lowercase") }

    func normalize(_ text: inout NormalizedText) {
        let table = ScalarTable.shared
        var out: [NormalizedText.Unit] = []
        out.reserveCapacity(text.units.count)
        for unit in text.units {
            if table.flags[Int(unit.scalar)].contains(.lowers) {
                table.forEachLowercase(of: unit.scalar) {
                    out.append(.init(scalar: $0, start: unit.start, end: unit.end))
                }
            } else {
                out.append(unit)
            }
        }
        text.units = out
    }
}

/// Marks go: `"type": "StripAccents"`. It removes no accent from a composed letter; NFD stands before it for that.
struct StripAccents: Normalizer {
    func write(to identity: inout TokenizerIdentity) { identity.add("StripAccents") }

    func normalize(_ text: inout NormalizedText) {
        guard text.units.contains(where: { $0.scalar >= 0x300 }) else { return }
        text.units.removeAll { $0.scalar >= 0x300 && FormTable.shared.isMark($0.scalar) }
    }
}

/// sentencepiece's rules for machine translation: controls go, unusual spaces become one: `"type": "Nmt"`.
struct NMT: Normalizer {
    func write(to identity: inout TokenizerIdentity) { identity.add("Nmt") }

    func normalize(_ text: inout NormalizedText) {
        text.units.removeAll {
            switch $0.scalar {
            case 0x1...0x8, 0xB, 0xE...0x1F, 0x7F, 0x8F, 0x9F: true
            default: false
            }
        }
        for i in text.units.indices {
            switch text.units[i].scalar {
            case 0x9, 0xA, 0xC, 0xD, 0x1680, 0x200B...0x200F, 0x2028, 0x2029, 0x2581, 0xFEFF, 0xFFFD:
                text.units[i].scalar = 0x20
            default: break
            }
        }
    }
}

/// A text before a text that is not empty: `"type": "Prepend"`.
struct Prepend: Normalizer {
    var text: [UInt32]

    func write(to identity: inout TokenizerIdentity) {
        guard !text.isEmpty else { return }
        identity.add("Prepend")
        identity.add(text.count)
        for scalar in text { identity.add(Int(scalar)) }
    }

    func normalize(_ text: inout NormalizedText) {
        guard let first = text.units.first else { return }
        text.units.insert(
            contentsOf: self.text.map { .init(scalar: $0, start: first.start, end: first.end) }, at: 0)
    }
}
