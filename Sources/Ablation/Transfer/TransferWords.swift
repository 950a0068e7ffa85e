import Reporting
import Tasks

/// What the matrix says, in words made from its numbers.
struct TransferWords {
    let outcome: TransferOutcome
    let scores: TransferScores
    let tasks: [String]
    let adapters: [TransferReport.Language]

    private var source: String { outcome.plan.source }
    private func has(_ method: TransferMethod) -> Bool { scores.methods.contains(method) }

    var summary: [String] {
        [
            "Trained on labels in \(source), tested in \(outcome.plan.targets.joined(separator: ", ")). Rows with a + have "
                + "seen labels of the language that they are tested on and are no transfer without labels: the multi-task "
                + "adapter trains on every language's labels; fusion is trained on \(source)'s labels, over adapters that "
                + "were each trained on their own language's. All others see labels in \(source) alone, dev included.",
            outcome.plan.budget,
        ]
    }

    // MARK: - Over all tasks

    func verdicts() -> [Verdict] {
        var verdicts: [Verdict] = []
        if let best = best() { verdicts.append(best) }
        compare(
            .adapter, .otherBase, into: &verdicts, yes: "The multilingual base beats the other one",
            no: "The multilingual base does not beat the other one")
        compare(
            .adapter, .tfidf, into: &verdicts,
            yes: "The plain adapter on the multilingual base beats TF-IDF of \(source) as it is",
            no: "The plain adapter on the multilingual base does not beat TF-IDF of \(source) as it is")
        compare(
            .adapter, .ownTFIDF, into: &verdicts,
            yes: "Labels in \(source) alone, with the multilingual base, beat TF-IDF on labels of the language itself",
            no:
                "Labels in \(source) alone, with the multilingual base, do not beat TF-IDF on labels of the language itself"
        )
        compare(
            .madx, .adapter, into: &verdicts, yes: "A language adapter beneath the task adapter helps",
            no: "A language adapter beneath the task adapter does not help")
        compare(
            .madx, .madxSource, into: &verdicts,
            yes: "Swapping in the target's language adapter beats keeping \(source)'s",
            no: "Swapping in the target's language adapter does not beat keeping \(source)'s")
        compare(
            .multitask, .adapter, into: &verdicts, yes: "Labels in all languages for one adapter help",
            no: "Labels in all languages for one adapter do not help")
        compare(
            .fusion, .multitask, into: &verdicts, yes: "Fusion of the languages' adapters beats one adapter for all",
            no: "Fusion of the languages' adapters does not beat one adapter for all")
        compare(
            .fusion, .adapter, into: &verdicts, yes: "Fusion of the languages' adapters beats the plain adapter",
            no: "Fusion of the languages' adapters does not beat the plain adapter")
        return verdicts
    }

    /// The best of those that need no labels of the language, and what is not told apart from it.
    private func best() -> Verdict? {
        let free = scores.methods.filter { !$0.usesTargetLabels }
        let means = free.compactMap { method in
            scores.mean(Accuracy.self, method).map { (method: method, value: $0.value) }
        }
        guard let best = means.max(by: { $0.value < $1.value }), means.count > 1 else { return nil }
        let equal = free.filter { method in
            method != best.method && !(scores.difference(Accuracy.self, best.method, method)?.isAbove ?? false)
        }
        return Verdict(
            .better,
            "Best without labels of the language: \(outcome.label(best.method)) (mean accuracy "
                + "\(Human.score(best.value)) over tasks and target languages)"
                + (equal.isEmpty
                    ? ", beyond the noise of all others."
                    : "; not told apart from it: \(equal.map(outcome.label).joined(separator: "; ")).")
        )
    }

    private func compare(
        _ a: TransferMethod, _ b: TransferMethod, into verdicts: inout [Verdict], yes: String, no: String
    ) {
        guard has(a), has(b), let all = scores.difference(Accuracy.self, a, b) else { return }
        let kind: Verdict.Kind = all.isAbove ? .better : all.isBelow ? .worse : .same
        let noise = all.isAbove ? "" : all.isBelow ? ", it is worse" : ", within the noise"
        verdicts.append(Verdict(kind, "\(all.isAbove ? yes : no): \(all.text)\(noise)\(byTask(a, b))."))
    }

    /// Where the difference goes one way beyond the noise, task by task.
    private func byTask(_ a: TransferMethod, _ b: TransferMethod) -> String {
        guard tasks.count > 1 else { return "" }
        let some = tasks.compactMap { task in
            scores.difference(Accuracy.self, a, b, task: task).map { (task: task, difference: $0) }
        }
        func named(_ word: String, _ list: [(task: String, difference: PointsDifference)]) -> String? {
            list.isEmpty
                ? nil : "\(word) on \(list.map { "\($0.task) (\($0.difference.short))" }.joined(separator: ", "))"
        }
        let words = [
            named("better", some.filter(\.difference.isAbove)), named("worse", some.filter(\.difference.isBelow)),
        ].compactMap { $0 }
        return words.isEmpty
            ? "; on no task by itself beyond the noise" : "; beyond the noise \(words.joined(separator: ", "))"
    }

    // MARK: - What a language adapter is worth

    func languageVerdicts() -> [Verdict] {
        adapters.map { language in
            let adapter = language.adapter
            let cost =
                "\(Human.bytes(adapter.bytes)), \(Human.count(adapter.tokens)) training pieces, "
                + Human.duration(adapter.seconds)
            let name = "The adapter of \(adapter.language) (\(cost))"
            guard let gain = language.gain else { return Verdict(.note, "\(name) was tested on no task.") }
            let kept = language.gainOverSource.map { difference in
                " Against keeping \(source)'s: \(difference.text)\(noise(difference))."
            }
            let words =
                gain.isAbove
                ? "earns its bytes: \(gain.text) over no language adapter."
                : "does not earn its bytes: \(gain.text) over no language adapter\(noise(gain))."
            return Verdict(
                gain.isAbove ? .better : gain.isBelow ? .worse : .same, "\(name) \(words)\(kept ?? "")")
        }
    }

    private func noise(_ difference: PointsDifference) -> String {
        difference.isAbove || difference.isBelow ? "" : ", within the noise"
    }
}
