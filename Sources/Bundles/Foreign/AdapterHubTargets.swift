import Adapters
import Files
import Models

/// Which projections AdapterHub's LoRAConfig and IA3Config (adapters 1.3.0) name, as our `targets` and back.
enum AdapterHubTargets {
    private static let matrices: [(theirs: String, ours: String)] = [("q", "query"), ("k", "key"), ("v", "value")]
    static let fields: Set<String> = ["selfattn_lora", "attn_matrices", "intermediate_lora", "output_lora"]

    /// - Throws: `BundleError` naming the field
    static func ours(_ fields: [String: ConfigurationValue], file: String) throws -> ConfigurationValue {
        func flag(_ field: String) throws -> Bool {
            guard case .bool(let flag)? = fields[field] else {
                throw AdapterHubConfiguration.refused(
                    file, "config.\(field)", fields[field]?.json ?? "nothing", "true or false")
            }
            return flag
        }
        var targets: [ConfigurationValue] = []
        if try flag("selfattn_lora") {
            guard case .list(let names)? = fields["attn_matrices"],
                names.allSatisfy({ name in matrices.contains { .string($0.theirs) == name } })
            else {
                throw AdapterHubConfiguration.refused(
                    file, "config.attn_matrices", fields["attn_matrices"]?.json ?? "nothing", "a list of q, k and v")
            }
            targets = matrices.filter { names.contains(.string($0.theirs)) }.map { .string($0.ours) }
        }
        if try flag("intermediate_lora") { targets.append(.string("intermediate")) }
        if try flag("output_lora") { targets.append(.string("output")) }
        return .list(targets)
    }

    /// - Throws: `BundleError` for a projection that the library's methods do not act on
    static func theirs(
        _ kinds: [Site.Kind], refused: (_ field: String, _ found: String, _ expected: String) -> BundleError
    ) throws -> [String: ConfigurationValue] {
        let roles = SiteRoles.projections.filter { kinds.contains($0.kind) }
        if let other = roles.first(where: { $0.kind == .attentionOutput }) {
            throw refused(
                "targets", other.name, "query, key, value, intermediate or output: the library adapts no others")
        }
        let attention = matrices.filter { matrix in roles.contains { $0.name == matrix.ours } }
        return [
            "selfattn_lora": .bool(!attention.isEmpty), "attn_matrices": .list(attention.map { .string($0.theirs) }),
            "intermediate_lora": .bool(kinds.contains(.intermediate)),
            "output_lora": .bool(kinds.contains(.feedForwardOutput)),
        ]
    }
}
