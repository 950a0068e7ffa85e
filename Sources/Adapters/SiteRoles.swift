import Foundation
import Models

/// Roles of sites under the names that configurations use.
package enum SiteRoles {
    /// In the order of the computation.
    package static let projections: [(name: String, kind: Site.Kind)] = [
        ("query", .query), ("key", .key), ("value", .value), ("attention_output", .attentionOutput),
        ("gate", .gate), ("intermediate", .intermediate), ("output", .feedForwardOutput),
    ]
    package static let norms: [(name: String, kind: Site.Kind)] = [
        ("embedding_norm", .embeddingNorm), ("attention_norm", .attentionNorm), ("output_norm", .feedForwardNorm),
        ("final_norm", .finalNorm),
    ]

    /// Why a fusion cannot attend over what is added to some projections; nil: they all stand at the ends of blocks.
    static func notFusable(_ targets: Set<Site.Kind>) -> String? {
        let ends: Set<Site.Kind> = [.attentionOutput, .feedForwardOutput]
        let others = projections.filter { targets.contains($0.kind) && !ends.contains($0.kind) }.map(\.name)
        guard !others.isEmpty else { return nil }
        return
            "it also acts on \(others.joined(separator: ", ")), where blocks do not end; use targets=attention_output,output"
    }
}

/// The sites that a method acts at: some roles, less some layers.
struct SiteChoice: Sendable {
    private let roles: Set<Site.Kind>
    private let leaveOut: Set<Int>

    /// Reads `targets` and `leave_out`.
    init(_ c: ConfigurationReader, among roles: [(name: String, kind: Site.Kind)]) throws(AdapterError) {
        self.roles = try c.targets("targets", among: roles)
        leaveOut = try c.layers("leave_out")
    }

    /// A site outside the layers is in none that is left out.
    func contains(_ site: Site) -> Bool { roles.contains(site.kind) && !(site.layer.map(leaveOut.contains) ?? false) }

    func has(_ role: Site.Kind) -> Bool { roles.contains(role) }

    /// Why a fusion cannot attend over what is added to these projections, as a clause for a message; nil: they all stand at
    /// the ends of blocks.
    var notFusable: String? { SiteRoles.notFusable(roles) }

    /// In the order of the computation.
    func sites(_ architecture: Architecture) -> [SiteSpec] { architecture.sites(roles).filter { contains($0.site) } }
}

extension ConfigurationReader {
    /// A list of roles, with commas or as a list, or "all".
    /// - Throws: `AdapterError` for another word, or for none where that is not allowed
    func targets(
        _ field: String, among roles: [(name: String, kind: Site.Kind)], allowsNone: Bool = false
    ) throws(AdapterError) -> Set<Site.Kind> {
        let words: [String]
        switch self[field] {
        case .string(let text):
            words = text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        case .list(let values): words = values.map { if case .string(let word) = $0 { word } else { $0.json } }
        default: words = []
        }
        if words == ["all"] { return Set(roles.map(\.kind)) }
        func wrong(_ found: String, _ start: String, separatedBy separator: String? = nil) -> AdapterError {
            .field(
                source: source, field: field, found: found,
                expected: start + roles.map(\.name).joined(separator: ", ") + ", or all"
                    + (separator.map { ", separated by \($0)" } ?? ""))
        }
        var kinds: Set<Site.Kind> = []
        for word in words {
            guard let role = roles.first(where: { $0.name == word }) else {
                guard case .string(let text) = self[field], words.count > 1 || text.hasPrefix("[") else {
                    throw wrong(word, "")
                }
                throw wrong(text, "", separatedBy: "commas: \(field)=query,value")
            }
            kinds.insert(role.kind)
        }
        guard !kinds.isEmpty || allowsNone else { throw wrong(self[field].json, "a list of ") }
        return kinds
    }
}
