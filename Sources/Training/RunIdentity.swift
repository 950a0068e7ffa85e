import Adapters
import Bundles
import Files
import Foundation
import Models
import Numerics

/// What a training run is: all that shapes its result. A checkpoint continues only the run that made it.
package struct RunIdentity: Equatable, Sendable {
    /// By what a user knows it as: "--lr", "data", "base model".
    package var fields: [String: String]

    /// - Parameters:
    ///   - network: as it stands before the first step: its numbers tell the recipe, the seed and what it started from.
    init(
        network: Network, kind: String, name: String, base: String, data: String, settings: TrainingSettings,
        scheduler: String, tasks: [TrainingTask], tokenizer: String
    ) {
        var start = Digest.Incremental()
        for parameter in network.parameters.parameters {
            start.update(Data("\(parameter.name) \(parameter.shape)\n".utf8))
        }
        start.update(UnsafeRawBufferPointer(start: network.parameters.values, count: network.parameters.count * 4))
        let frozen = network.arrangement.frozen
        for name in frozen.keys.sorted() {
            guard let weight = frozen[name] else { continue }
            start.update(Data("\(name) \(weight.shape)\n".utf8))
            start.update(UnsafeRawBufferPointer(start: weight.floats, count: weight.count * 4))
        }
        let arrangement = network.arrangement
        let members = (arrangement.members + (arrangement.language.map { [$0.member] } ?? [])).map {
            "\($0.name) \($0.configuration.json)"
        }.joined(separator: " ")
        let heads = arrangement.heads.map {
            "\($0.name) \($0.head.kind) \(ConfigurationValue.map($0.head.fields).json) \($0.head.labels) \($0.task?.kind ?? "")"
        }
        let model = arrangement.model.configuration
        let tokens = tasks.map { "\($0.name) \($0.train.contentHash) \($0.dev.contentHash)" }
        fields = [
            "program": BundleFile.creator, "tokenizer": tokenizer,
            // The same texts give other tokens where the tokenizer, or anything about how it is used, has changed
            "tokens of the data": Digest.sha256(tokens.joined(separator: "\n")),
            "metric": tasks.map(\.objective.criterion).joined(separator: " "),
            "config.json: hidden_dropout_prob": "\(model.hiddenDropout)",
            "config.json: attention_probs_dropout_prob": "\(model.attentionDropout)",
            "config.json: first position": "\(model.firstPosition)",
            "kind": kind, "--name": name, "base model": base, "data": data, "--seed": "\(settings.seed)",
            "--scheduler": scheduler, "matrix kernels": Products.description,
            "adapters": Digest.sha256(members + (arrangement.composition?.json.json ?? "")),
            "labels, --pooling or --text-prefix": Digest.sha256(heads.joined(separator: "\n")),
            "starting weights": start.hexDigest(),
        ]
        // Blocks of a file are what they unpack to; NF4 is another model than the one that it is made from
        if arrangement.model.storage == .nf4 { fields["--quantize"] = WeightStorage.nf4.rawValue }
        let factors = network.parameters.parameters.filter { $0.rateFactor != 1 }.map { "\($0.name) \($0.rateFactor)" }
        if !factors.isEmpty { fields["learning-rate factors"] = Digest.sha256(factors.joined(separator: "\n")) }
        if case .map(let map)? = ConfigurationValue(json: settings.json) {
            // A run that has stopped at a number that is none may go on with skipping
            for (key, value) in map where key != "on_nan" { fields["--" + key.replacing("_", with: "-")] = value.json }
        }
    }

    init?(json: String) {
        guard case .map(let map)? = ConfigurationValue(json: json) else { return nil }
        fields = map.compactMapValues { if case .string(let text) = $0 { text } else { nil } }
    }

    var json: String { ConfigurationValue.map(fields.mapValues { .string($0) }).json }

    /// SHA-256 of all fields.
    package var digest: String { Digest.sha256(json) }

    /// The first field in which another run differs, in words.
    func difference(from other: RunIdentity) -> String? {
        // What was said on the command line tells more than the hashes that follow from it
        let names = Set(fields.keys).union(other.fields.keys).sorted {
            ($0.hasPrefix("--") ? 0 : 1, $0) < ($1.hasPrefix("--") ? 0 : 1, $1)
        }
        for name in names where fields[name] != other.fields[name] {
            func shown(_ value: String?) -> String {
                guard let value else { return "nothing" }
                return value.count > 40 ? "\(value.prefix(12))…" : value
            }
            return "\(name): \(shown(other.fields[name])) in the checkpoint, \(shown(fields[name])) now"
        }
        return nil
    }
}
