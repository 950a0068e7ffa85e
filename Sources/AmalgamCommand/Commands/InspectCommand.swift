import Adapters
import ArgumentParser
import Bundles
import Corpora
import Files
import Foundation
import Models
import Reporting
import Text

struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show what a bundle contains and how it was trained. Validates the whole file.")

    @Argument(help: "The bundle.") var bundle: String
    @Flag(help: "Also recompute the content hashes and, with --model, the base model's fingerprint.")
    var verify = false
    @Option(help: "The base model to verify against.") var model: String?
    @Flag(help: "Read a bundle even if it was modified after Amalgam wrote it.") var allowChanged = false
    @OptionGroup var common: CommonOptions

    func run() throws {
        try guarded {
            let stored = try BundleFile.read(URL(fileURLWithPath: bundle), allowChanged: allowChanged)
            var verified: [String] = []
            var changes: [String] = []
            if verify {
                changes = allowChanged ? try BundleFile.changes(URL(fileURLWithPath: bundle)) : []
                verified +=
                    changes.isEmpty
                    ? ["seal, schema, values and content hashes: correct"] : changes.map { "changed: \($0)" }
                if let model {
                    let folder = try ModelStore().resolve(model)
                    let base = try EncoderModel(folder: folder)
                    let tokenizer = try base.tokenizer()
                    try stored.check(
                        model: base, fingerprint: base.computeFingerprint(), tokenizer: tokenizer.identity,
                        file: bundle,
                        force: false
                    ).forEach { Console.warn($0) }
                    verified.append("base \(base.name): the model that it was trained on")
                }
            }
            let parameters = stored.tensors.reduce(0) { $0 + $1.values.count }
            guard common.json else { return show(stored, parameters, verified) }
            Console.print(json: [
                "bundle": .string(bundle), "kind": .string(stored.kind.rawValue), "name": .string(stored.name),
                "base": .map([
                    "name": .string(stored.base.name), "fingerprint": .string(stored.base.fingerprint ?? "unknown"),
                    "tokenizer": .string(stored.base.tokenizer ?? "unknown"),
                    "hidden": .init(stored.base.shape.hidden), "layers": .init(stored.base.shape.layers),
                ]),
                "members": .list(stored.members.map { .string($0.name) }),
                "language": stored.language.map {
                    .map(["name": .string($0.name), "hash": .string($0.hash)])
                } ?? .null,
                "composition": stored.composition?.json ?? .null,
                "heads": .map(
                    Dictionary(
                        stored.heads.map { ($0.name, .list($0.head.labels.map { .string($0) })) },
                        uniquingKeysWith: { a, _ in a })),
                "parameters": .init(parameters), "task": .string(stored.provenance.task),
                "seed": .init(stored.provenance.seed), "steps": .init(stored.provenance.steps),
                "settings": ConfigurationValue(json: stored.provenance.settings) ?? .null,
                "dev": ConfigurationValue(json: stored.provenance.metrics) ?? .null,
                "kernels": .string(stored.provenance.kernels), "verified": .bool(verify && changes.isEmpty),
                "changes": .list(changes.map { .string($0) }),
            ])
        }
    }

    private static func words(_ input: HeadInput) -> String {
        switch input {
        case .pooled(.first): "the first token"
        case .pooled(.mean): "the mean of all tokens"
        case .marked: "each word"
        }
    }

    private static func words(_ output: HeadOutput) -> String {
        switch output {
        case .classes(let labels): "one of \(counted(labels.count, "label")): \(labels.joined(separator: ", "))"
        case .numbers(let numbers): numbers.count == 1 ? "a number" : "\(numbers.count) numbers"
        }
    }

    private func show(_ b: AdapterBundle, _ parameters: Int, _ verified: [String]) {
        var table = TextTable([TextTable.Column("field"), TextTable.Column("value")])
        func row(_ name: String, _ value: String) { if !value.isEmpty { table.append([.init(name), .init(value)]) } }
        row("kind", b.kind.rawValue)
        row("name", b.name)
        row("base", "\(b.base.name), \(counted(b.base.shape.layers, "layer")), hidden \(b.base.shape.hidden)")
        row("fingerprint", b.base.fingerprint ?? "unknown")
        row("tokenizer", b.base.tokenizer ?? "unknown")
        for member in b.members {
            row(
                "adapter \(member.name)", "\(member.configuration.method), \(Human.bytes(b.bytes(under: member.scope)))"
            )
        }
        if let composition = b.composition { row("composition", composition.text) }
        if let language = b.language { row("on language", "\(language.name), \(language.hash)") }
        for head in b.heads {
            row(
                "head \(head.name)",
                (head.task.map { "for \($0.kind) \($0.name), " } ?? "")
                    + "\(head.head.kind), reads \(Self.words(head.head.input)), gives \(Self.words(head.head.output))")
        }
        row("parameters", Human.count(parameters))
        row("task", b.provenance.task)
        row("settings", b.provenance.settings)
        row(
            "steps",
            "\(Human.count(b.provenance.steps)) in \(counted(b.provenance.epochs, "epoch")), seed \(b.provenance.seed)")
        row("dev", b.provenance.metrics)
        row("kernels", b.provenance.kernels)
        row("license", b.provenance.license)
        for word in verified { row("verified", word) }
        Console.print(table.text(.columns, on: Terminal.of(.output)))
    }
}
