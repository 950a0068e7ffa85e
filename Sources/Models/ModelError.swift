import Files

/// What can go wrong while a model's folder is read.
package enum ModelError: Error, Equatable, Sendable, CustomStringConvertible {
    /// There is no folder at the path.
    case noFolder(path: String)
    /// The path holds something else than a model: what it is, and what to do.
    case notAModel(path: String, found: String, fix: String)
    /// A field of a model's file: what was found, what was expected.
    case field(file: String, field: String, found: String, expected: String)
    /// A field asks for a computation that we do not have.
    case unsupported(file: String, field: String, found: String, supported: String)
    /// The file is not JSON but something known.
    case content(file: String, found: String, fix: String)
    /// The model was made for a pooling that we do not have.
    case pooling(file: String, found: String)
    /// A tensor is missing or has another shape than the configuration says.
    case tensor(file: String, name: String, found: String, expected: String)
    /// A weight that is not finite.
    case weight(file: String, name: String, found: String, element: Int)
    /// A model that reads texts where one that writes them is needed, or the other way round.
    case purpose(path: String, found: String, expected: String)
    /// A family of models that Amalgam does not know.
    case architecture(file: String, found: String, known: String)

    package var description: String { oneLine(text) }

    private var text: String {
        switch self {
        case .noFolder(let path):
            "\(path): no such folder; give a Hugging Face folder with config.json and model.safetensors, or the name of "
                + "a fetched model (amalgam model fetch minilm)"
        case .notAModel(let path, let found, let fix):
            "\(path): found \(found), expected a model's folder with config.json and model.safetensors; \(fix)"
        case .field(let file, let field, let found, let expected):
            "\(file): \(field): found \(found), expected \(expected); fix the file, or download the model again"
        case .unsupported(let file, let field, let found, let supported):
            "\(file): \(field): found \(found), which is not supported; expected \(supported); use another model"
        case .content(let file, let found, let fix):
            "\(file): found \(found), expected a JSON object; \(fix)"
        case .pooling(let file, let found):
            "\(file): the model uses \(found), which is not supported; choose --pooling mean or --pooling cls"
        case .tensor(let file, let name, let found, let expected):
            "\(file): tensor \(name): \(found), expected \(expected) from config.json; the two files belong to different "
                + "models: download both again"
        case .weight(let file, let name, let found, let element):
            "\(file): tensor \(name): \(found) at element \(element), expected finite numbers; download the model again"
        case .purpose(let path, let found, let expected):
            "\(path): found \(found), expected \(expected); use another model"
        case .architecture(let file, let found, let known):
            "\(file): model_type: \(found) is not supported, expected \(known); choose a model of one of these families"
        }
    }
}
