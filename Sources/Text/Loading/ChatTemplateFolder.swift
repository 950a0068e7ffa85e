import Files
import Foundation

/// Finds the chat template of a model's folder.
package enum ChatTemplateFolder {
    /// A template with the texts of the tokens that it may ask for.
    package struct Found: Sendable {
        package let template: ChatTemplate
        /// `bos_token` and `eos_token`; nil where the model has none.
        package let first: String?
        package let last: String?
    }

    /// A template that a file keeps beside others of other names.
    private static let usual = "default"

    /// Reads `chat_template.jinja`, otherwise the template in `tokenizer_config.json`, otherwise the one in a GGUF file.
    /// - Returns: nil if the folder has none
    /// - Throws: `TextError` that names the file, and for a template's own faults its line and column
    package static func load(_ folder: URL) throws(TextError) -> Found? {
        if let found = try besideTokenizer(folder) { return found }
        guard let model = try TokenizerFolder.gguf(in: folder) else { return nil }
        let (source, first, last): (String?, String?, String?)
        do throws(FileError) {
            source = try model.text("tokenizer.chat_template")
            (first, last) = (try token("bos", model), try token("eos", model))
        } catch {
            throw .file(error)
        }
        guard let source else { return nil }
        return Found(template: try template(source, model.name), first: first, last: last)
    }

    /// In the files of Hugging Face's form.
    private static func besideTokenizer(_ folder: URL) throws(TextError) -> Found? {
        let options = try TextFile.object(folder.appendingPathComponent("tokenizer_config.json"))
        let first = try options.flatMap { (options) throws(TextError) in try token("bos_token", options) }
        let last = try options.flatMap { (options) throws(TextError) in try token("eos_token", options) }
        let own = folder.appendingPathComponent("chat_template.jinja")
        // Not as the other files are read: a template may begin like HTML
        if let bytes = FileManager.default.contents(atPath: own.path) {
            guard let source = validText(bytes) else {
                throw .content(file: own.path, found: "bytes that are not UTF-8", fix: "save it as UTF-8")
            }
            return Found(template: try template(source, own.path), first: first, last: last)
        }
        if let options, let source = try source(options) {
            return Found(template: try template(source, options.file), first: first, last: last)
        }
        return nil
    }

    private static func template(_ source: String, _ file: String) throws(TextError) -> ChatTemplate {
        do { return try ChatTemplate(source) } catch { throw .template(file: file, error) }
    }

    /// The field is a template, or a list of some by name.
    private static func source(_ options: JSONFields) throws(TextError) -> String? {
        guard let value = try options.value("chat_template") else { return nil }
        switch value {
        case .string(let source): return source
        case .array(let values):
            for (i, value) in values.enumerated() {
                let fields = try JSONFields(file: options.file, path: "chat_template[\(i)]", value: value)
                if try fields.requiredString("name") == usual { return try fields.requiredString("template") }
            }
            throw options.wrong("chat_template", "\(values.count) templates", "one of the name \"\(usual)\"")
        default: throw options.wrong("chat_template", value.summary, "a string")
        }
    }

    /// A token's text: a string, or an object with its settings.
    private static func token(_ key: String, _ options: JSONFields) throws(TextError) -> String? {
        guard let value = try options.value(key) else { return nil }
        if case .object = value { return try options.requiredObject(key).requiredString("content") }
        return try options.string(key)
    }

    private static func token(_ name: String, _ model: GGUFFile) throws(FileError) -> String? {
        guard let id = try model.integer("tokenizer.ggml.\(name)_token_id"),
            let tokens = try model.texts("tokenizer.ggml.tokens"), tokens.indices.contains(id)
        else { return nil }
        return tokens[id]
    }
}
