import Models
import Text

extension EncoderModel {
    /// The tokenizer of the model's folder, as the folder's settings want it.
    package func tokenizer() throws(TextError) -> any Tokenizer {
        try TokenizerFolder.load(encoderFolder, lowersText: lowersText)
    }
}
