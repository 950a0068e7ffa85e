import Adapters
import Files
import Foundation
import Models
import Numerics

/// A bundle with its model as one folder that `transformers` loads: config.json, model.safetensors, the tokenizer's files.
///
/// Adapters are merged into the weights. A classification head on the first token becomes the family's own
/// (BERT: pooler and classifier; RoBERTa: classifier.dense and classifier.out_proj), with its labels in config.json;
/// with another head the folder holds the encoder alone.
package enum TransformersExport {
    /// The tokenizer's files, each copied if the model has it.
    private static let tokenizerFiles = [
        "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.txt",
        "vocab.json", "merges.txt", "sentencepiece.bpe.model", "chat_template.jinja", "generation_config.json",
    ]

    /// Writes a new folder; all of it or nothing.
    /// - Parameters:
    ///   - model: the one that the bundle was checked against
    ///   - merge: merges adapters into the weights, which a bundle with adapters needs
    /// - Returns: warnings: what the folder does not contain
    /// - Throws: `BundleError`, `AdapterError`, `FileError`
    package static func write(
        _ bundle: AdapterBundle, model: EncoderModel, merge: Bool, to folder: URL
    ) throws -> [String] {
        func cannot(_ field: String, _ found: String, _ expected: String, fix: String) -> BundleError {
            .content(file: bundle.name, field: field, found: found, expected: expected, fix: fix)
        }
        let family = model.configuration.family
        guard let names = TransformersNames.of(family) else {
            throw cannot(
                "base.architecture", family, "a family with a class in transformers", fix: "use another format")
        }
        if let language = bundle.language {
            throw cannot(
                "language", language.name, "a bundle without a language adapter",
                fix: "stacks on a language adapter cannot be exported merged; use --format adapterhub")
        }
        let overlay = try overlay(bundle, model: model, merge: merge)
        let own = Dictionary((bundle.tensors + overlay).map { ($0.name, $0) }) { _, last in last }
        var warnings = ForeignWarnings.textPrefix(bundle)
        let head = bundle.heads.count == 1 && bundle.heads[0].firstTokenLabels != nil ? bundle.heads[0] : nil
        var modelClass = names.encoderClass
        var prefix = ""
        /// Theirs with ours, or with the base's own name.
        var tensors: [(name: String, shape: [Int], source: String)] = []
        if let head, let classifier = names.classifier {
            modelClass = classifier.modelClass
            prefix = model.architecture.encoderPrefix
            for (ours, theirs) in TransformersNames.tensors(classifier, scope: head.scope) {
                guard let tensor = own[ours] else {
                    throw cannot(ours, "missing", "a tensor", fix: "create the bundle again")
                }
                tensors.append((theirs, tensor.shape, ours))
            }
        } else if !bundle.heads.isEmpty {
            warnings.append(ForeignWarnings.withoutHeads(bundle, part: "encoder", names: names))
        }
        if model.architecture.isDecoder { prefix = model.architecture.encoderPrefix }
        tensors += model.architecture.tensors.map {
            (($0.standsApart ? "" : prefix) + $0.name, $0.shape, "base/\($0.name)")
        }
        let kept = tokenizerFiles.filter {
            FileManager.default.fileExists(atPath: model.encoderFolder.appendingPathComponent($0).path)
        }
        if kept.isEmpty, model.ggufConfiguration != nil {
            warnings.append(
                "the folder has no tokenizer, as the model's is within its GGUF file: take it from where the model is "
                    + "published as a folder")
        }
        let labels = modelClass == names.encoderClass ? nil : head?.firstTokenLabels
        let json = try configuration(model, modelClass: modelClass, labels: labels)
        let card = ModelCard(
            bundle: bundle, library: "transformers",
            loading: "import transformers\n\nmodel = transformers.\(modelClass).from_pretrained(\".\")\n"
                + "tokenizer = transformers.AutoTokenizer.from_pretrained(\".\")",
            notes: warnings)
        try NewFolder.write(folder) { folder in
            try AtomicFile.replace(folder.appendingPathComponent("config.json"), with: Data((json + "\n").utf8))
            try AtomicFile.replace(folder.appendingPathComponent(ModelCard.file), with: card.data)
            try SafetensorsWriter.write(
                folder.appendingPathComponent("model.safetensors"), float32: tensors.map { ($0.name, $0.shape) },
                metadata: ["format": "pt"]
            ) { i in
                model.releasePages()
                let source = tensors[i].source
                if let tensor = own[source] { return .array(tensor.values) }
                guard let weight = model.weight(String(source.dropFirst("base/".count))) else { return .array([]) }
                guard weight.blocks == nil else { return .array(weight.values) }
                return .memory(UnsafeBufferPointer(start: weight.floats, count: weight.count))
            }
            for name in kept {
                let file = model.encoderFolder.appendingPathComponent(name)
                guard let data = FileManager.default.contents(atPath: file.path) else { continue }
                try AtomicFile.replace(folder.appendingPathComponent(name), with: data)
            }
        }
        return warnings
    }

    /// The tensors in place of the model's own.
    private static func overlay(_ bundle: AdapterBundle, model: EncoderModel, merge: Bool) throws -> [NamedTensor] {
        switch bundle.kind {
        case .full, .head: return []
        case .mlm, .adapter, .fusion, .composition:
            guard merge else {
                // What cannot be merged gets no such advice
                _ = try bundle.merged(into: model)
                throw BundleError.content(
                    file: bundle.name, field: "kind", found: bundle.kind.rawValue,
                    expected: "adapters merged into the model, since a Hugging Face model has no adapters",
                    fix: "add --merge")
            }
            return try bundle.merged(into: model)
        }
    }

    /// The model's config.json with the class, the labels and the weights' type.
    private static func configuration(_ model: EncoderModel, modelClass: String, labels: [String]?) throws -> String {
        let file = model.encoderFolder.appendingPathComponent("config.json")
        guard
            let json = model.ggufConfiguration ?? FileManager.default.contents(atPath: file.path).map({ [UInt8]($0) }),
            case .map(var fields)? = ConfigurationValue(json: json)
        else { throw FileError.system(file: file.path, action: "read", code: EIO) }
        fields["architectures"] = .list([.string(modelClass)])
        fields["torch_dtype"] = .string("float32")
        fields["dtype"] = nil
        for field in ["id2label", "label2id", "num_labels", "problem_type"] { fields[field] = nil }
        if let labels {
            let ids = labels.enumerated().map { ("\($0)", ConfigurationValue.string($1)) }
            fields["id2label"] = .map(Dictionary(ids) { first, _ in first })
            let names = labels.enumerated().map { ($1, ConfigurationValue($0)) }
            fields["label2id"] = .map(Dictionary(names) { first, _ in first })
            fields["problem_type"] = .string("single_label_classification")
        }
        return ConfigurationValue.map(fields).indented()
    }
}
