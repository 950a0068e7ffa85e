import Adapters
import Files
import Models

/// AdapterHub's ConfigUnion (adapters 1.3.0) to ours and back. Its tensors are those of its parts, in one module under one
/// name.
enum AdapterHubUnion {
    /// What acts in an adapter: its one method, or the parts of a union.
    struct Part {
        let configuration: AdapterConfiguration
        let method: any AdapterMethod
        /// The adapter's own name of a tensor that the part has.
        let ours: (String) -> String
    }

    static func parts(of configuration: AdapterConfiguration) throws(AdapterError) -> [Part] {
        let method = try configuration.makeMethod()
        guard let union = method as? Union else {
            return [Part(configuration: configuration, method: method) { $0 }]
        }
        return union.parts.map { part in
            Part(configuration: part.configuration, method: part.method) { Union.name($0, of: part.id) }
        }
    }

    /// Whether a configuration is a union: by its architecture, or its name.
    static func stands(_ value: ConfigurationValue?) -> Bool {
        switch value {
        case .string(let name)?: named.contains(name)
        case .map(let fields)?: fields["architecture"] == .string("union")
        default: false
        }
    }

    private static let named = ["mam", "unipelt"]

    /// - Throws: `BundleError`, `AdapterError` naming the field
    static func adapter(_ value: ConfigurationValue?, former: Bool, file: String) throws -> AdapterConfiguration {
        if case .string(let name)? = value { return try .resolve(name) }
        guard case .map(let fields)? = value, case .list(let configs)? = fields["configs"] else {
            throw AdapterHubConfiguration.refused(file, "config.configs", "nothing", "a list of configurations")
        }
        for field in fields.keys.sorted() where !["architecture", "configs"].contains(field) {
            throw AdapterHubConfiguration.refused(
                file, "config.\(field)", fields[field]?.json ?? "", "only the fields of ConfigUnion in adapters 1.3.0")
        }
        let parts = try configs.map { config -> ConfigurationValue in
            guard !stands(config) else {
                throw AdapterHubConfiguration.refused(file, "config.configs", "a union within a union", "its parts")
            }
            let part = try AdapterHubConfiguration.adapter(config, former: former, file: file)
            return .map(part.fields.merging(["method": .string(part.method)]) { $1 })
        }
        return try AdapterConfiguration(
            method: Union.name, fields: ["configs": .list(parts)], source: "\(file): config")
    }

    /// The configuration with those of all parts, as the library writes them.
    /// - Throws: `BundleError` for what the library does not unite: several parts of a method that act in one layer
    static func fields(_ member: Member, _ union: Union, bundle: AdapterBundle) throws -> ConfigurationValue {
        for (i, a) in union.parts.enumerated() {
            for b in union.parts[..<i] where a.configuration.method == b.configuration.method {
                let isApart = try a.configuration.isApart(from: b.configuration)
                guard isApart else {
                    throw BundleError.content(
                        file: bundle.name, field: "members/\(member.name)", found: "the parts \(b.id) and \(a.id)",
                        expected: "parts of different methods, or such that leave out each other's layers",
                        fix: "the library has no such union")
                }
            }
        }
        let configs = try union.parts.map {
            try AdapterHubConfiguration.adapter(
                Member(name: member.name, configuration: $0.configuration), bundle: bundle)
        }
        return .map(["architecture": .string("union"), "configs": .list(configs)])
    }
}

extension AdapterConfiguration {
    /// Whether the library takes both into one union: bottlenecks after different sublayers, or layers that are left out.
    fileprivate func isApart(from other: AdapterConfiguration) throws -> Bool {
        if ["mh_adapter", "output_adapter"].allSatisfy({
            if case .bool? = fields[$0] { fields[$0] != other.fields[$0] } else { false }
        }) {
            return true
        }
        return fields["leave_out"] != .list([]) || other.fields["leave_out"] != .list([])
    }
}
