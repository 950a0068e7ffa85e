import Tasks

/// Tasks that ask different things of the same texts, such as a label and a number for each review: one pass of the encoder
/// serves all their heads.
///
/// Tasks belong together if they read the same training file; their rows are matched by file and line. A row that one task
/// skipped, for example because it has no label there, has no target for that task's head and keeps those of the others.
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

    private struct Place: Hashable, Comparable {
        let file: String
        let line: Int
        let id: Int
        static func < (a: Place, b: Place) -> Bool { (a.file, a.line, a.id) < (b.file, b.line, b.id) }
    }

    /// The examples of a split for each task of a group, all in the same order.
    /// - Throws: `TrainingError.mismatch` where two tasks read different texts in one row
    static func rows(_ split: Split, of tasks: [TaskData]) throws(TrainingError) -> [[Example]] {
        guard tasks.count > 1 else { return tasks.map { $0[split] } }
        var own: [[Place: Example]] = []
        for task in tasks {
            let file = task.definition.url(of: split)?.standardizedFileURL.path ?? task.definition.source
            var rows: [Place: Example] = [:]
            for example in task[split] {
                // All elements of a JSON array may be in one line
                var place = Place(file: file, line: example.line, id: 0)
                while rows[place] != nil { place = Place(file: file, line: example.line, id: place.id + 1) }
                rows[place] = example
            }
            own.append(rows)
        }
        let places = own.reduce(into: Set<Place>()) { $0.formUnion($1.keys) }.sorted()
        var texts: [Example] = []
        for place in places {
            let rows = own.compactMap { $0[place] }
            // Words are the more exact form of a text
            var text = rows.first { $0.tagged != nil } ?? rows[0]
            if let other = rows.first(where: {
                $0.tagged == nil && text.tagged == nil && ($0.text, $0.pair) != (text.text, text.pair)
            }) {
                throw .mismatch(
                    "line \(place.line): tasks read different texts (\(Self.shown(text.text)) and \(Self.shown(other.text))); "
                        + "--share-texts needs the same text field in all of them")
            }
            text.label = nil
            text.unknownLabel = nil
            text.payload = text.tagged.map { TaggedTokens(tokens: $0.tokens) }
            texts.append(text)
        }
        return own.map { rows in
            zip(places, texts).enumerated().map { index, row in
                var example = rows[row.0] ?? row.1
                example.id = index
                return example
            }
        }
    }

    private static func shown(_ text: String) -> String { "\"\(text.prefix(30))\(text.count > 30 ? "…" : "")\"" }
}
