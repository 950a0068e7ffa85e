import Adapters
import Files
import Models
import Numerics

/// What would be silently wrong, refused.
extension BundleMerge {
    /// The only adapter of a bundle.
    static func member(_ part: Part) throws -> Member {
        let bundle = part.bundle
        guard bundle.kind == .adapter, bundle.members.count == 1 else {
            let adapters = bundle.members.isEmpty ? "" : " with \(counted(bundle.members.count, "adapter"))"
            throw BundleError.merge(
                file: part.file, field: "kind", found: "\(bundle.kind.rawValue)\(adapters)", expected: "adapter",
                fix: "give bundles of one adapter each")
        }
        return bundle.members[0]
    }

    /// The base of all, and warnings where it is not known or not the same.
    static func base(_ parts: [Part], force: Bool) throws -> (BaseIdentity, [String]) {
        let known = parts.first { $0.bundle.base.fingerprint != nil } ?? parts[0]
        let base = known.bundle.base
        var warnings: [String] = []
        for part in parts {
            let other = part.bundle.base
            func refuse(_ field: String, _ found: String, _ expected: String) -> BundleError {
                .merge(
                    file: part.file, field: "base \(field)", found: found, expected: "\(expected), as in \(known.file)",
                    fix: "merge bundles of one base model")
            }
            let numbers: [(String, Int, Int)] = [
                ("hidden size", other.shape.hidden, base.shape.hidden),
                ("layers", other.shape.layers, base.shape.layers),
                ("intermediate size", other.shape.intermediate, base.shape.intermediate),
            ]
            guard Architectures.isSameFamily(other.shape.family, base.shape.family) else {
                throw refuse("architecture", other.shape.family, base.shape.family)
            }
            for (name, found, expected) in numbers where found != expected && found != 0 && expected != 0 {
                throw refuse(name, "\(found)", "\(expected)")
            }
            if let fingerprint = other.fingerprint, let expected = base.fingerprint, fingerprint != expected {
                guard force else {
                    throw refuse(
                        "fingerprint", "\(fingerprint.prefix(12)) (\(other.name))",
                        "\(expected.prefix(12)) (\(base.name))")
                }
                warnings.append(
                    "\(part.file): trained on another base model than \(known.file); merged because --force was given")
            } else if other.fingerprint == nil {
                warnings.append(
                    "\(part.file): its base model is not recorded (an imported adapter); only the shapes were checked")
            }
            if let tokenizer = other.tokenizer, let expected = base.tokenizer, tokenizer != expected {
                guard force else {
                    throw refuse("tokenizer", "\(tokenizer.prefix(12))", "\(expected.prefix(12))")
                }
                warnings.append(
                    "\(part.file): trained with another tokenizer than \(known.file); merged because --force was given")
            }
        }
        return (base, warnings)
    }

    /// How the adapters become one.
    static func form(_ parts: [Part], _ members: [Member], method: any MergeMethod.Type) throws -> MergedForm {
        var form = MergedForm.values
        for (part, member) in zip(parts, members) {
            do {
                form = try member.configuration.makeMethod().mergedForm()
            } catch let fault as MergeFault {
                throw BundleError.merge(file: "\(part.file): adapter \(member.name)", fault)
            }
        }
        let first = members[0].configuration
        for (part, member) in zip(parts, members).dropFirst() where member.configuration.method != first.method {
            throw BundleError.merge(
                file: "\(part.file): adapter \(member.name)", field: "method", found: member.configuration.method,
                expected: "\(first.method), as in \(parts[0].file)", fix: MergeFault.compose)
        }
        guard form == .values else { return form }
        if method is any UpdateMerge.Type { throw onlyUpdates(method, parts, members) }
        let free = AdapterMethods.named(first.method)?.trainingFields ?? []
        for (part, member) in zip(parts, members).dropFirst() {
            let other = member.configuration
            for field in Set(first.fields.keys).union(other.fields.keys).subtracting(free).sorted() {
                let (found, expected) = (value(field, other), value(field, first))
                guard found != expected else { continue }
                throw BundleError.merge(
                    file: "\(part.file): adapter \(member.name)", field: field, found: found.json,
                    expected: "\(expected.json), as in \(parts[0].file), since values are merged one by one",
                    fix: MergeFault.compose)
            }
        }
        return form
    }

    private static func value(_ field: String, _ configuration: AdapterConfiguration) -> ConfigurationValue {
        configuration.fields[field] ?? AdapterMethods.named(configuration.method)?.defaults[field] ?? .null
    }

    static func onlyUpdates(_ method: any MergeMethod.Type, _ parts: [Part], _ members: [Member]) -> BundleError {
        let others = MergeMethods.builtIn.filter { $0 is any ValueMerge.Type }.map { $0.name }
        return .merge(
            file: "\(parts[0].file): adapter \(members[0].name)", field: "method",
            found: members[0].configuration.method,
            expected: "\(LoRA.name), since --method \(method.name) works on its factors",
            fix: "use --method \(others.joined(separator: ", "))")
    }

    /// An adapter that learned above a language adapter does not work without it, or above another one.
    static func checkLanguages(_ parts: [Part]) throws {
        func text(_ language: LanguageReference?) -> String {
            language.map { "\($0.name) (\($0.hash.prefix(12)))" } ?? "none"
        }
        for part in parts where part.bundle.language?.hash != parts[0].bundle.language?.hash {
            throw BundleError.merge(
                file: part.file, field: "language adapter", found: text(part.bundle.language),
                expected: "\(text(parts[0].bundle.language)), as in \(parts[0].file)",
                fix: "merge adapters that were trained on the same language adapter, or all without one")
        }
    }

    /// Of the adapters' content: configuration and values.
    var hashes: [String] {
        zip(parts, members).map { $0.bundle.contentHash(of: $1.scope, configuration: $1.configuration.json) }
    }

    /// A warning where two bundles hold the same adapter.
    var equalContent: [String] {
        let hashes = hashes
        return parts.indices.compactMap { i in
            guard let first = hashes[..<i].firstIndex(of: hashes[i]) else { return nil }
            return
                "\(parts[i].file): the same adapter as in \(parts[first].file); it counts as often as it is given"
        }
    }

    /// A warning where values that began at random have nothing to do with each other: their cosine is near 0.
    func differentStarts() -> [String] {
        guard let specs = try? members[0].configuration.makeMethod().specs(architecture) else { return [] }
        let random = specs.filter { $0.initializer != .zeros && $0.initializer != .ones }
        func all(_ adapter: Int) -> [Float] {
            random.flatMap { (try? values(adapter, "\(members[adapter].scope)/\($0.name)")) ?? [] }
        }
        let first = all(0)
        func dot(_ a: [Float], _ b: [Float]) -> Double { zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) } }
        for i in parts.indices.dropFirst() {
            let other = all(i)
            let norms = (dot(first, first) * dot(other, other)).squareRoot()
            guard norms > 0, dot(first, other) < 0.1 * norms else { continue }
            return [
                "\(parts[i].file): its values have nothing in common with those of \(parts[0].file), as of adapters that "
                    + "started from other random values; merged value by value they may be worth little. Train them "
                    + "with --init-from one bundle, or use LoRA"
            ]
        }
        return []
    }

    /// A warning where the rank is too small for the merged change.
    /// - Parameter kept: share of its squared norm
    static func lost(_ kept: Double) -> String? {
        guard kept < 0.9999 else { return nil }
        let percent = (kept * 1000).rounded(.down) / 10
        return
            "the result's rank keeps \(percent) % of the merged change (of its squared norm); more with a larger --rank"
    }
}
