import Adapters
import Bundles
import Models
import Training

/// The sources that `auto` may use, each under a name of its own.
struct AutoSources {
    struct Source {
        /// The bundle's, with a number where two are the same.
        var name: String
        var bundle: AdapterBundle
        /// Whether a fusion can attend over all of its adapters.
        var isFusable: Bool
    }

    let all: [Source]

    /// - Throws: `BundleError.members` where there is no source with adapters
    init(_ bundles: [AdapterBundle], _ architecture: Architecture) throws {
        var names: Set<String> = []
        all = try bundles.filter { !$0.members.isEmpty }.map { bundle in
            let name = (1...).lazy.map { $0 == 1 ? bundle.name : "\(bundle.name)_\($0)" }.first { !names.contains($0) }
            names.insert(name ?? bundle.name)
            return Source(
                name: name ?? bundle.name, bundle: bundle,
                isFusable: try bundle.members.allSatisfy { member in
                    Fuse.hindrance(try member.configuration.makeMethod(), architecture) == nil
                })
        }
        guard !all.isEmpty else {
            throw BundleError.members("--adapters: found no bundle with an adapter, expected at least one source")
        }
    }

    var fusable: [AdapterBundle] { all.filter(\.isFusable).map(\.bundle) }

    subscript(name: String) -> Source? { all.first { $0.name == name } }
}
