/// A classification task that Debian's metadata hold: the archive's section, or one facet of debtags.
struct DebianTask: Equatable, Sendable {
    /// The task's name, and the facet's.
    let name: String
    /// One line for people.
    let description: String

    static let all: [DebianTask] = [
        DebianTask(name: "section", description: "Which section of the archive a package is in"),
        DebianTask(name: "role", description: "What a package is: program, library, documentation, data"),
        DebianTask(name: "implemented-in", description: "Which programming language a package is written in"),
        DebianTask(name: "interface", description: "Which kind of user interface a package has"),
        DebianTask(name: "uitoolkit", description: "Which user interface toolkit a package uses"),
        DebianTask(name: "use", description: "What one does with a package"),
        DebianTask(name: "works-with", description: "What kind of data a package works with"),
        DebianTask(name: "scope", description: "How much of a job a package covers: utility, application, suite"),
        DebianTask(name: "field", description: "Which field of knowledge a package serves"),
        DebianTask(name: "game", description: "What kind of game a package is"),
    ]

    /// Classes with fewer packages than this are no classes.
    static let smallestClass = 20

    /// The package's label, or nil if it has none or more than one.
    func label(section: String?, tags: [String: Set<String>]) -> String? {
        if name == "section" {
            // 'contrib/net', 'universe/net': what stands before the slash is the archive's component
            return section?.split(separator: "/").last.map(String.init)
        }
        guard let values = tags[name], values.count == 1 else { return nil }
        return values.first
    }

    /// The labels of each task, sorted, for all languages alike: of the packages with an English text.
    static func labels(of packages: [Package], english: [String?]) -> [[String]] {
        all.indices.map { task in
            var counts: [String: Int] = [:]
            for (package, text) in zip(packages, english) where text != nil {
                if let label = package.labels[task] { counts[label, default: 0] += 1 }
            }
            return counts.filter { $0.value >= smallestClass }.keys.sorted()
        }
    }
}

/// Reads the field `Tag: role::program, works-with::{text, image:raster}`.
enum DebtagsField {
    /// The values of each facet. `TODO` is a reviewer's note, not a value.
    static func values(_ bytes: UnsafeRawBufferPointer) -> [String: Set<String>] {
        var tags: [String: Set<String>] = [:]
        var facet: String?
        var token: [UInt8] = []

        func finish(inBraces: Bool) {
            defer { token.removeAll(keepingCapacity: true) }
            guard !token.isEmpty else { return }
            let text = String(decoding: token, as: UTF8.self)
            if inBraces, let facet {
                if text != "TODO" { tags[facet, default: []].insert(text) }
            } else if let colons = text.firstRange(of: "::") {
                let value = String(text[colons.upperBound...])
                if !value.isEmpty, value != "TODO" {
                    tags[String(text[..<colons.lowerBound]), default: []].insert(value)
                }
            }
        }

        var inBraces = false
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "{") where !inBraces && token.suffix(2) == [58, 58]:
                facet = String(decoding: token.dropLast(2), as: UTF8.self)
                token.removeAll(keepingCapacity: true)
                inBraces = true
            case UInt8(ascii: "}") where inBraces:
                finish(inBraces: true)
                inBraces = false
            case UInt8(ascii: ","), 9...13, 32:
                finish(inBraces: inBraces)
            default:
                token.append(byte)
            }
        }
        finish(inBraces: inBraces)
        return tags
    }
}
