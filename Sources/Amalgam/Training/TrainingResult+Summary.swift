import Reporting

extension TrainingResult {
    /// What a person wants to know of it, in lines: scores on dev, parameters, speed and memory, what was skipped or truncated.
    public var summary: [String] {
        lines(maxLength: LibraryWords.option("--max-length"), noDropout: "usesBaseDropout = false")
    }

    /// The same lines with options as the flags of the command `amalgam`.
    package var commandLineSummary: [String] { lines(maxLength: "--max-length", noDropout: "--no-base-dropout") }

    private func lines(maxLength option: String, noDropout: String) -> [String] {
        let rate = facts["tokens_per_second"]?.number ?? 0
        // Languages and answers have a loss alone, in words of their own
        let scored = dev.filter { !$0.value.headline.isEmpty }
        var lines = scored.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.words)" }
        if let teacher { lines.insert("teacher: \(teacher.words)", at: 0) }
        if let perplexity, let words = perplexity.words { lines.append("\(bundle.name): \(words)") }
        if let answers {
            lines.append(
                "\(bundle.name): loss from \(Human.loss(answers.before)) to \(Human.loss(answers.after)) on "
                    + "\(Human.count(answers.tokens, "token")) of held-out answers")
        }
        lines.append(
            "\(Human.count(trainableParameters, "parameter")) trained in \(Human.count(steps, "step")), "
                + "\(Human.count(tokens, "token")) at \(Human.count(rate)) tokens/s; peak memory "
                + "\(Human.bytes(Int(facts["peak_memory_bytes"]?.number ?? 0)))")
        if let cached = cachedActivations, let words = cached.words {
            let drops = bundle.provenance.settings["base_dropout"] == .bool(true)
            lines.append(words + (cached.train == nil && drops ? "; with \(noDropout), of training texts too" : ""))
        }
        if let probe = facts["linear_probe"], let strength = probe["inverse_strength"]?.number {
            let place =
                switch probe["chosen_on"]?.text {
                case "dev": "chosen on dev"
                case "folds": "chosen by cross-validation with \(Human.count(Int(probe["folds"]?.number ?? 0), "fold"))"
                default: "not chosen, because there are too few examples"
                }
            lines.append("linear probe with C = \(strength), \(place)")
        }
        if skippedSteps > 0 {
            lines.append(
                Human.count(skippedSteps, "step was", "steps were")
                    + " skipped because \(skippedSteps == 1 ? "its" : "their") loss or gradient was NaN or infinite")
        }
        if truncatedTexts > 0 {
            lines.append(
                Human.count(truncatedTexts, "training text is", "training texts are") + " longer than "
                    + "\(Human.count(maxLength, "token")) (\(isModelsMaximum ? "the model's maximum" : option)) and "
                    + "\(truncatedTexts == 1 ? "was" : "were") truncated")
        }
        return lines
    }
}

extension DevScores {
    fileprivate var words: String {
        let scores = headline.map { "\($0.metricWords) \(Human.metric(metrics[$0] ?? .nan))" }
        let unknown =
            unknownLabels > 0
            ? ", \(Human.count(unknownLabels)) of them with an unknown label, which counts as wrong" : ""
        return "dev \(scores.joined(separator: ", ")) on \(Human.count(examples, "text"))\(unknown)"
    }
}

extension CachedActivations {
    fileprivate var words: String? {
        func words(_ part: Part?, _ noun: String) -> String? {
            guard let part, part.texts > 0 else { return nil }
            let texts =
                part.texts < part.allTexts
                ? "\(Human.count(part.texts)) of \(Human.count(part.allTexts, noun))" : Human.count(part.texts, noun)
            return "\(Human.count(part.layers, "layer")) of \(texts)"
        }
        let parts = [words(train, "training text"), words(dev, "dev text")].compactMap { $0 }
        let bytes = (train?.bytes ?? 0) + (dev?.bytes ?? 0)
        return parts.isEmpty
            ? nil : "computed once: the lowest \(parts.joined(separator: ", the lowest ")) (\(Human.bytes(bytes)))"
    }
}

extension Perplexity {
    fileprivate var words: String? {
        guard let after else { return nil }
        let start = before.map { "from \(Human.loss($0)) to " } ?? ""
        return
            "perplexity \(start)\(Human.loss(after)) on \(Human.count(scoredTokens, "masked token")) of held-out text, "
            + "over the \(Human.count(distinctTokens, "distinct token")) that the text uses"
    }
}
