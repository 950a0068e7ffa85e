import Training

/// Memory for what the layers below the first adapter give for each text, so that a training computes them once and not in
/// each epoch.
///
/// Layers are without an adapter where the adapter leaves them out (AdapterDrop, Rücklé et al. 2021): with the field
/// `leave_out`, or all of them where only a head learns. For training texts, ``TrainingOptions/usesBaseDropout`` must be false, unless the
/// model has no dropout; dev texts are always kept. The bundle and all losses have the same bytes with and without the
/// cache. ``TrainingResult/cachedActivations`` tells what was kept.
public enum ActivationCache: Sendable, Equatable {
    /// At most so many bytes, 0 or more, and not more than ``MemoryLimit`` leaves. A text takes 4 bytes for each number of
    /// its hidden states; texts that find no room are computed in each epoch.
    case bytes(Int)
    /// Every layer is computed in each step.
    case off

    /// 1 GB: with a hidden size of 384, some 650,000 tokens.
    public static let standard = ActivationCache.bytes(Training.ActivationCache.standardBytes)

    /// Reads a size, such as `800MB`, `2GiB` or a number of bytes, or `off`.
    /// - Throws: ``AmalgamError/Kind/option``.
    public init(_ size: String) throws(AmalgamError) {
        guard size != "off" else {
            self = .off
            return
        }
        self = .bytes(
            try translated {
                try Training.MemoryLimit.bytes(
                    size, option: Self.option, expected: "a size, for example 800MB or 2GiB, or off")
            })
    }

    private static let option = "--activation-cache"

    /// 0: off
    var limit: Int { if case .bytes(let bytes) = self { bytes } else { 0 } }

    /// - Throws: `TrainingError.setting`
    func validate() throws(TrainingError) {
        guard limit < 0 else { return }
        throw .setting(name: Self.option, found: "\(limit) bytes", expected: "0 or more")
    }
}

/// What a training kept of its frozen layers from one epoch to the next.
public struct CachedActivations: Sendable, Equatable {
    /// What was kept for the texts of a split.
    public struct Part: Sendable, Equatable {
        /// The lowest layers that were computed once, embeddings apart; where tasks differ, the fewest.
        public var layers: Int
        /// Texts whose activations were kept.
        public var texts: Int
        /// Texts of the split; those that found no room were computed in each epoch.
        public var allTexts: Int
        /// Memory that they took.
        public var bytes: Int

        init(_ part: Training.CachedActivations.Part) {
            (layers, texts, allTexts, bytes) = (part.layers, part.texts, part.allTexts, part.bytes)
        }

        init?(_ value: SettingValue?) {
            guard case .map(let fields)? = value else { return nil }
            func count(_ name: String) -> Int { Int(exactly: fields[name]?.number ?? 0) ?? 0 }
            (layers, texts) = (count("layers"), count("texts"))
            (allTexts, bytes) = (count("all_texts"), count("bytes"))
        }
    }

    /// Of the training texts; nil: their layers drop, or all of them hold an adapter.
    public var train: Part?
    /// Of the dev texts; nil: they were scored once.
    public var dev: Part?

    init(_ cached: Training.CachedActivations) {
        (train, dev) = (cached.train.map { Part($0) }, cached.dev.map { Part($0) })
    }

    /// As the run log has it; nil: nothing was kept.
    init?(_ value: SettingValue?) {
        guard case .map(let fields)? = value else { return nil }
        (train, dev) = (Part(fields["train"]), Part(fields["dev"]))
    }
}
