import Adapters
import Files
import Models
import Numerics

/// Bundles of one adapter each as one bundle of one adapter, without training.
package struct BundleMerge {
    /// A bundle, and what messages call it.
    package struct Part {
        package var bundle: AdapterBundle
        package var file: String

        package init(_ bundle: AdapterBundle, file: String) {
            self.bundle = bundle
            self.file = file
        }
    }

    let parts: [Part]
    let method: any MergeMethod
    let options: MergeOptions
    /// Of each bundle, in order.
    let members: [Member]
    let base: BaseIdentity
    let architecture: Architecture
    private let form: MergedForm
    /// The values of each bundle's tensors by full name.
    private let tables: [[String: [Float]]]
    /// What a user should know.
    private(set) var warnings: [String] = []

    /// Checks that the bundles can be merged so.
    /// - Parameters:
    ///   - name: of the method, one of `MergeMethods.names`
    ///   - force: accepts bundles of different base models or tokenizers where all shapes agree
    /// - Throws: `BundleError.merge`, naming the bundle, the field and a fix
    package init(_ parts: [Part], method name: String, options: MergeOptions, force: Bool) throws {
        guard let first = parts.first else {
            throw BundleError.merge(
                file: nil, field: "--bundles", found: "none", expected: "at least one", fix: nil)
        }
        do {
            let type = try MergeMethods.named(name, option: "--method")
            try options.check(type)
            method = try type.init(options, count: parts.count)
        } catch {
            throw BundleError.merge(file: nil, error)
        }
        self.parts = parts
        self.options = options
        members = try parts.map { try Self.member($0) }
        tables = parts.map { part in
            Dictionary(part.bundle.tensors.map { ($0.name, $0.values) }) { first, _ in first }
        }
        (base, warnings) = try Self.base(parts, force: force)
        architecture = try Architecture(base.shape)
        form = try Self.form(parts, members, method: type(of: method))
        try Self.checkLanguages(parts)
        guard let rank = options.rank else { return }
        guard form == .updates else {
            throw BundleError.merge(
                file: first.file, field: "--rank", found: "\(rank) for adapters of \(members[0].configuration.method)",
                expected: "none: only LoRA has a rank to choose", fix: nil)
        }
        guard rank > 0 else {
            throw BundleError.merge(
                file: nil, field: "--rank", found: "\(rank)", expected: "1 or more", fix: nil)
        }
    }

    /// The merged bundle, with warnings.
    /// - Parameter name: of the bundle and its adapter; nil: the bundles' names, joined by `+`
    /// - Throws: `BundleError.merge` for heads of one name; `AdapterError`
    package func run(name: String? = nil) throws -> (bundle: AdapterBundle, warnings: [String]) {
        let name = name ?? parts.map(\.bundle.name).joined(separator: "+")
        var warnings = warnings + equalContent
        var record = method.fields
        let adapter: (configuration: AdapterConfiguration, tensors: [NamedTensor])
        switch form {
        case .values:
            adapter = try mergedValues()
            warnings += differentStarts()
        case .updates:
            let (configuration, tensors, kept) = try mergedUpdates()
            adapter = (configuration, tensors)
            if let rank = options.rank { record["rank"] = .init(rank) }
            if let warning = Self.lost(kept) { warnings.append(warning) }
            record["kept"] = .number((kept * 1e6).rounded() / 1e6)
        }
        let member = Member(name: GroupName.safe(name), configuration: adapter.configuration)
        let heads = try mergedHeads(&warnings)
        var bundle = AdapterBundle(
            name: name, base: base, members: [member], composition: .leaf(member.name), heads: heads.heads)
        let own = Dictionary(
            adapter.tensors.map { ("\(member.scope)/\($0.name)", $0.values) }
                + heads.tensors.map { ($0.name, $0.values) }
        ) { first, _ in first }
        bundle.tensors = try bundle.specs().map { spec in
            guard let values = own[spec.name], values.count == spec.count else {
                throw BundleError.merge(
                    file: parts[0].file, field: spec.name, found: own[spec.name] == nil ? "missing" : "another shape",
                    expected: "shape \(spec.shape)", fix: "use bundles of one model")
            }
            return NamedTensor(spec.name, spec.shape, values)
        }
        try checkFinite(bundle)
        bundle.language = parts[0].bundle.language
        bundle.provenance = provenance(record, &warnings)
        return (bundle, warnings)
    }

    /// Sums of huge values or weights.
    private func checkFinite(_ bundle: AdapterBundle) throws {
        guard let tensor = bundle.tensors.first(where: { !$0.values.allSatisfy(\.isFinite) }) else { return }
        throw BundleError.merge(
            file: nil, field: tensor.name, found: "numbers too large for float32", expected: "finite numbers",
            fix: "use smaller --weights")
    }

    /// A tensor of a bundle's adapter.
    /// - Parameter name: in full
    func values(_ adapter: Int, _ name: String) throws -> [Float] {
        guard let values = tables[adapter][name] else {
            throw BundleError.merge(
                file: parts[adapter].file, field: name, found: "missing", expected: "a tensor",
                fix: "use bundles of one model")
        }
        return values
    }

    /// Parameter by parameter, as differences from what an untrained adapter would add nothing with.
    private func mergedValues() throws -> (AdapterConfiguration, [NamedTensor]) {
        let specs = try members[0].configuration.makeMethod().specs(architecture)
        guard let method = method as? any ValueMerge else { throw Self.onlyUpdates(type(of: method), parts, members) }
        let vectors = TaskVectors(count: parts.count, tensors: specs.map { ($0.name, $0.count) }) { adapter, tensor in
            let spec = specs[tensor]
            let own = try values(adapter, "\(members[adapter].scope)/\(spec.name)")
            guard own.count == spec.count else {
                throw BundleError.merge(
                    file: parts[adapter].file, field: spec.name, found: counted(own.count, "value"),
                    expected: "\(spec.count), as in \(parts[0].file)", fix: "use bundles of one model")
            }
            return spec.isFactor ? own.map { $0 - 1 } : own
        }
        let rule = try method.rule(for: vectors)
        return (
            members[0].configuration,
            try specs.indices.map { tensor in
                let merged = try rule(tensor)
                let isFactor = specs[tensor].isFactor
                return NamedTensor(
                    specs[tensor].name, specs[tensor].shape, merged.map { Float(isFactor ? $0 + 1 : $0) })
            }
        )
    }
}

extension ParameterSpec {
    /// Whether an untrained adapter has ones here, as (IA)³: what it adds is the difference from them.
    fileprivate var isFactor: Bool { initializer == .ones }
}

extension BundleError {
    /// - Parameter file: nil: an option is to blame
    static func merge(file: String?, _ fault: MergeFault) -> BundleError {
        .merge(file: file, field: fault.field, found: fault.found, expected: fault.expected, fix: fault.fix)
    }
}
