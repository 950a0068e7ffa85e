import Adapters
import Files
import Foundation
import Models

/// Bundles of LoRA, (IA)³, VeRA, layer-norm tuning, prompt and prefix tuning as folders that `peft` (0.18) loads: adapter_config.json and adapter_model.safetensors.
///
/// Names of tensors are `base_model.model.`, the projection's module, and the tensor's own (`PEFTContent`). With a head that
/// transformers' class for the family has too, the folder is for that class, and the head is saved under `modules_to_save`;
/// else it is for the encoder alone.
package enum PEFTExport {
    static let prefix = "base_model.model."
    /// Of tensors that belong to no module.
    static let adapterPrefix = "base_model."

    /// Writes a new folder; all of it or nothing.
    /// - Parameter model: the one that the bundle was checked against, for methods whose folder holds the model's own tensors
    ///   with ours added
    /// - Returns: warnings: what the folder does not contain
    /// - Throws: `BundleError`, `AdapterError`, `FileError`
    package static func write(
        _ bundle: AdapterBundle, to folder: URL, model: EncoderModel? = nil
    ) throws -> [String] {
        let architecture = try Architecture(bundle.base.shape)
        guard bundle.kind == .adapter, bundle.members.count == 1, let member = bundle.members.first else {
            throw cannot(bundle, "kind", bundle.kind.rawValue, "one adapter", fix: "export adapters one by one")
        }
        guard let content = try PEFTMethods.content(member, architecture) else {
            throw cannot(
                bundle, "members/\(member.name)", "method \(member.configuration.method)",
                PEFTMethods.builtIn.map { $0.method }.joined(separator: ", "), fix: "use --format adapterhub")
        }
        if let refused = content.refused {
            throw cannot(
                bundle, "members/\(member.name): \(refused.field)", refused.found, refused.expected, fix: refused.fix)
        }
        guard !content.hasGate else {
            throw cannot(
                bundle, "members/\(member.name): use_gating", "true", "false: peft has no gates",
                fix: "use --format adapterhub")
        }
        if let part = content.modules.first(where: { $0.site.rows != nil }) {
            throw cannot(
                bundle, "members/\(member.name)/\(part.site.site.name)", "\(content.title) on a part of \(part.module)",
                "\(content.title) on whole modules", fix: "use --format transformers --merge")
        }
        var warnings = ForeignWarnings.language(bundle)
        let names = TransformersNames.of(bundle.base.shape.family)
        let runsClassifier = content.classifiers?.contains(bundle.base.shape.family) ?? true
        let classifier = runsClassifier ? names?.classifier : nil
        let head = bundle.heads.count == 1 && bundle.heads[0].firstTokenLabels != nil ? bundle.heads[0] : nil
        var tensors: [(name: String, shape: [Int], value: SafetensorsValue)] = []
        let own = Dictionary(bundle.tensors.map { ($0.name, $0) }) { first, _ in first }
        func add(_ ours: String, as theirs: String, shape: [Int]? = nil, addedTo base: String? = nil) throws {
            guard let tensor = own[ours] else {
                throw cannot(bundle, ours, "missing", "a tensor", fix: "create the bundle again")
            }
            var values = tensor.values
            if let base {
                guard let model else {
                    throw cannot(
                        bundle, "the base model", "nothing",
                        "the model that the bundle was trained on: the folder of \(content.title) holds the model's own "
                            + "tensors with the adapter's added",
                        fix: "give the base model with --model")
                }
                values = zip(model.weight(base)?.values ?? [], values).map { $0 + $1 }
            }
            tensors.append(
                ((content.table == nil ? prefix : adapterPrefix) + theirs, shape ?? tensor.shape, .float32(values)))
        }
        var modules: [String] = []
        // The class of a decoder has an output layer beside it
        var encoderPrefix = architecture.isDecoder ? architecture.encoderPrefix : ""
        if let head, let classifier {
            encoderPrefix = architecture.encoderPrefix
            modules = classifier.modules
            for (ours, theirs) in TransformersNames.tensors(classifier, scope: head.scope) {
                try add(ours, as: theirs)
            }
            warnings.append(
                "load it with transformers.\(classifier.modelClass) and num_labels=\(head.firstTokenLabels?.count ?? 0); "
                    + "PEFT's files do not contain the labels, which are \(ForeignWarnings.shown(head.firstTokenLabels ?? []))"
            )
        } else if !bundle.heads.isEmpty {
            warnings.append(
                ForeignWarnings.withoutHeads(
                    bundle, part: "adapter", names: names,
                    reason: runsClassifier
                        ? nil
                        : "peft 0.18 cannot run \(content.title) in transformers' \(names?.classifier?.modelClass ?? "classes")"
                ))
        }
        warnings += ForeignWarnings.textPrefix(bundle)
        for (site, module, tensors) in content.modules {
            for tensor in tensors {
                try add(
                    "\(member.scope)/\(site.site.name)/\(tensor.ours)",
                    as: "\(encoderPrefix)\(module).\(tensor.theirs)",
                    shape: tensor.theirShape, addedTo: tensor.base)
            }
        }
        if let table = content.table {
            let parts = table.compactMap { own["\(member.scope)/\($0)"] }
            guard parts.count == table.count, let (shape, values) = TensorTable.joined(parts) else {
                throw cannot(bundle, member.scope, "missing", "tensors", fix: "create the bundle again")
            }
            tensors.append((PEFTTable.name, shape, .float32(values)))
        }
        for (name, shape, values) in content.shared { tensors.append((adapterPrefix + name, shape, .float32(values))) }
        let json = ConfigurationValue.map(
            configuration(bundle, content, architecture, modules: modules, isClassifier: !modules.isEmpty)
        ).indented()
        let data = try SafetensorsWriter.data(tensors: tensors, metadata: ["format": "pt"])
        let loader =
            modules.isEmpty
            ? "AutoModel\(architecture.isDecoder ? "ForCausalLM" : "").from_pretrained(\(ModelCard.base(bundle)))"
            : "\(classifier?.modelClass ?? "AutoModel").from_pretrained(\(ModelCard.base(bundle)), "
                + "num_labels=\(head?.firstTokenLabels?.count ?? 0))"
        let card = ModelCard(
            bundle: bundle, library: "peft",
            loading: "import peft\nimport transformers\n\nmodel = transformers.\(loader)\n"
                + "model = peft.PeftModel.from_pretrained(model, \".\")",
            notes: warnings)
        try NewFolder.write(folder) { folder in
            try AtomicFile.replace(folder.appendingPathComponent("adapter_config.json"), with: Data((json + "\n").utf8))
            try AtomicFile.replace(folder.appendingPathComponent("adapter_model.safetensors"), with: data)
            try AtomicFile.replace(folder.appendingPathComponent(ModelCard.file), with: card.data)
        }
        return warnings
    }

    private static func cannot(
        _ bundle: AdapterBundle, _ field: String, _ found: String, _ expected: String, fix: String
    ) -> BundleError { .content(file: bundle.name, field: field, found: found, expected: expected, fix: fix) }

    private static func configuration(
        _ bundle: AdapterBundle, _ content: PEFTContent, _ architecture: Architecture, modules: [String],
        isClassifier: Bool
    ) -> [String: ConfigurationValue] {
        let encoderTask: ConfigurationValue =
            architecture.isDecoder
            ? .string("CAUSAL_LM") : content.table == nil ? .null : .string(PEFTTable.encoderTask)
        var fields: [String: ConfigurationValue] = [
            "peft_version": .string("0.18.1"),
            "task_type": isClassifier ? .string("SEQ_CLS") : encoderTask,
            "auto_mapping": isClassifier || architecture.isDecoder
                ? .null : PEFTModule.encoderMapping(architecture.configuration.family),
            "modules_to_save": modules.isEmpty ? .null : .list(modules.map { .string($0) }),
            "inference_mode": .bool(true),
            "base_model_name_or_path": .string(bundle.base.name), "revision": .null,
        ]
        if content.table == nil {
            let names = PEFTContent.names(content.modules.map(\.module), architecture)
            fields["target_modules"] = .list(names.map { .string($0) })
        }
        return fields.merging(content.fields) { $1 }
    }
}
