import Adapters
import Bundles
import Files
import Foundation
import Reporting
import Tasks
import Training

/// A language's adapter with what it cost.
struct MadeLanguage {
    var bundle: AdapterBundle
    var record: TransferLanguage
    /// Of the training that made it.
    var key: String
}

/// The shared head's cost.
private struct StoredHead: Codable {
    var tokens: Int
    var seconds: Double
}

extension TransferRunner {
    /// The head of masked language modelling over all languages, then an adapter for each on that frozen head.
    func languageAdapters() throws -> [String: MadeLanguage] {
        let head = try maskedHead()
        var made: [String: MadeLanguage] = [:]
        for language in plan.languages { made[language] = try adapter(of: language, head: head) }
        return made
    }

    private func hash(_ texts: [TextCorpus]) -> String {
        Digest.sha256(
            texts.map { Digest.sha256($0.train.joined(separator: "\n") + "\u{0}" + $0.heldOut.joined(separator: "\n")) }
                .joined(separator: " "))
    }

    private func maskedHead() throws -> (bundle: AdapterBundle, key: String) {
        let texts = plan.languages.compactMap { data.texts[$0] }
        let key = Digest.sha256(
            "mlm \(identity(session, plan.languageSettings, nil)) \(plan.headTokens) \(hash(texts))")
        let name = "languages.head"
        if let stored = store.load(name, key: key, needsBundle: true, as: StoredHead.self) {
            environment.progress.message("\(name): already finished")
            count(seconds: stored.seconds)
            return (try BundleFile.read(store.bundleFile(name, key: key)), key)
        }
        let trained = try session.trainLanguage(
            .head, on: texts, name: "mlm", tokens: plan.headTokens, settings: plan.languageSettings,
            keeping: try keeping(name, key: key), memoryLimit: environment.memoryLimit
        ) { self.show($0, "head for masked tokens, all languages") }
        count(seconds: trained.result.seconds)
        try store.save(
            StoredHead(tokens: trained.result.tokens, seconds: trained.result.seconds), bundle: trained.bundle, name,
            key: key)
        store.removeCheckpoint(name, key: key)
        return (trained.bundle, key)
    }

    private func adapter(of language: String, head: (bundle: AdapterBundle, key: String)) throws -> MadeLanguage {
        guard let text = data.texts[language] else {
            throw TrainingError.noExamples(task: language, split: "unlabelled")
        }
        let key = Digest.sha256(
            "language \(identity(session, plan.languageSettings, plan.languageConfiguration)) \(plan.languageTokens) "
                + "\(hash([text])) \(head.key)")
        let name = "language.\(Session.safeName(language))"
        let file = store.bundleFile(name, key: key)
        if let record = store.load(name, key: key, needsBundle: true, as: TransferLanguage.self) {
            environment.progress.message("\(name): already finished")
            count(seconds: record.seconds)
            return MadeLanguage(bundle: try BundleFile.read(file), record: record, key: key)
        }
        let trained = try session.trainLanguage(
            .adapter(plan.languageConfiguration, head: head.bundle), on: [text], name: language,
            tokens: plan.languageTokens, settings: plan.languageSettings, keeping: try keeping(name, key: key),
            memoryLimit: environment.memoryLimit
        ) { self.show($0, "language adapter, \(language)") }
        count(seconds: trained.result.seconds)
        let record = TransferLanguage(
            language: language, before: trained.language?.before?.value,
            after: trained.language?.after?.value,
            scored: trained.language?.after?.scored ?? 0, bytes: try BundleFile.data(trained.bundle).count,
            parameters: trained.trainable, tokens: trained.result.tokens, seconds: trained.result.seconds)
        try store.save(record, bundle: trained.bundle, name, key: key)
        store.removeCheckpoint(name, key: key)
        return MadeLanguage(bundle: trained.bundle, record: record, key: key)
    }
}
