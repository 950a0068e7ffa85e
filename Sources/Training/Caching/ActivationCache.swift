import Numerics

/// What the frozen layers of a run give for its texts, computed in one epoch and read in those that follow.
///
/// It changes no byte of a result, so it is no setting of a run, and a checkpoint has nothing of it.
package final class ActivationCache {
    /// Bytes that a run keeps where nobody says how many.
    package static let standardBytes = 1_000_000_000

    /// Bytes that are kept at most.
    private var limit: Int
    /// What the trainings of a process share; nil: this one keeps by itself.
    let shared: SharedActivations?
    private var train: [ActivationStore] = []
    private var dev: [ActivationStore] = []

    /// nil: nothing would be read again, or the matrix library does not give a row the same bytes in every batch.
    /// - Parameters:
    ///   - limit: in bytes; 0: nothing is kept.
    ///   - shared: keeps the rows of a bare model for further trainings.
    init?(limit: Int, settings: TrainingSettings, shared: SharedActivations? = nil) {
        guard limit > 0, settings.epochs > 1 || shared != nil, !Products.usesLibrary else { return nil }
        shared?.begin()
        self.shared = shared
        self.limit = shared.map { min(limit, $0.free) } ?? limit
    }

    /// A store for the training texts of a plan, by the tasks' indices.
    func train(_ frozen: FrozenLayers, _ examples: [Int: EncodedExamples]) -> ActivationStore {
        let store = ActivationStore(frozen, examples: examples, shared: shared?.rows(frozen))
        train.append(store)
        return store
    }

    /// A store for texts that are scored after each epoch.
    func dev(_ frozen: FrozenLayers, _ examples: [Int: EncodedExamples]) -> ActivationStore {
        let store = ActivationStore(frozen, examples: examples, shared: shared?.rows(frozen))
        dev.append(store)
        return store
    }

    /// Keeps less.
    func limit(to bytes: Int) { limit = min(limit, max(0, bytes)) }

    /// Bytes that it will take.
    var bytes: Int { min(limit, (train + dev).reduce(0) { $0 + $1.needed } * MemoryLayout<Float>.size) }

    /// Gives the stores their room, training texts first: a text that finds none is computed in each epoch.
    func reserve() {
        var left = limit / MemoryLayout<Float>.size
        for store in train + dev {
            let own = min(left, store.needed)
            store.reserve(own)
            left -= own
        }
    }

    func release() { (train + dev).forEach { $0.release() } }

    /// What it keeps; nil: no layer is frozen.
    var facts: CachedActivations? {
        guard !(train + dev).isEmpty else { return nil }
        return CachedActivations(train: Self.sum(train), dev: Self.sum(dev))
    }

    private static func sum(_ stores: [ActivationStore]) -> CachedActivations.Part? {
        guard var sum = stores.first?.facts else { return nil }
        for part in stores.dropFirst().map(\.facts) {
            sum.layers = min(sum.layers, part.layers)
            (sum.texts, sum.allTexts, sum.bytes) = (
                sum.texts + part.texts, sum.allTexts + part.allTexts, sum.bytes + part.bytes
            )
        }
        return sum
    }
}

/// What a run kept of its frozen layers.
package struct CachedActivations: Equatable, Sendable {
    package struct Part: Equatable, Sendable {
        /// The lowest layers whose output was kept; of several plans the fewest.
        package var layers: Int
        /// Texts whose rows were kept, of how many.
        package var texts: Int
        package var allTexts: Int
        package var bytes: Int
    }
    /// nil: computed in each step.
    package var train: Part?
    /// nil: computed in each epoch.
    package var dev: Part?
}
