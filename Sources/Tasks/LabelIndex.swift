import Files

/// Where a list of labels comes from; a message about a label names it.
package enum LabelSource: Equatable, Sendable {
    /// The labels that occur in this file.
    case training(file: String)
    /// The list under `labels` in this task YAML.
    case definition(file: String)
    /// The head in this bundle.
    case bundle(file: String)
    /// The same task in its source language, read from this file.
    case sourceLanguage(file: String)
}

/// Labels that are known before the data is read.
package struct KnownLabels: Equatable, Sendable {
    package var names: [String]
    package var source: LabelSource

    package init(_ names: [String], source: LabelSource) {
        self.names = names
        self.source = source
    }
}

/// A task's labels, looked up by name.
package struct LabelIndex: Sendable {
    package let names: [String]
    package let source: LabelSource
    /// Whether `find` gives nil for an unknown label; otherwise it throws.
    package var countsUnknown = false
    /// The labels in the order of the task's YAML, which lists of probabilities follow; nil: it lists none.
    var listed: [String]?
    /// What the file's labels are called, by a task YAML's map.
    private let renamed: [String: String]
    private let indices: [String: Int]
    /// By whole number, for labels that are one (`1`, `1.0`).
    private let numbers: [Int: Int]

    /// - Parameter renamed: the file's label to the name; other labels are names already
    package init(_ names: [String], source: LabelSource, renamed: [String: String] = [:]) {
        self.names = names
        self.source = source
        self.renamed = renamed
        indices = Dictionary(zip(names, names.indices), uniquingKeysWith: { first, _ in first })
        var numbers: [Int: Int] = [:]
        for (index, name) in names.enumerated() {
            if let number = Self.wholeNumber(name), numbers[number] == nil { numbers[number] = index }
        }
        self.numbers = numbers
    }

    /// The label's index, or nil if it is unknown and unknown labels are counted.
    /// - Throws: `TaskError.unknownLabel`, naming the row
    package func find(_ label: String, in row: FieldRow) throws(TaskError) -> Int? {
        if let index = index(of: label) { return index }
        if countsUnknown { return nil }
        throw unknown(label, file: row.file, line: row.line)
    }

    /// The labels of a row's words: their indices, −1 for unknown ones, and the unknown ones by place.
    /// - Throws: `TaskError.unknownLabel`, naming the row, where unknown labels are not counted
    func find(
        each labels: [String], in row: FieldRow
    ) throws(TaskError) -> (indices: [Int], unknown: [Int: String]) {
        var (indices, unknown): ([Int], [Int: String]) = ([], [:])
        for (place, label) in labels.enumerated() {
            let index = try find(label, in: row)
            indices.append(index ?? -1)
            if index == nil { unknown[place] = name(of: label) }
        }
        return (indices, unknown)
    }

    /// - Throws: `TaskError.unknownLabel`, naming the row
    package func index(of label: String, in row: FieldRow) throws(TaskError) -> Int {
        if let index = index(of: label) { return index }
        throw unknown(label, file: row.file, line: row.line)
    }

    func unknown(_ label: String, file: String, line: Int) -> TaskError {
        let name = name(of: label)
        return .unknownLabel(
            file: file, line: line, label: name, nearest: nearestName(to: name, among: names), labels: names,
            source: source)
    }

    /// What a label of the file is called.
    func name(of label: String) -> String {
        renamed[label] ?? Self.wholeNumber(label).flatMap { renamed[String($0)] } ?? label
    }

    /// Exact names come first; a number that was written as a float (`1.0`) is the same label as the integer.
    private func index(of label: String) -> Int? {
        if let name = renamed[label] { return indices[name] }
        if let index = indices[label] { return index }
        guard let number = Self.wholeNumber(label) else { return nil }
        if let name = renamed[String(number)] { return indices[name] }
        // `01` and `+1` are no floats: they are labels of their own.
        return label.contains(".") || numbers[number].map { names[$0].contains(".") } == true ? numbers[number] : nil
    }

    /// The value of `12` or `-3.0`, or nil for other texts.
    static func wholeNumber(_ label: String) -> Int? {
        let parts = label.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let whole = parts.first,
            let number = Int(
                String(decoding: whole, as: UTF8.self))
        else {
            return nil
        }
        if parts.count == 2, parts[1].isEmpty || !parts[1].allSatisfy({ $0 == UInt8(ascii: "0") }) { return nil }
        return number
    }

    /// The labels that were seen in a training split, in the order of their indices.
    ///
    /// `1.0` joins `1`, and where all labels are whole numbers they are written as such: pandas turns integers into floats
    /// as soon as one is missing.
    static func names(of seen: Set<String>) -> [String] {
        let isNumeric = seen.allSatisfy { wholeNumber($0) != nil }
        var names = Set<String>()
        for label in seen {
            guard label.contains("."), let number = wholeNumber(label), isNumeric || seen.contains(String(number))
            else {
                names.insert(label)
                continue
            }
            names.insert(String(number))
        }
        return sorted(names)
    }

    /// By number if all are integers, else by code point (not by locale: the order decides what an index means).
    static func sorted(_ labels: Set<String>) -> [String] {
        let byCodePoint = labels.sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
        let numbers = byCodePoint.compactMap { Int($0) }
        guard numbers.count == labels.count else { return byCodePoint }
        // Texts of one number (1, 01, +1) keep the order of their code points.
        return zip(numbers, byCodePoint).enumerated()
            .sorted { ($0.element.0, $0.offset) < ($1.element.0, $1.offset) }
            .map { $0.element.1 }
    }
}
