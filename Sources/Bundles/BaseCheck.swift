import Adapters
import Files
import Models
import Numerics

extension AdapterBundle {
    /// Refuses a model that the bundle does not fit: by its architecture, then tensor by tensor with the shapes that the
    /// model asks for, then by the weights' fingerprint and the tokenizer.
    /// - Parameters:
    ///   - fingerprint: of the model; computed only where the bundle knows its own.
    ///   - tokenizer: the identity of the model's tokenizer; likewise.
    ///   - force: accepts another fingerprint or tokenizer where all shapes agree.
    /// - Returns: warnings, where the base could not be verified.
    /// - Throws: `BundleError`; `AdapterError` where a configuration does not fit the model
    package func check(
        model: EncoderModel, fingerprint: @autoclosure () -> String, tokenizer: @autoclosure () -> String,
        file: String, force: Bool
    ) throws -> [String] {
        try checkShapes(model, file: file)
        var warnings: [String] = []
        if let known = base.fingerprint {
            let actual = fingerprint()
            if known != actual {
                guard force else {
                    throw BundleError.base(
                        file: file, bundle: Self.text(base.name, base.shape, known),
                        model: Self.text(model.name, model.configuration, actual))
                }
                warnings.append(
                    "\(file): used with another base model than it was trained on, because --force was given")
            }
        } else {
            warnings.append(
                "\(file): its base model is not recorded (an imported adapter); only the shapes were checked")
        }
        if let known = base.tokenizer {
            let actual = tokenizer()
            if known != actual {
                guard force else {
                    throw BundleError.tokenizer(
                        file: file, bundle: String(known.prefix(12)), model: model.name,
                        found: String(actual.prefix(12)))
                }
                warnings.append(
                    "\(file): used with another tokenizer than it was trained with, because --force was given")
            }
        }
        return warnings
    }

    private func checkShapes(_ model: EncoderModel, file: String) throws {
        let (mine, its) = (base.shape, model.configuration)
        // 0 is a number that an imported adapter does not know
        let numbers = [(mine.layers, its.layers), (mine.intermediate, its.intermediate)].filter { $0.0 != 0 }
        // An imported adapter may only know the family
        let isSame =
            base.fingerprint == nil
            ? Architectures.isSameFamily(mine.family, its.family) : mine.family == its.family
        guard isSame, mine.hidden == its.hidden, numbers.allSatisfy({ $0 == $1 }) else {
            throw BundleError.base(
                file: file, bundle: Self.text(base.name, mine, base.fingerprint),
                model: Self.text(model.name, its, nil))
        }
        // The bundle's own numbers made the schema that its reader checked; the model has its own
        var rest = Dictionary(tensors.map { ($0.name, $0.shape) }, uniquingKeysWith: { first, _ in first })
        for spec in try specs(for: model.architecture) {
            guard let found = rest.removeValue(forKey: spec.name), found == spec.shape else {
                let found = tensors.first { $0.name == spec.name }.map { "shape \($0.shape)" } ?? "missing"
                throw BundleError.content(
                    file: file, field: "/\(spec.name)", found: found,
                    expected: "shape \(spec.shape) for model \(model.name)",
                    fix: "use the model that it was trained on")
            }
        }
        guard let extra = rest.keys.min() else { return }
        throw BundleError.content(
            file: file, field: "/\(extra)", found: "a tensor",
            expected: "none of that name for model \(model.name)", fix: "use the model that it was trained on")
    }

    private static func text(_ name: String, _ c: ModelConfiguration, _ fingerprint: String?) -> String {
        let layers = c.layers == 0 ? "unknown layers" : counted(c.layers, "layer")
        let print = fingerprint.map { ", fingerprint \($0.prefix(12))" } ?? ""
        return "\(name) (\(c.family), \(layers), hidden \(c.hidden)\(print))"
    }
}
