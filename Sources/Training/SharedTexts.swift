import Files
import Tasks

/// Tasks that ask different things of the same texts, such as a label and a number for each review: one pass of the encoder
/// serves all their heads.
///
/// Tasks belong together if they read the same training file; their rows are matched by line, or by element where the file is
/// an array. A row that one task skipped, for example because it has no label there, has no target for that task's head and
/// keeps those of the others.
///
/// All tasks must read the same of a row: equal texts, or equal words. Where one reads words and another a text, the words
/// must spell the text, white space apart: "Hello , world" and "Hello, world" agree. The encoder then reads the words.
enum SharedTexts {
    /// Indices of tasks that belong together, in the order of their first.
    static func groups(_ tasks: [TaskData], shares: Bool) -> [[Int]] {
        guard shares else { return tasks.indices.map { [$0] } }
        var groups: [[Int]] = []
        for (index, task) in tasks.enumerated() {
            let file = task.definition.url(of: .train)?.standardizedFileURL.path
            let known = groups.firstIndex {
                file != nil && tasks[$0[0]].definition.url(of: .train)?.standardizedFileURL.path == file
            }
            if let known { groups[known].append(index) } else { groups.append([index]) }
        }
        return groups
    }

    /// Where a row is. Files count in the order of the tasks, so that no path decides the order of rows.
    private struct Place: Hashable, Comparable {
        let file: Int
        let line: Int
        let element: Int

        static func < (a: Place, b: Place) -> Bool { (a.file, a.line, a.element) < (b.file, b.line, b.element) }
    }

    /// The examples of a split for each task of a group, all in the same order.
    /// - Throws: `TrainingError.mismatch` where two tasks read different texts in one row
    static func rows(_ split: Split, of tasks: [TaskData]) throws(TrainingError) -> [[Example]] {
        guard tasks.count > 1 else { return tasks.map { $0[split] } }
        var files: [String: Int] = [:]
        var slots: [Place: Int] = [:]
        var places: [Place] = []
        /// By slot, then by task.
        var known: [[Example?]] = []
        for (index, task) in tasks.enumerated() {
            let path = task.definition.url(of: split)?.standardizedFileURL.path ?? task.definition.source
            let file = files[path] ?? files.count
            files[path] = file
            for (row, example) in task[split].enumerated() {
                // Examples that come from no file have neither line nor element
                let place = Place(
                    file: file, line: example.line, element: example.element ?? (example.line == 0 ? row : 0))
                let slot = slots[place] ?? places.count
                if slot == places.count {
                    slots[place] = slot
                    places.append(place)
                    known.append([Example?](repeating: nil, count: tasks.count))
                }
                known[slot][index] = example
            }
        }
        var rows = [[Example]](repeating: [], count: tasks.count)
        for (id, slot) in places.indices.sorted(by: { places[$0] < places[$1] }).enumerated() {
            var blank = try common(known[slot], of: tasks, split)
            blank.id = id
            for task in tasks.indices {
                var example = known[slot][task] ?? blank
                example.id = id
                rows[task].append(example)
            }
        }
        return rows
    }

    /// What all tasks read of a row, without any answer.
    private static func common(
        _ examples: [Example?], of tasks: [TaskData], _ split: Split
    ) throws(TrainingError) -> Example {
        let present = examples.indices.filter { examples[$0] != nil }
        // Words are the more exact form of a text
        guard let first = present.first(where: { examples[$0]?.payload?.words != nil }) ?? present.first,
            var common = examples[first]
        else { preconditionFailure("a row of no task") }
        for other in present where other != first {
            guard let example = examples[other], let found = TextDifference(common, example) else { continue }
            let file = tasks[first].files[split]?.name ?? tasks[first].definition.source
            throw .mismatch(
                "\(file)\(common.element.map { "[\($0)]" } ?? ""):\(common.line): "
                    + "task \(tasks[first].definition.name) reads \(found.first), "
                    + "task \(tasks[other].definition.name) reads \(found.second); --share-texts needs the same text in all "
                    + "tasks of a file: name the same columns under fields, or train without --share-texts")
        }
        common.label = nil
        common.unknownLabel = nil
        common.labelProbabilities = nil
        common.payload = common.payload?.words.map { TaggedTokens(tokens: $0) }
        return common
    }
}

/// How the texts of two examples differ, for a message.
struct TextDifference: Equatable {
    let first: String
    let second: String

    /// nil if they read the same.
    init?(_ a: Example, _ b: Example) {
        switch (a.payload?.words, b.payload?.words) {
        case (let ours?, let theirs?):
            guard ours != theirs else { return nil }
            if let place = zip(ours, theirs).enumerated().first(where: { $1.0 != $1.1 })?.offset {
                let (mine, other) = Self.excerpts(ours[place], theirs[place])
                self.init("\(mine) as word \(place + 1)", "\(other) as word \(place + 1)")
            } else {
                self.init(counted(ours.count, "word"), counted(theirs.count, "word"))
            }
        case (nil, nil):
            if a.text != b.text {
                let (mine, other) = Self.excerpts(a.text, b.text)
                self.init(mine, other)
            } else if let ours = a.pair, let theirs = b.pair {
                guard ours != theirs else { return nil }
                let (mine, other) = Self.excerpts(ours, theirs)
                self.init("\(mine) as second text", "\(other) as second text")
            } else {
                guard a.pair != b.pair else { return nil }
                self.init(Self.form(a), Self.form(b))
            }
        case (let ours, _):
            guard a.pair == nil, b.pair == nil else {
                self.init(Self.form(a), Self.form(b))
                return
            }
            // The text of words is the words with spaces between them
            guard a.text != b.text, Self.letters(a.text) != Self.letters(b.text) else { return nil }
            let (mine, other) = Self.excerpts(a.text, b.text) { $0.isWhitespace }
            self.init(ours == nil ? mine : "the words \(mine)", ours == nil ? "the words \(other)" : other)
        }
    }

    private init(_ first: String, _ second: String) {
        self.first = first
        self.second = second
    }

    private static func form(_ example: Example) -> String {
        example.payload?.words != nil ? "words" : example.pair != nil ? "a pair of texts" : "one text"
    }

    private static func letters(_ text: String) -> String { String(text.filter { !$0.isWhitespace }) }

    /// Both texts around the first character in which they differ, in quotes.
    private static func excerpts(
        _ a: String, _ b: String, ignoring: (Character) -> Bool = { _ in false }
    ) -> (String, String) {
        var (i, j) = (a.startIndex, b.startIndex)
        while true {
            while i < a.endIndex, ignoring(a[i]) { i = a.index(after: i) }
            while j < b.endIndex, ignoring(b[j]) { j = b.index(after: j) }
            guard i < a.endIndex, j < b.endIndex, a[i] == b[j] else { break }
            (i, j) = (a.index(after: i), b.index(after: j))
        }
        return (excerpt(a, around: i), excerpt(b, around: j))
    }

    private static func excerpt(_ text: String, around place: String.Index) -> String {
        let start = text.index(place, offsetBy: -12, limitedBy: text.startIndex) ?? text.startIndex
        let end = text.index(place, offsetBy: 24, limitedBy: text.endIndex) ?? text.endIndex
        let part = text[start..<end].map { $0.isNewline ? " " : String($0) }.joined()
        return "\"\(start > text.startIndex ? "…" : "")\(part)\(end < text.endIndex ? "…" : "")\""
    }
}
