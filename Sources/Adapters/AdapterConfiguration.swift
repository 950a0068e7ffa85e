import Files
import Foundation
import Yams

/// Which method, with which fields: what `adapters/*.yaml`, bundles and the command line say.
package struct AdapterConfiguration: Equatable, Sendable {
    package let method: String
    /// Every field of the method, resolved, but for later ones with their default value (`AdapterMethod.laterFields`).
    package let fields: [String: ConfigurationValue]

    package var json: String { ConfigurationValue.map(fields).json }

    /// - Throws: `AdapterError`
    package init(method: String, fields: [String: ConfigurationValue], source: String) throws(AdapterError) {
        guard let type = AdapterMethods.named(method) else {
            throw .unknownConfiguration(
                source: source, name: method, known: AdapterMethods.builtIn.map { $0.name })
        }
        let reader = try ConfigurationReader(fields, defaults: type.defaults, source: source)
        let resolved = try type.init(reader).resolvedFields
        self.method = method
        self.fields = Self.stored(reader.resolved.merging(resolved) { $1 }, type)
    }

    private static func stored(
        _ fields: [String: ConfigurationValue], _ type: any AdapterMethod.Type
    ) -> [String: ConfigurationValue] {
        fields.filter { !type.laterFields.contains($0.key) || type.defaults[$0.key] != $0.value }
    }

    /// The method itself, ready to act.
    package func makeMethod() throws(AdapterError) -> any AdapterMethod {
        guard let type = AdapterMethods.named(method) else {
            throw .unknownConfiguration(
                source: "adapter", name: method, known: AdapterMethods.builtIn.map { $0.name })
        }
        return try type.init(ConfigurationReader(fields, defaults: type.defaults, source: "adapter"))
    }

    /// As bundles hold it (`AdapterMethod.savedFields`).
    func saved() throws(AdapterError) -> Self {
        try Self(method: method, fields: fields.merging(makeMethod().savedFields) { $1 }, source: "adapter")
    }

    /// For messages: the option of the preset that has these fields, else the fields.
    package var option: String {
        let preset = AdapterMethods.named(method).flatMap { type in
            type.presets.first { (try? Self(method: method, fields: $0.fields, source: ""))?.fields == fields }?.name
        }
        return preset.map { "--config \($0)" } ?? "\(method) \(json)"
    }

    /// A preset by name, or a YAML file; then the overrides `field=value`.
    /// - Throws: `AdapterError`
    package static func resolve(_ nameOrFile: String, overrides: [String] = []) throws(AdapterError) -> Self {
        var (method, fields) = try base(nameOrFile)
        for override in overrides {
            let parts = override.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else {
                throw .field(source: "--set", field: override, found: "no value", expected: "field=value")
            }
            try AdapterMethods.named(method)?.set(
                parts[0], to: ConfigurationValue(word: parts[1]), in: &fields, source: nameOrFile)
        }
        return try Self(method: method, fields: fields, source: nameOrFile)
    }

    /// The same method with some fields set, as a user names them.
    /// - Throws: `AdapterError` naming the field
    package func with(_ values: [String: ConfigurationValue]) throws(AdapterError) -> Self {
        var fields = fields
        for (field, value) in values.sorted(by: { $0.key < $1.key }) {
            try AdapterMethods.named(method)?.set(field, to: value, in: &fields, source: method)
        }
        return try Self(method: method, fields: fields, source: method)
    }

    /// A preset's method and fields; nil: none has the name.
    static func preset(_ name: String) -> (method: String, fields: [String: ConfigurationValue])? {
        for type in AdapterMethods.builtIn {
            if let preset = type.presets.first(where: { $0.name == name }) { return (type.name, preset.fields) }
        }
        return nil
    }

    private static func base(_ nameOrFile: String) throws(AdapterError) -> (String, [String: ConfigurationValue]) {
        if let preset = preset(nameOrFile) { return preset }
        guard nameOrFile.hasSuffix(".yaml") || nameOrFile.hasSuffix(".yml") || nameOrFile.contains("/") else {
            throw .unknownConfiguration(source: "--config", name: nameOrFile, known: AdapterMethods.presetNames)
        }
        guard let data = FileManager.default.contents(atPath: nameOrFile) else {
            throw .unreadable(source: nameOrFile, problem: "cannot be read")
        }
        return try fields(yaml: [UInt8](data), source: nameOrFile)
    }

    /// The method and its fields from a YAML file's bytes.
    package static func fields(
        yaml bytes: [UInt8], source: String
    ) throws(AdapterError) -> (String, [String: ConfigurationValue]) {
        guard let text = validText(bytes) else { throw .unreadable(source: source, problem: "not UTF-8") }
        if let problem = YAMLBounds.fault(in: text) { throw .unreadable(source: source, problem: problem) }
        let node: Node?
        do { node = try Yams.compose(yaml: text) } catch {
            throw .unreadable(source: source, problem: Self.problem(error))
        }
        guard let node, case .map(var fields)? = ConfigurationValue(node) else {
            throw .unreadable(source: source, problem: "not a map of fields")
        }
        guard case .string(let method)? = fields.removeValue(forKey: "method") else {
            throw .field(
                source: source, field: "method", found: "nothing",
                expected: AdapterMethods.builtIn.map { $0.name }.joined(separator: ", "))
        }
        return (method, fields)
    }

    private static func problem(_ error: any Error) -> String {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            "line \(max(1, mark.line)): not YAML: \(problem)"
        case .duplicatedKeysInMapping(let keys, let context):
            "line \(max(1, context.mark.line)): \(keys.joined(separator: ", ")) appears twice"
        case .reader(let problem, _, _, _): "not YAML: \(problem)"
        default: "not YAML"
        }
    }
}
