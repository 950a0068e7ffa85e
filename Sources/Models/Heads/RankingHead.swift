import Files
import Numerics

/// Which documents fit a query: a bi-encoder. Queries and documents are read by themselves; the cosine of their pooled outputs
/// (`PooledUnits`) ranks the documents, and a query's own must win against those of the other queries of its batch
/// (`InBatchCrossEntropy`; Karpukhin et al. 2020, "Dense Passage Retrieval").
package struct RankingHead: Head {
    package static let kind = "ranking"
    /// Cosines are at most 1 apart: twenty times that tells documents apart, as in sentence-transformers' losses.
    static let standardTemperature: Float = 0.05

    private let pooled: PooledUnits
    private let settings: RankingSettings
    package let textPrefix: String

    private init(_ pooled: PooledUnits, settings: RankingSettings, textPrefix: String) {
        self.pooled = pooled
        self.settings = settings
        self.textPrefix = textPrefix
    }

    package init(_ request: HeadRequest) {
        self.init(
            PooledUnits(pooling: request.pooling, width: request.hidden),
            settings: RankingSettings(
                temperature: Self.standardTemperature,
                documentPrefix: RankingSettings.documentPrefix(for: request.textPrefix), subject: request.subject),
            textPrefix: request.textPrefix)
    }

    package init(fields: HeadFields, labels: [String]) throws(HeadFault) {
        self.init(
            try PooledUnits(fields: fields, labels: labels),
            settings: RankingSettings(
                temperature: try fields.number("temperature", above: 0),
                documentPrefix: try fields.text("document_prefix"),
                subject: try fields.choice("subject", RankingSettings.Subject.self)),
            textPrefix: try fields.textPrefix())
    }

    package var input: HeadInput { .pooled(pooled.pooling) }
    package var output: HeadOutput { .ranking(settings, width: pooled.width) }
    package var fields: [String: ConfigurationValue] {
        pooled.fields.merging([
            "text_prefix": .string(textPrefix), "document_prefix": .string(settings.documentPrefix),
            "temperature": .number(Double(settings.temperature)), "subject": .string(settings.subject.rawValue),
        ]) { $1 }
    }

    package func specs(hidden: Int, scope: String) -> [ParameterSpec] { [] }

    package func build(
        _ rows: Value, operand: OperandTable, scope: String, dropout: Float, in builder: PlanBuilder
    ) throws -> Value { pooled.build(rows, in: builder) }
}

/// How queries and documents are read and compared.
package struct RankingSettings: Equatable, Sendable {
    /// What is ranked.
    package enum Subject: String, CaseIterable, Sendable {
        /// Documents of a collection, for a query.
        case documents
        /// Entities, for a mention in its text.
        case entities
    }

    /// What cosines are divided by in the loss.
    package var temperature: Float
    /// Stands before each document.
    package var documentPrefix: String
    package var subject: Subject

    package init(temperature: Float, documentPrefix: String, subject: Subject) {
        self.temperature = temperature
        self.documentPrefix = documentPrefix
        self.subject = subject
    }

    /// What stands before documents where models were trained with a prefix for queries and one for documents: E5's and
    /// Nomic's; otherwise nothing.
    static func documentPrefix(for queryPrefix: String) -> String {
        switch queryPrefix {
        case "query: ": "passage: "
        case "search_query: ": "search_document: "
        default: ""
        }
    }
}
