import Amalgam
import ArgumentParser
import Foundation
import Reporting

struct InspectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show what a bundle contains and how it was trained. Validates the whole file.")

    @Argument(help: "The bundle.") var bundle: String
    @Flag(help: "Also recompute the content hashes and, with --model, the base model's fingerprint.")
    var verify = false
    @Option(help: "The base model to verify against.") var model: String?
    @Flag(help: "Read a bundle even if it was modified after Amalgam wrote it.") var allowChanged = false
    @OptionGroup var common: CommonOptions

    func run() async throws {
        try await guarded {
            let file = URL(fileURLWithPath: bundle)
            let stored = try AdapterBundle(contentsOf: file, allowsChanges: allowChanged)
            var verified: [String] = []
            var changes: [String] = []
            if verify {
                changes = allowChanged ? try AdapterBundle.changes(in: file) : []
                verified +=
                    changes.isEmpty
                    ? ["seal, schema, values and content hashes: correct"] : changes.map { "changed: \($0)" }
                if let model {
                    let base = try Model(named: model, threads: common.threads)
                    Console.warn(try stored.check(against: base, rereadsWeights: true))
                    verified.append("base \(base.name): the model that it was trained on")
                }
            }
            guard common.json else { return show(stored, verified) }
            Console.print(json: [
                "bundle": .string(bundle), "kind": .string(stored.kind.rawValue), "name": .string(stored.name),
                "base": [
                    "name": .string(stored.base.name), "fingerprint": .string(stored.base.fingerprint ?? "unknown"),
                    "tokenizer": .string(stored.base.tokenizer ?? "unknown"),
                    "hidden": .init(stored.base.hiddenSize), "layers": .init(stored.base.layers),
                ],
                "members": .list(stored.members.map { .string($0.name) }),
                "language": stored.language.map { ["name": .string($0.name), "hash": .string($0.hash)] } ?? .null,
                "composition": stored.compositionTree ?? .null,
                "heads": .map(
                    Dictionary(
                        stored.heads.map { ($0.name, .list($0.labels.map { .string($0) })) },
                        uniquingKeysWith: { a, _ in a })),
                "parameters": .init(stored.parameters), "task": .string(stored.provenance.task),
                "seed": .init(stored.provenance.seed), "steps": .init(stored.provenance.steps),
                "settings": stored.provenance.settings, "dev": stored.provenance.metrics,
                "kernels": .string(stored.provenance.kernels), "verified": .bool(verify && changes.isEmpty),
                "changes": .list(changes.map { .string($0) }),
            ])
        }
    }

    private static func words(_ head: AdapterBundle.Head) -> String {
        let input =
            switch head.pooling {
            case .firstToken?: "the first token"
            case .mean?: "the mean of all tokens"
            case nil: "each word"
            }
        let output =
            switch head.output {
            case .classes(let labels), .tags(let labels):
                "one of \(Human.count(labels.count, "label")): \(labels.joined(separator: ", "))"
            case .numbers(let count): count == 1 ? "a number" : "\(count) numbers"
            }
        return "\(head.kind), reads \(input), gives \(output)"
    }

    private func show(_ b: AdapterBundle, _ verified: [String]) {
        var table = TextTable([TextTable.Column("field"), TextTable.Column("value")])
        func row(_ name: String, _ value: String) { if !value.isEmpty { table.append([.init(name), .init(value)]) } }
        row("kind", b.kind.rawValue)
        row("name", b.name)
        row("base", "\(b.base.name), \(Human.count(b.base.layers, "layer")), hidden \(b.base.hiddenSize)")
        row("fingerprint", b.base.fingerprint ?? "unknown")
        row("tokenizer", b.base.tokenizer ?? "unknown")
        for member in b.members {
            row("adapter \(member.name)", "\(member.configuration.method), \(Human.bytes(member.bytes))")
        }
        if let composition = b.composition { row("composition", composition) }
        if let language = b.language { row("on language", "\(language.name), \(language.hash)") }
        for head in b.heads {
            let task = head.task.map { "for \(head.taskKind.map { "\($0.rawValue) " } ?? "")\($0), " } ?? ""
            row("head \(head.name)", task + Self.words(head))
        }
        row("parameters", Human.count(b.parameters))
        row("task", b.provenance.task)
        row("settings", b.provenance.settings.json)
        row(
            "steps",
            "\(Human.count(b.provenance.steps)) in \(Human.count(b.provenance.epochs, "epoch")), seed \(b.provenance.seed)"
        )
        row("dev", b.provenance.metrics.json)
        row("kernels", b.provenance.kernels)
        row("license", b.provenance.license)
        for word in verified { row("verified", word) }
        Console.print(table.text(.columns, on: Terminal.of(.output)))
    }
}
