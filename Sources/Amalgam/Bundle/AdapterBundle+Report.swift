import Reporting

extension AdapterBundle: CustomStringConvertible {
    /// What it is in a few words: "adapter reviews, 304,898 parameters".
    public var description: String { "\(kind.rawValue) \(name), \(Human.count(parameters, "parameter"))" }
}

extension AdapterBundle {
    /// What it contains and how it was trained, as a report.
    public var report: Report { Report(BundleReport(bundle: self)) }

    /// The same as values: `kind`, `name`, `base`, `members`, `member_parameters`, `language`, `composition`, `heads`, `parameters`, `task`, `seed`,
    /// `steps`, `settings`, `dev`, `kernels`, `started_from`.
    public var values: [String: SettingValue] {
        [
            "kind": .string(kind.rawValue), "name": .string(name),
            "base": [
                "name": .string(base.name), "fingerprint": .string(base.fingerprint ?? "unknown"),
                "tokenizer": .string(base.tokenizer ?? "unknown"), "hidden": .init(base.hiddenSize),
                "layers": .init(base.layers),
            ],
            "members": .list(members.map { .string($0.name) }),
            "member_parameters": .map(
                Dictionary(members.map { ($0.name, .init($0.parameters)) }, uniquingKeysWith: { a, _ in a })),
            "language": language.map { ["name": .string($0.name), "hash": .string($0.hash)] } ?? .null,
            "composition": compositionTree ?? .null,
            "heads": .map(
                Dictionary(
                    heads.map { ($0.name, .list($0.labels.map { .string($0) })) }, uniquingKeysWith: { a, _ in a })),
            "parameters": .init(parameters), "task": .string(provenance.task), "seed": .init(provenance.seed),
            "steps": .init(provenance.steps), "settings": provenance.settings, "dev": provenance.metrics,
            "kernels": .string(provenance.kernels),
            "texts": provenance.texts.map { .init($0) } ?? .null,
            "started_from": .map(provenance.startedFrom.mapValues { .string($0) }),
        ]
    }
}

/// A bundle's content as a page.
private struct BundleReport: PageReport {
    let bundle: AdapterBundle

    func encode(to encoder: any Encoder) throws { try SettingValue.map(bundle.values).encode(to: encoder) }

    func page() -> ReportPage {
        ReportPage(title: bundle.description, sections: [.init("Content", [.table(table, caption: "")])])
    }

    func text(on terminal: Terminal) -> String { table.text(.columns, on: terminal) }

    /// Of what it was merged, and how: "by ties: game (1), works (0.5)".
    private var merged: String {
        guard let merge = bundle.provenance.settings["merge"], case .list(let parts)? = merge["bundles"] else {
            return ""
        }
        let names = parts.map { "\($0["name"]?.text ?? "") (\($0["weight"]?.json ?? ""))" }
        return "by \(merge["method"]?.text ?? ""): \(names.joined(separator: ", "))"
    }

    private var table: TextTable {
        let base = bundle.base
        let provenance = bundle.provenance
        var table = TextTable([TextTable.Column("field"), TextTable.Column("value")])
        func row(_ name: String, _ value: String) { if !value.isEmpty { table.append([.init(name), .init(value)]) } }
        row("kind", bundle.kind.rawValue)
        row("name", bundle.name)
        row("base", "\(base.name), \(Human.count(base.layers, "layer")), hidden \(base.hiddenSize)")
        row("fingerprint", base.fingerprint ?? "unknown")
        row("tokenizer", base.tokenizer ?? "unknown")
        for member in bundle.members {
            let change =
                member.startedFrom.map { ", trained further here; before, its hash was \($0.prefix(12))" } ?? ""
            let parts = member.configuration.parts.map(\.method).joined(separator: ", ")
            let method = member.configuration.method + (parts.isEmpty ? "" : " of \(parts)")
            row("adapter \(member.name)", "\(method), \(Human.bytes(member.bytes))\(change)")
        }
        if let composition = bundle.composition { row("composition", composition) }
        for (scope, hash) in provenance.startedFrom.sorted(by: { $0.key < $1.key }) where scope.hasPrefix("blocks/") {
            row("block \(scope.dropFirst("blocks/".count))", "started from a trained one, hash \(hash.prefix(12))")
        }
        if let language = bundle.language { row("on language", "\(language.name), \(language.hash)") }
        for head in bundle.heads {
            let task = head.task.map { "for \(head.taskKind.map { "\($0.rawValue) " } ?? "")\($0), " } ?? ""
            row("head \(head.name)", task + head.words)
        }
        row("parameters", Human.count(bundle.parameters))
        row("task", provenance.task)
        row("merged", merged)
        row("training texts", provenance.texts.map { Human.count($0) } ?? "")
        row("settings", provenance.settings.json)
        row(
            "steps",
            "\(Human.count(provenance.steps)) in \(Human.count(provenance.epochs, "epoch")), seed \(provenance.seed)")
        row("dev", provenance.metrics.json)
        row("kernels", provenance.kernels)
        row("license", provenance.license)
        return table
    }
}

extension AdapterBundle.Head {
    fileprivate var words: String {
        let input =
            switch pooling {
            case .firstToken?: "the first token"
            case .mean?: "the mean of all tokens"
            case nil:
                switch output {
                case .answers: "each token of a question and its context"
                case .tokens: "each hidden token"
                default: "each word"
                }
            }
        let gives =
            switch output {
            case .classes(let labels), .tags(let labels):
                "one of \(Human.count(labels.count, "label")): \(labels.joined(separator: ", "))"
            case .trees(let labels):
                "a dependency tree with \(Human.count(labels.count, "label")): \(labels.joined(separator: ", "))"
            case .labelSets(let labels, let thresholds):
                "any of \(Human.count(labels.count, "label")) (with the probability from which on it is given): "
                    + zip(labels, thresholds).map { "\($0) (\(Human.score(Double($1))))" }.joined(separator: ", ")
            case .choices: "one of a question's choices"
            case .numbers(let count): count == 1 ? "a number" : "\(count) numbers"
            case .similarity(let range):
                "the similarity of two texts, from \(Human.score(Double(range.lowerBound))) to "
                    + Human.score(Double(range.upperBound))
            case .ranking(let ofEntities): ofEntities ? "a ranking of entities" : "a ranking of documents"
            case .answers(let hasNone): "a part of the context" + (hasNone ? ", or no answer" : "")
            case .clusters: "clusters of mentions"
            case .tokens: "the token that is hidden"
            }
        return "\(kind), reads \(input), gives \(gives)"
    }
}
