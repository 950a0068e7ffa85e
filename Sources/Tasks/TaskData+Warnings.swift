import Files

extension TaskData {
    /// A class with one training text is more often a broken row than a class. Only the user can decide.
    var loneLabels: String? {
        var counts = [Int](repeating: 0, count: labels.count)
        for example in train {
            if let label = example.label { counts[label] += 1 }
            for label in example.labelSet?.labels ?? [] { counts[label] += 1 }
        }
        let lone = zip(labels, counts).filter { $0.1 == 1 }.map { "'\(shown($0.0))'" }
        guard !lone.isEmpty, lone.count < labels.count else { return nil }
        return
            "\(definition.name): \(counted(lone.count, of: labels.count, "labels", "has", "have")) one training text "
            + "(\(lone.prefix(5).joined(separator: ", "))\(lone.count > 5 ? ", …" : "")); "
            + "if \(lone.count == 1 ? "this row is" : "these rows are") broken, list the real labels under labels in a task "
            + "YAML"
    }

    /// Labels that look the same: they differ only in white space, case or invisible characters.
    var similarLabels: String? {
        var counts = [Int](repeating: 0, count: labels.count)
        for example in train {
            if let label = example.label { counts[label] += 1 }
            for label in example.labelSet?.labels ?? [] { counts[label] += 1 }
            for label in example.tagged?.tags ?? example.parsed?.labels ?? [] where label >= 0 { counts[label] += 1 }
        }
        let noun = train.contains { $0.payload?.words != nil } ? "word" : "row"
        let groups = Dictionary(grouping: labels.indices) { Self.folded(labels[$0]) }.values
            .filter { $0.count > 1 }.sorted { $0[0] < $1[0] }
        guard !groups.isEmpty else { return nil }
        let words = groups.prefix(5).map { group in
            group.map { "'\(shown(labels[$0]))' (\(counted(counts[$0], noun)))" }.joined(separator: " and ")
        }
        return
            "\(definition.name): labels that differ only in white space, case or invisible characters are different classes: "
            + "\(words.joined(separator: "; "))\(groups.count > 5 ? "; …" : ""); make them equal in the data if they mean the "
            + "same"
    }

    private static func folded(_ label: String) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in label.lowercased().unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .spaceSeparator: continue
            default: scalars.append(scalar)
            }
        }
        return String(scalars)
    }
}
