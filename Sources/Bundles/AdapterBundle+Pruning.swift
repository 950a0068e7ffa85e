import Adapters
import Files

extension AdapterBundle {
    /// One of its adapters by itself, without heads.
    /// - Throws: `BundleError.members` where it has no adapter of this name
    package func adapter(named name: String) throws(BundleError) -> AdapterBundle {
        guard let member = members.first(where: { $0.name == name }) else { throw noAdapter(name) }
        var bundle = AdapterBundle(
            name: name, base: base, members: [member], composition: .leaf(name),
            tensors: tensors.filter { $0.name.hasPrefix(member.scope + "/") })
        bundle.provenance.license = provenance.license
        bundle.language = language
        return bundle
    }

    func noAdapter(_ name: String) -> BundleError {
        let names = members.map(\.name)
        let near = nearestName(to: name, among: names).map { "; did you mean '\($0)'?" } ?? ""
        return .members(
            "bundle \(self.name): found no adapter '\(name)', expected one of \(names.joined(separator: ", "))\(near)")
    }
}
