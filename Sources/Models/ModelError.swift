import Files

/// What can go wrong while a model's folder is read.
package enum ModelError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The path is no model folder.
    case noFolder(path: String)
    /// A field of a model's file: what was found, what was expected.
    case field(file: String, field: String, found: String, expected: String)
    /// The model was made for a pooling that we do not have.
    case pooling(file: String, found: String)
    /// A tensor is missing or has another shape than the configuration says.
    case tensor(file: String, name: String, found: String, expected: String)
    /// A weight that is no finite number.
    case weight(file: String, name: String, found: String, element: Int)
    /// A family of models that Amalgam does not know.
    case architecture(file: String, found: String)

    package var description: String { oneLine(text) }

    private var text: String {
        switch self {
        case .noFolder(let path):
            "\(path): no model here; give a Hugging Face folder with config.json and model.safetensors, or the name of "
                + "a fetched model (amalgam model fetch minilm)"
        case .field(let file, let field, let found, let expected):
            "\(file): \(field): found \(found), expected \(expected); download the model again or mend the file"
        case .pooling(let file, let found):
            "\(file): the model was made for \(found), which is not here; choose --pooling mean or --pooling cls"
        case .tensor(let file, let name, let found, let expected):
            "\(file): tensor \(name): \(found), config.json says \(expected); the two files are not of one model"
        case .weight(let file, let name, let found, let element):
            "\(file): tensor \(name): \(found) at element \(element), expected finite numbers; download the model again"
        case .architecture(let file, let found):
            "\(file): model_type: \(found) is not known, expected bert, roberta or xlm-roberta; convert the model, or "
                + "choose an encoder of the BERT family"
        }
    }
}
