import Foundation

/// The parts into which every task falls.
enum Split: Int, CaseIterable, Sendable {
    case train, dev, test

    var name: String { "\(self)" }

    /// 70, 15 and 15 of a hundred *source* packages: sister packages, whose descriptions share whole paragraphs,
    /// never fall on both sides, and a package is on the same side in every language. Not 80, 10 and 10, because the
    /// smallest tasks have only 600 packages: a score on 60 of them says little, whether it chooses or judges.
    init(source: String) {
        switch StableHash.of(source) % 20 {
        case 0..<14: self = .train
        case 14..<17: self = .dev
        default: self = .test
        }
    }
}

/// The MD5 of a package's English description, by which translations are found.
struct DescriptionHash: Hashable {
    private let high: UInt64
    private let low: UInt64

    /// - Returns: nil unless the text is 32 hexadecimal digits
    init?(_ text: String) {
        let digits = Array(text.utf8)
        guard digits.count == 32 else { return nil }
        var halves: [UInt64] = [0, 0]
        for (index, digit) in digits.enumerated() {
            let value: UInt8
            switch digit {
            case 48...57: value = digit - 48
            case 65...70: value = digit - 55
            case 97...102: value = digit - 87
            default: return nil
            }
            halves[index / 16] = halves[index / 16] << 4 | UInt64(value)
        }
        high = halves[0]
        low = halves[1]
    }
}

/// A package as far as the tasks need it.
struct Package {
    var name: String
    /// The source package that it is built from; its own name where the list says none.
    var source: String
    var split: Split
    /// The label of each of `DebianTask.all`, nil where the package has none or several.
    var labels: [String?]
    /// Its English description's MD5, if the list says it.
    var hash: DescriptionHash?
    /// The description that stands in Packages itself, if a long one does (old and foreign archives).
    var ownText: String?
}

/// The packages of all Packages lists, each name once.
struct PackageIndex {
    /// Sorted by name.
    private(set) var packages: [Package]
    /// Stanzas left out because an earlier one has the same name (other suites, architectures, versions).
    private(set) var repeated = 0

    private let place: [String: Int]

    /// - Parameter lists: the lists' contents. The largest list goes first and the first stanza of a name wins: that
    ///   is the suite itself, which changes least, not its updates. Equally long lists go by name.
    init(lists: [LoadedList]) throws(CorporaError) {
        var all: [String: Package] = [:]
        for list in lists.inReadingOrder {
            var reader = ControlReader(
                path: list.path, data: list.data,
                fields: ["Package", "Source", "Section", "Tag", "Description", "Description-en", "Description-md5"])
            while try reader.next() {
                guard let name = reader.text(0) else {
                    throw reader.malformedStanza(found: "a stanza without Package", expected: "the package's name")
                }
                guard all[name] == nil else {
                    repeated += 1
                    continue
                }
                all[name] = PackageIndex.package(named: name, from: reader)
            }
        }
        packages = all.values.sorted { $0.name < $1.name }
        place = Dictionary(uniqueKeysWithValues: packages.enumerated().map { ($1.name, $0) })
    }

    private static func package(named name: String, from reader: ControlReader) -> Package {
        // 'Source: name (version)' where the versions differ
        let source = reader.text(1).flatMap { $0.split(separator: " ").first.map(String.init) } ?? name
        let tags = reader.withBytes(reader.values[3]) { DebtagsField.values($0) }
        let labels = DebianTask.all.map { $0.label(section: reader.text(2), tags: tags) }
        let own = reader.values[reader.values[4].isEmpty ? 5 : 4]
        let text = reader.withBytes(own) { DescriptionText.hasLong($0) ? DescriptionText.render($0) : nil }
        return Package(
            name: name, source: source, split: Split(source: source), labels: labels,
            hash: reader.text(6).flatMap { DescriptionHash($0) }, ownText: text)
    }

    /// The packages' descriptions in one language, in the packages' order; nil where there is none.
    ///
    /// A translation counts only if it was made from the description that the package has now (same MD5).
    func texts(language: String, translations: [LoadedList]) throws(CorporaError) -> [String?] {
        var texts = [String?](repeating: nil, count: packages.count)
        for list in translations.inReadingOrder {
            var reader = ControlReader(
                path: list.path, data: list.data,
                fields: ["Package", "Description-md5", "Description-\(language)"])
            while try reader.next() {
                guard let name = reader.text(0) else {
                    throw reader.malformedStanza(found: "a stanza without Package", expected: "the package's name")
                }
                guard let index = place[name], texts[index] == nil, let hash = packages[index].hash,
                    let own = reader.text(1), DescriptionHash(own) == hash
                else { continue }
                texts[index] = reader.withBytes(reader.values[2]) { DescriptionText.render($0) }
            }
        }
        if language == "en" {
            for index in texts.indices where texts[index] == nil { texts[index] = packages[index].ownText }
        }
        return texts
    }
}
