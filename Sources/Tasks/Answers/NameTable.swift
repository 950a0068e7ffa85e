/// Names that stand for numbers in the bytes of answers, each once: there are far fewer names than words.
struct NameTable {
    private var numbers: [String: Int] = [:]
    private var names: [String] = []

    /// The number of a name, from 0 in the order in which they are asked for.
    mutating func number(_ name: String) -> Int {
        if let known = numbers[name] { return known }
        numbers[name] = names.count
        names.append(name)
        return names.count - 1
    }

    /// How many there are, and the names.
    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        CanonicalData.append(names.count, to: &bytes)
        for name in names { CanonicalData.append(name, to: &bytes) }
        return bytes
    }
}
