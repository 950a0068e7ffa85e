/// Messages from the targets below name options as the command line does; programs know them by other names.
enum LibraryWords {
    /// What the library calls an option of the command line.
    static func option(_ flag: String) -> String {
        guard flag.hasPrefix("--") else { return flag }
        let name = String(flag.dropFirst(2))
        return options[name] ?? camelCase(name)
    }

    /// A message without options and commands of the command line.
    static func of(_ text: String) -> String {
        var text = text
        for (phrase, words) in phrases { text = text.replacing(phrase, with: words) }
        // A flag follows a space, a quote or a parenthesis; "--" within a path is no flag
        return text.replacing(/(^|[ '"(,])--([a-z]+(?:-[a-z]+)*)/) { match in
            "\(match.output.1)\(option("--\(match.output.2)"))"
        }
    }

    private static func camelCase(_ name: String) -> String {
        let parts = name.split(separator: "-")
        return parts.prefix(1).joined() + parts.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }

    private static let options = [
        "lr": "learningRate", "adapter-lr": "adapters.learningRate", "unfreeze": "adapters", "batch-size": "batch",
        "batch-tokens": "batch", "keep": "keeps", "task-best": "taskBestFolder",
        "on-nan": "onNotFinite", "resume": "resumes", "mlm-head": "head", "init-from": "startingFrom",
        "force": "allowsOtherModel", "allow-changed": "allowsChanges", "share-texts": "sharesTexts",
        "language-lr": "languageLearningRate", "language-config": "languageConfiguration",
        "compose": "composition", "config": "configuration", "set": "fields", "out": "file", "merge": "merges",
        "base-dropout": "usesBaseDropout", "no-base-dropout": "usesBaseDropout", "decays-all": "decaysAll",
        "decay-all": "decaysAll", "checkpoint-every": "checkpoint.interval", "label-all-tokens": "labelsAllTokens",
        "class-weights": "weighsClasses", "drop-layers": "droppedLayers", "perturb": "changes",
        "quantize": "storage", "doc-stride": "answers.docStride", "n-best-size": "answers.nBestSize",
        "max-answer-length": "answers.maxAnswerLength", "calibrate": "calibrations", "tune-once": "choosesRatesOnce",
    ]

    /// Longer ones first.
    private static let phrases = [
        ("give the base model with --model", "give the base model"),
        ("give it with --model", "give it as the model"),
        ("use --format adapterhub", "use the format adapterHub"),
        ("use --format peft", "use the format peft"),
        ("add --merge", "merge them"),
        ("train one with amalgam train-adapter --init-from", "train one that starts from"),
        ("'amalgam fuse --compose'", "the recipe composition"),
        ("train fuse --method scalearn", "train with FusionMethod.scaling"),
        ("make one adapter of it with amalgam collapse", "make one adapter of it with collapsed()"),
        ("--compose 'average(…)'", "Composition.average"),
        ("--compose 'stack(…)'", "Composition.stack"),
        (
            "create it again, or add --allow-changed to inspect, evaluate or predict if you trust the change",
            "create it again, or set allowsChanges if you trust the change"
        ),
        ("add --skip-unknown-labels to skip such rows", "set unknownLabels to skip such rows"),
        ("start over without --resume", "start over with resumes = false"),
        ("; run: amalgam model fetch ", "; call Model.fetch with the name "),
        (" (amalgam model fetch minilm)", " (Model.fetch)"),
        (" (amalgam inspect)", ""),
        ("because --force was given", "because allowsOtherModel is set"),
        ("or --force if you know", "or set allowsOtherModel if you know"),
        ("train-language --head-only, or omit --mlm-head to train one", "the language recipe head"),
        ("train-adapter, train-language or fuse", "trainings of adapters"),
        ("give a bundle from train-language", "give a language adapter"),
        ("bundle from train-adapter", "bundle of one adapter"),
        (" (train-adapter)", ""),
        ("with train-adapter --config prefix_tuning", "with the configuration prefix_tuning"),
        ("train it again here with train-adapter", "train it again here"),
        ("; use --fusion static", "; use the options static"),
        ("or only --init-from, which fuses", "or no bundles with startingFrom, which fuses"),
        ("or give another --out", "or give another file"),
        ("so --name is not used", "so name is not used"),
        ("names separated by commas", "names without '/' that do not begin with '.'"),
        ("compare methods on this one with amalgam ablate", "compare methods on this one with Model.ablate"),
    ]
}
