import Foundation
import Models
import Numerics
import Text

/// A model with its tokenizer, as its folder has them. Nothing in it changes, so sessions on several threads share it.
package struct LoadedModel: Sendable {
    package let model: EncoderModel
    package let tokenizer: any Tokenizer
    private let cache: URL?

    /// - Parameters:
    ///   - folder: a Hugging Face folder.
    ///   - cache: remembers the model's fingerprint.
    ///   - storage: how the matrices are held in memory.
    /// - Throws: `ModelError`, `FileError`, `TextError`
    package init(folder: URL, cache: URL?, storage: WeightStorage = .stored) throws {
        try Products.load()
        model = try EncoderModel(folder: folder, storage: storage)
        tokenizer = try model.tokenizer()
        self.cache = cache
        guard tokenizer.vocabularySize <= model.configuration.vocabulary else {
            throw ModelError.field(
                file: model.encoderFolder.appendingPathComponent("config.json").path, field: "vocab_size",
                found: "\(model.configuration.vocabulary)",
                expected: "at least the tokenizer's \(tokenizer.vocabularySize)")
        }
    }

    package var fingerprint: String { model.fingerprint(cache: cache) }
}
