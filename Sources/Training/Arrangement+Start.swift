import Adapters
import Bundles
import Models
import Numerics
import Text

extension Arrangement {
    /// Makes a new adapter's tensors learn, from the values that the adapter begins with on this model.
    /// - Parameter tokenizer: the model's, for adapters that begin with a text.
    /// - Throws: `AdapterError` where the model does not allow the adapter's configuration
    package mutating func train(_ member: Member, tokenizer: (any Tokenizer)? = nil) throws {
        let model = model
        func weight(_ name: String) throws -> Weight {
            guard let weight = model.weight(name) else { throw NumericsError.missingTensor(name) }
            return weight
        }
        let start = try member.start(
            model.architecture, base: { try weight($0).values },
            embeddings: tokenizer.map { tokenizer in
                { text, rows in
                    let table = try weight(model.architecture.wordTable)
                    return try Self.embeddings(of: text, rows: rows, table, tokenizer, adapter: member.name)
                }
            })
        trainable += start.trainable
        for tensor in start.frozen { frozen[tensor.name] = tensor.weight }
    }

    /// The word embeddings of a text's tokens, special ones included: from the first on, and again from the first, until there
    /// are so many. As `adapters` and `peft` begin a prompt.
    private static func embeddings(
        of text: String, rows: Int, _ table: Weight, _ tokenizer: any Tokenizer, adapter: String
    ) throws -> [Float] {
        func wrong(_ found: String, _ expected: String) -> AdapterError {
            .field(source: "adapter \(adapter)", field: "prompt_init_text", found: found, expected: expected)
        }
        let ids = tokenizer.encode(text, pair: nil, maxLength: 1 << 20).ids
        guard !ids.isEmpty else { throw wrong("no tokens in \"\(text.prefix(40))\"", "a text with tokens") }
        let (count, width) = (table.shape[0], table.shape[1])
        guard ids.allSatisfy({ (0..<count).contains(Int($0)) }) else {
            throw wrong("a token without an embedding", "a tokenizer that fits the model")
        }
        return (0..<rows).flatMap { row in
            let id = Int(ids[row % ids.count])
            return [Float](unsafeUninitializedCapacity: width) { values, count in
                if let base = values.baseAddress { table.copy(rows: id..<id + 1, to: base) }
                count = width
            }
        }
    }
}
