import Adapters
import Bundles
import Files
import Training

/// What candidates train.
struct AutoRecipes {
    let sources: AutoSources
    let closest: AutoSources.Source
    /// Of a new adapter.
    let configuration: AdapterConfiguration

    /// The candidates that these sources allow.
    var candidates: [AutoCandidate] {
        AutoCandidate.allCases.filter { candidate in
            switch candidate {
            case .probe, .adapter: true
            case .average: sources.all.count > 1
            case .initFrom: closest.bundle.members.count == 1
            case .fusion, .scaLearn: sources.fusable.count > 1
            case .fusionWithOwn: !sources.fusable.isEmpty && configuration.isBottleneck
            }
        }
    }

    /// - Parameter own: the task's own adapter, for a fusion with it
    func recipe(_ candidate: AutoCandidate, own: Cell?) -> CellRecipe {
        let fusable = sources.fusable.map { CellInput.bundle($0) }
        switch candidate {
        case .probe: return CellRecipe(identity: "linear probe") { _ in .probe() }
        case .average:
            return CellRecipe(
                identity: "linear probe on the average", inputs: sources.all.map { .bundle($0.bundle) }
            ) { bundles in
                var composed = Composed()
                let parts = try bundles.map { try composed.take($0) }
                return .probe(
                    on: Composition(try Average(BlockFields([:], children: parts.count)), parts), of: composed)
            }
        case .adapter: return .adapter(configuration)
        case .initFrom:
            let configuration = closest.bundle.members[0].configuration
            return CellRecipe(
                identity: "adapter \(configuration.json) from a source", inputs: [.bundle(closest.bundle)]
            ) { .adapter(configuration, from: $0[0]) }
        case .fusion: return .fusion(fusable, .dynamic)
        case .fusionWithOwn: return .fusion(fusable + [own].compactMap { $0.map { .cell($0) } }, .dynamic)
        case .scaLearn:
            return CellRecipe(identity: "scalearn", inputs: fusable) { bundles in
                try .block(over: bundles) { _ in ScaLearn() }
            }
        }
    }
}

extension AdapterConfiguration {
    /// Whether a fusion can attend over such an adapter for its bottleneck.
    fileprivate var isBottleneck: Bool { (try? makeMethod()) is BottleneckAdapter }
}
