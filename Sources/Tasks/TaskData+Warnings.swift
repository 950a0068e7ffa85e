extension TaskData {
    /// A class with one training text is more often a broken row than a class; only the user can tell.
    var loneLabels: String? {
        var counts = [Int](repeating: 0, count: labels.count)
        for example in train { if let label = example.label { counts[label] += 1 } }
        let lone = zip(labels, counts).filter { $0.1 == 1 }.map { "'\(shown($0.0))'" }
        guard !lone.isEmpty, lone.count < labels.count else { return nil }
        return "\(definition.name): \(lone.count) of \(labels.count) labels have one training text "
            + "(\(lone.prefix(5).joined(separator: ", "))\(lone.count > 5 ? ", …" : "")); if these rows are broken, list "
            + "the real labels under labels in a task YAML"
    }
}
