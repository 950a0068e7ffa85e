import Adapters
import Reporting
import Training

/// What a matrix of languages trains and with what: everything that shapes its numbers.
package struct TransferPlan: Sendable {
    /// The language whose labels train what is tested without labels.
    package var source: String
    package var targets: [String]
    package var tasks: [String]
    package var methods = TransferMethod.allCases
    /// At most so many examples a split, task and language, as a stratified sample.
    package var maxTrain = 1000
    package var maxDev = 300
    package var maxTest = 1000
    /// Tokens that a language adapter is trained on, and the head of masked language modelling that all share.
    package var languageTokens = 500_000
    package var headTokens = 1_000_000
    package var configuration: AdapterConfiguration
    package var languageConfiguration: AdapterConfiguration
    /// Of all trainings on tasks, but for the learning rate.
    package var settings = TrainingSettings()
    /// Learning rates that each training on a task chooses from, by its own dev texts.
    package var rates = [1e-3, 3e-3]
    /// Of the language adapters and their head.
    package var languageSettings = TrainingSettings()
    package var scheduler = "proportional"

    package init(
        source: String, targets: [String], tasks: [String], configuration: AdapterConfiguration,
        languageConfiguration: AdapterConfiguration
    ) {
        self.source = source
        self.targets = targets
        self.tasks = tasks
        self.configuration = configuration
        self.languageConfiguration = languageConfiguration
        settings.epochs = 3
        settings.maxLength = 64
        languageSettings.epochs = 1
        // Few steps want large ones: a German adapter on 200,000 tokens came from perplexity 996 to 383 at 1e-3, to 259
        // at 4e-3; the head, on as many, to 1,786 at 1e-3, 1,362 at 5e-3, and to 1,161 there with half the batch
        languageSettings.learningRate = 4e-3
        languageSettings.batch = .examples(8)
        languageSettings.maxLength = 128
    }

    /// The source, then the targets.
    package var languages: [String] { [source] + targets }

    /// What it is allowed to learn from, in words.
    package var budget: String {
        "Budget per task and language: at most \(Human.count(maxTrain, "labeled text")), "
            + "\(Human.count(settings.epochs, "epoch")), texts truncated to \(settings.maxLength) tokens, "
            + (rates.count == 1
                ? "learning rate \(rates.map { "\($0)" }.joined())"
                : "the best learning rate on dev out of \(rates.map { "\($0)" }.joined(separator: ", "))")
            + ", at most \(Human.count(maxTest, "test text")). Plain text: \(Human.compact(languageTokens)) tokens per "
            + "language adapter and \(Human.compact(headTokens)) for the shared head, in sequences of "
            + "\(languageSettings.maxLength) tokens."
    }
}
