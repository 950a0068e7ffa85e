/// A text for another: `"type": "Replace"`. What is put in stands for the last scalar that it replaces.
struct Replace: Normalizer {
    /// What is looked for; a subset of what a `Replace` may have, as the full syntax of its expressions is a library.
    enum Pattern: Equatable {
        case text([UInt32])
        /// At least so many of one scalar in a row, or of white space where it is nil.
        case run(of: UInt32?, least: Int)
    }

    var pattern: Pattern
    var content: [UInt32]

    func write(to identity: inout TokenizerIdentity) {
        identity.add("Replace")
        switch pattern {
        case .text(let text):
            identity.add(text.count)
            for scalar in text { identity.add(Int(scalar)) }
        case .run(let scalar, let least):
            identity.add(-least)
            identity.add(scalar.map { Int($0) } ?? -1)
        }
        identity.add(content.count)
        for scalar in content { identity.add(Int(scalar)) }
    }

    func normalize(_ text: inout NormalizedText) {
        let units = text.units
        var out: [NormalizedText.Unit] = []
        out.reserveCapacity(units.count)
        var index = 0
        var isChanged = false
        while index < units.count {
            let length = matched(units, index)
            guard length > 0 else {
                out.append(units[index])
                index += 1
                continue
            }
            isChanged = true
            let last = units[index + length - 1]
            for scalar in content { out.append(.init(scalar: scalar, start: last.start, end: last.end)) }
            index += length
        }
        if isChanged { text.units = out }
    }

    /// Scalars that match from here on; 0 for none.
    private func matched(_ units: [NormalizedText.Unit], _ start: Int) -> Int {
        switch pattern {
        case .text(let text):
            guard !text.isEmpty, start + text.count <= units.count else { return 0 }
            for (i, scalar) in text.enumerated() where units[start + i].scalar != scalar { return 0 }
            return text.count
        case .run(let scalar, let least):
            var end = start
            while end < units.count, Self.isOne(units[end].scalar, scalar) { end += 1 }
            return end - start >= least ? end - start : 0
        }
    }

    private static func isOne(_ unit: UInt32, _ scalar: UInt32?) -> Bool {
        if let scalar { return unit == scalar }
        return ScalarTable.shared.flags[Int(unit)].contains(.space)
    }

    /// A regular expression of those that tokenizers have: plain text, or one scalar or `\s` with `+`, `{n,}` or nothing.
    /// - Returns: nil for another one
    static func pattern(regex: String) -> Pattern? {
        var scalars = Array(regex.unicodeScalars)[...]
        if scalars.isEmpty { return nil }
        var least = 1
        if scalars.last == "+" {
            scalars = scalars.dropLast()
        } else if scalars.last == "}", let open = scalars.lastIndex(of: "{"),
            scalars[scalars.index(scalars.endIndex, offsetBy: -2)] == ","
        {
            let digits = String(String.UnicodeScalarView(scalars[(open + 1)..<(scalars.endIndex - 2)]))
            guard let count = Int(digits), (1...1000).contains(count) else { return nil }
            least = count
            scalars = scalars[..<open]
        } else {
            guard let text = literal(scalars) else {
                return scalars.elementsEqual("\\s".unicodeScalars) ? .run(of: nil, least: 1) : nil
            }
            return .text(text)
        }
        if scalars.elementsEqual("\\s".unicodeScalars) { return .run(of: nil, least: least) }
        guard let text = literal(scalars), text.count == 1 else { return nil }
        return .run(of: text[0], least: least)
    }

    /// The text that an expression without operators stands for; `\.` is a dot.
    private static func literal(_ scalars: ArraySlice<Unicode.Scalar>) -> [UInt32]? {
        var text: [UInt32] = []
        var isEscaped = false
        for scalar in scalars {
            let isOperator = "\\.^$|?*+()[]{}".unicodeScalars.contains(scalar)
            if isEscaped {
                // Before a letter or a digit a backslash means something else
                guard isOperator || scalar == "-" || scalar == "/" || scalar == " " else { return nil }
                text.append(scalar.value)
                isEscaped = false
            } else if scalar == "\\" {
                isEscaped = true
            } else {
                guard !isOperator else { return nil }
                text.append(scalar.value)
            }
        }
        return isEscaped ? nil : text
    }
}
