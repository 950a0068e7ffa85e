import Reporting
import Tasks

/// What the matrix says, in words made from its numbers.
struct TransferWords {
    let outcome: TransferOutcome
    let scores: PairedScores<TransferMethod>
    let tasks: [String]
    let adapters: [TransferReport.Language]

    private var source: String { outcome.plan.source }
    private func difference(_ a: TransferMethod, _ b: TransferMethod, task: String? = nil) -> PointsDifference? {
        scores.difference(a, b, over: outcome.chosen(task: task), Accuracy.self)
    }
    private func has(_ method: TransferMethod) -> Bool { scores.systems.contains(method) }

    var summary: [String] {
        [
            "The methods train on labels in \(source) and are tested in \(outcome.plan.targets.joined(separator: ", ")). "
                + "Methods marked + use labels in the language that they are tested in, so they do not show transfer without "
                + "labels. Among them, the multi-task adapter trains on the labels of every language, and fusion trains on "
                + "labels in \(source) over adapters that each trained on their own language. All other methods use labels "
                + "in \(source) only, for dev too.",
            outcome.plan.budget,
        ]
    }

    // MARK: - Over all tasks

    func verdicts() -> [Verdict] {
        var verdicts: [Verdict] = []
        if let best = best() { verdicts.append(best) }
        compare(
            .adapter, .otherBase, into: &verdicts, yes: "The multilingual base beats the other base",
            no: "The multilingual base does not beat the other base")
        compare(
            .adapter, .tfidf, into: &verdicts,
            yes: "The plain adapter on the multilingual base beats TF-IDF trained on \(source)",
            no: "The plain adapter on the multilingual base does not beat TF-IDF trained on \(source)")
        compare(
            .adapter, .ownTFIDF, into: &verdicts,
            yes: "The plain adapter, with labels in \(source) only, beats TF-IDF trained on the target language",
            no: "The plain adapter, with labels in \(source) only, does not beat TF-IDF trained on the target language")
        compare(
            .madx, .adapter, into: &verdicts, yes: "A language adapter under the task adapter helps",
            no: "A language adapter under the task adapter does not help")
        compare(
            .madx, .madxSource, into: &verdicts,
            yes: "Switching to the target language's adapter beats keeping the adapter of \(source)",
            no: "Switching to the target language's adapter does not beat keeping the adapter of \(source)")
        compare(
            .multitask, .adapter, into: &verdicts, yes: "Training one adapter on labels in all languages helps",
            no: "Training one adapter on labels in all languages does not help")
        compare(
            .fusion, .multitask, into: &verdicts,
            yes: "Fusion of the languages' adapters beats one adapter for all languages",
            no: "Fusion of the languages' adapters does not beat one adapter for all languages")
        compare(
            .fusion, .adapter, into: &verdicts, yes: "Fusion of the languages' adapters beats the plain adapter",
            no: "Fusion of the languages' adapters does not beat the plain adapter")
        return verdicts
    }

    /// The best of those that need no labels of the language, and what is not distinguishable from it.
    private func best() -> Verdict? {
        let free = scores.systems.filter { !$0.usesTargetLabels }
        let means = free.compactMap { method in
            scores.mean(method, over: outcome.chosen(), Accuracy.self).map { (method: method, value: $0.value) }
        }
        guard let best = means.max(by: { $0.value < $1.value }), means.count > 1 else { return nil }
        let equal = free.filter { method in
            method != best.method && !(difference(best.method, method)?.isAbove ?? false)
        }
        guard equal.isEmpty || equal.contains(where: { difference(best.method, $0) != nil }) else {
            return Verdict(
                .note,
                "No conclusions: the tasks have too few test texts in the target languages to tell a difference from noise."
            )
        }
        return Verdict(
            .better,
            "Best without labels in the target language: \(outcome.label(best.method)) (mean accuracy "
                + "\(Human.score(best.value)) over tasks and target languages)"
                + (equal.isEmpty
                    ? ". It is clearly better than every other such method."
                    : ". Within the noise of it: \(equal.map(outcome.label).joined(separator: "; ")).")
        )
    }

    private func compare(
        _ a: TransferMethod, _ b: TransferMethod, into verdicts: inout [Verdict], yes: String, no: String
    ) {
        guard has(a), has(b), let all = difference(a, b) else { return }
        let kind: Verdict.Kind = all.isAbove ? .better : all.isBelow ? .worse : .same
        let noise = all.isAbove ? "" : all.isBelow ? ", clearly worse" : ", within the noise"
        verdicts.append(Verdict(kind, "\(all.isAbove ? yes : no): \(all.text)\(noise)\(byTask(a, b))."))
    }

    /// Where the difference goes one way beyond the noise, task by task.
    private func byTask(_ a: TransferMethod, _ b: TransferMethod) -> String {
        guard tasks.count > 1 else { return "" }
        let some = tasks.compactMap { task in
            difference(a, b, task: task).map { (task: task, difference: $0) }
        }
        func named(_ word: String, _ list: [(task: String, difference: PointsDifference)]) -> String? {
            list.isEmpty
                ? nil : "\(word) on \(list.map { "\($0.task) (\($0.difference.short))" }.joined(separator: ", "))"
        }
        let words = [
            named("better", some.filter(\.difference.isAbove)), named("worse", some.filter(\.difference.isBelow)),
        ].compactMap { $0 }
        return words.isEmpty
            ? "; within the noise on each task" : "; clearly \(words.joined(separator: ", clearly "))"
    }

    // MARK: - What a language adapter is worth

    func languageVerdicts() -> [Verdict] {
        adapters.map { language in
            let adapter = language.adapter
            let cost =
                "\(Human.bytes(adapter.bytes)), \(Human.count(adapter.tokens)) training tokens, "
                + Human.duration(adapter.seconds)
            let name = "The language adapter for \(adapter.language) (\(cost))"
            guard let gain = language.gain else {
                return Verdict(
                    .note,
                    outcome.chosen(language: adapter.language).isEmpty
                        ? "\(name) was tested on no task." : "\(name) was tested on too few texts for a comparison.")
            }
            let kept = language.gainOverSource.map { difference in
                " Compared with keeping the adapter of \(source): \(difference.text)\(noise(difference))."
            }
            let words =
                gain.isAbove
                ? "helps: \(gain.text) compared with no language adapter."
                : "does not help: \(gain.text) compared with no language adapter\(noise(gain))."
            return Verdict(
                gain.isAbove ? .better : gain.isBelow ? .worse : .same, "\(name) \(words)\(kept ?? "")")
        }
    }

    private func noise(_ difference: PointsDifference) -> String {
        difference.isAbove || difference.isBelow ? "" : ", within the noise"
    }
}
