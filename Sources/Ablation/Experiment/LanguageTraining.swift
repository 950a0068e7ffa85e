import Adapters
import Bundles
import Files
import Tasks
import Training

/// Masked language modeling on plain text: the head that predicts masked tokens, or a language's adapter under it.
package struct LanguageTraining: CellTraining {
    /// An adapter and the frozen head above it; nil: the head is trained.
    package var adapter: (configuration: AdapterConfiguration, head: CellInput)?
    /// One language each; each gives an equal share of the tokens.
    package var texts: [TextCorpus]
    /// Of the bundle.
    package var bundleName: String
    /// Of an epoch at most.
    package var tokens: Int

    package init(
        adapter: (configuration: AdapterConfiguration, head: CellInput)? = nil, on texts: [TextCorpus],
        bundleName: String, tokens: Int
    ) {
        self.adapter = adapter
        self.texts = texts
        self.bundleName = bundleName
        self.tokens = tokens
    }

    package var inputs: [CellInput] { adapter.map { [$0.head] } ?? [] }

    package var fields: [String: ConfigurationValue] {
        let digests = texts.map {
            Digest.sha256($0.train.joined(separator: "\n") + "\u{0}" + $0.heldOut.joined(separator: "\n"))
        }
        return [
            "recipe": .string(adapter.map { "language adapter \($0.configuration.json)" } ?? "masked language head"),
            "bundle": .string(bundleName), "tokens": .init(tokens), "texts": .list(digests.map { .string($0) }),
        ]
    }

    package var kind: String {
        (adapter.map { "language adapter \($0.configuration.json)" } ?? "masked language head")
            + " of \(texts.count) languages"
    }

    package func amount(_ session: Session, _ settings: TrainingSettings) -> TrainingAmount {
        TrainingAmount(texts: max(1, tokens / settings.maxLength), train: tokens, dev: 0)
    }

    package func part(steps: Int, _ settings: TrainingSettings) -> any CellTraining {
        var part = self
        switch settings.batch {
        case .examples(let count): part.tokens = min(tokens, steps * count * settings.maxLength)
        case .tokens(let count): part.tokens = min(tokens, steps * count)
        }
        return part
    }

    package func train(on inputs: [AdapterBundle], _ run: CellRun) throws -> Session.Trained {
        let recipe: LanguageRecipe =
            if let adapter, let head = inputs.first { .adapter(adapter.configuration, head: head) } else { .head }
        return try run.session.trainLanguage(
            recipe, on: texts, name: bundleName, tokens: tokens, settings: run.settings, keeping: run.keeping,
            memoryLimit: run.memoryLimit, observe: run.observe)
    }
}
