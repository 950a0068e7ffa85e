import Adapters
import Bundles
import Files

/// A language's adapter as tasks stand on it (MAD-X, Pfeiffer et al. 2020).
package struct LanguageAdapter: Sendable {
    package let reference: LanguageReference
    /// Under a name that no adapter of a bundle can have.
    let member: Member
    /// Under that name's scope.
    let tensors: [NamedTensor]

    /// - Throws: `BundleError.members` for a bundle that is not one adapter by itself
    package init(_ bundle: AdapterBundle) throws {
        guard let own = bundle.members.first, bundle.members.count == 1, bundle.language == nil else {
            throw BundleError.members(
                "bundle \(bundle.name) is not a language adapter: found \(counted(bundle.members.count, "adapter"))"
                    + (bundle.language == nil ? "" : " on another language adapter")
                    + ", expected one adapter alone; give a bundle from train-language")
        }
        reference = LanguageReference(
            name: own.name, hash: bundle.contentHash(of: own.scope, configuration: own.configuration.json))
        let member = Member(name: "language/\(own.name)", configuration: own.configuration)
        self.member = member
        tensors = bundle.tensors.filter { $0.name.hasPrefix(own.scope + "/") }.map {
            NamedTensor(member.scope + $0.name.dropFirst(own.scope.count), $0.shape, $0.values)
        }
    }
}

extension AdapterBundle {
    /// A warning where this bundle is used on another language adapter than it was trained on; nil: the same, or none in
    /// both.
    package func warning(on other: LanguageAdapter?, file: String) -> String? {
        switch (language, other?.reference) {
        case (nil, nil): nil
        case (let own?, let given?) where own.hash == given.hash: nil
        case (let own?, let given?):
            "\(file): trained on language adapter \(own.name) (\(own.hash.prefix(12))), used on \(given.name) "
                + "(\(given.hash.prefix(12)))"
        case (let own?, nil):
            "\(file): trained on language adapter \(own.name) (\(own.hash.prefix(12))), used without one; give it "
                + "with --language"
        case (nil, let given?):
            "\(file): trained without a language adapter, used on \(given.name) (\(given.hash.prefix(12)))"
        }
    }
}
