import Files
import Foundation
import Training

/// How much a fusion attends to each of its adapters, in the mean over all tokens of a split's texts; and how much ScaLearn, an
/// average or another block that scales its adapters gives to each: the mean of its absolute scales, as a share of all.
public struct AttentionMap: Sendable, Equatable {
    /// A place in the model where a block weighs its adapters.
    public struct Place: Sendable, Equatable {
        /// The block's id in the bundle: `fuse`, `scalearn`.
        public var block: String
        /// Where it acts in the layer: `afterAttention`, `afterFeedForward`, or a projection such as `query`.
        public var site: String
        /// The layer, from 0.
        public var layer: Int
        /// The share of each adapter, or part of the block, by name; they sum to 1.
        public var shares: [String: Double]
    }

    /// The adapters, or parts of blocks, in order.
    public let adapters: [String]
    /// All places by block and layer.
    public let places: [Place]
    /// The mean share of each adapter over all places.
    public let means: [String: Double]

    init(_ attention: MeanAttention) {
        adapters = attention.parts
        means = attention.means
        places = attention.places.map {
            Place(block: $0.block, site: $0.site, layer: $0.layer, shares: $0.shares)
        }
    }

    /// All of it as one value: `adapters`, `places` (`block`, `site`, `layer`, `shares`), `means`.
    public var values: SettingValue {
        func shares(_ shares: [String: Double]) -> SettingValue { .map(shares.mapValues { .number($0) }) }
        return [
            "adapters": .list(adapters.map { .string($0) }), "means": shares(means),
            "places": .list(
                places.map {
                    [
                        "block": .string($0.block), "site": .string($0.site), "layer": .init($0.layer),
                        "shares": shares($0.shares),
                    ]
                }),
        ]
    }

    /// A line for each place: block, site, layer, then each adapter's share.
    public var csv: String {
        var lines = [CSVText.row(["block", "site", "layer"] + adapters)]
        for place in places {
            lines.append(
                CSVText.row(
                    [place.block, place.site, "\(place.layer)"] + adapters.map { "\(place.shares[$0] ?? 0)" }))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Writes it as CSV, if the file's name ends with .csv, else as JSON.
    /// - Parameter file: Replaced whole or not at all.
    /// - Throws: ``AmalgamError/Kind/unwritableFile``.
    public func write(to file: URL) throws(AmalgamError) {
        let text = file.pathExtension.lowercased() == "csv" ? csv : values.json + "\n"
        try translated { try AtomicFile.replace(file, with: Data(text.utf8)) }
    }
}

extension Predictor {
    /// The mean attention of the bundle's fusions over all tokens of a split, and the shares of blocks that scale their adapters.
    /// - Parameters:
    ///   - task: Of the kind that the head was trained for.
    ///   - split: Default test.
    /// - Throws: ``AmalgamError/Kind/composition`` for a bundle without such a block, what the task's data throws;
    ///   `CancellationError`.
    public func attention(on task: TextTask, split: Split = .test) async throws -> AttentionMap {
        AttentionMap(try await worker.attention(task, split: split))
    }
}
