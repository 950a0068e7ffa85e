extension SplitFile {
    /// What a user should know of a split's rows, each in one line.
    func warnings(_ content: Content, labels: LabelIndex, task: String) -> [String] {
        if let reason = content.unscorable {
            return ["\(task): the \(split.rawValue) split cannot be scored (\(name)): \(reason)"]
        }
        var warnings: [String] = []
        let all = table.rows.count
        if let first = content.skipped.first {
            warnings.append(
                "\(task): skipped \(content.skipped.count) of \(all) rows of \(split.rawValue): "
                    + "\(content.skipped.summary) (the first is \(name):\(first.line))")
        }
        let unknown = content.examples.filter { $0.unknownLabel != nil }
        if let first = unknown.first {
            warnings.append(
                "\(task): \(unknown.count) of \(all) rows of \(split.rawValue) have a label that \(labels.source.words) "
                    + "does not have, such as '\(shown(first.unknownLabel ?? ""))' (\(name):\(first.line)); they count as "
                    + "wrong")
        }
        return warnings
    }
}

extension LabelSource {
    /// What has the labels, for the middle of a sentence.
    var words: String {
        switch self {
        case .training(let file): file
        case .definition(let file): "the list in \(file)"
        case .bundle(let file): "the head in \(file)"
        case .sourceLanguage(let file): file
        }
    }
}
