import Models

/// How `transformers` names a family's classes and the parts beside the encoder.
struct TransformersNames: Sendable {
    /// A classification head that computes what ours does on the first token: dense, tanh, out.
    struct Classifier: Sendable {
        let modelClass: String
        /// With their names in the model that has the head, without `.weight` and `.bias`.
        let dense: String
        let out: String
        /// What PEFT must save of it (`modules_to_save`).
        let modules: [String]
    }

    let encoderClass: String
    /// nil: the family's own head computes something else.
    let classifier: Classifier?

    private static func roberta(_ name: String) -> TransformersNames {
        TransformersNames(
            encoderClass: "\(name)Model",
            classifier: Classifier(
                modelClass: "\(name)ForSequenceClassification", dense: "classifier.dense",
                out: "classifier.out_proj", modules: ["classifier"]))
    }

    /// By `model_type`.
    private static let models: [String: TransformersNames] = [
        "bert": TransformersNames(
            encoderClass: "BertModel",
            classifier: Classifier(
                modelClass: "BertForSequenceClassification", dense: "bert.pooler.dense", out: "classifier",
                modules: ["classifier", "pooler"])),
        "roberta": roberta("Roberta"), "xlm-roberta": roberta("XLMRoberta"),
        // Its head has a ReLU where ours has a tanh
        "distilbert": TransformersNames(encoderClass: "DistilBertModel", classifier: nil),
        // Its head has a GELU where ours has a tanh
        "electra": TransformersNames(encoderClass: "ElectraModel", classifier: nil),
        // Its head has a norm between dense and out
        "modernbert": TransformersNames(encoderClass: "ModernBertModel", classifier: nil),
        "llama": decoder("Llama"), "mistral": decoder("Mistral"), "qwen2": decoder("Qwen2"), "qwen3": decoder("Qwen3"),
    ]

    /// With its output layer: its tensors are below the family's prefix, but those that stand apart.
    private static func decoder(_ name: String) -> TransformersNames {
        TransformersNames(encoderClass: "\(name)ForCausalLM", classifier: nil)
    }

    static func of(_ modelType: String) -> TransformersNames? { models[modelType] }

    /// The tensors of a head: ours under `scope`, theirs in full.
    static func tensors(_ classifier: Classifier, scope: String) -> [(ours: String, theirs: String)] {
        [("dense", classifier.dense), ("out", classifier.out)].flatMap { ours, theirs in
            ["weight", "bias"].map { ("\(scope)/\(ours).\($0)", "\(theirs).\($0)") }
        }
    }
}

extension NamedHead {
    /// The labels, if `transformers`' classification heads with dense, tanh and out on the first token compute the same.
    var firstTokenLabels: [String]? {
        guard head is ClassificationHead, head.input == .pooled(.first), case .classes(let labels) = head.output else {
            return nil
        }
        return labels
    }
}
