import Foundation

/// How a training outlives its process.
public struct CheckpointOptions: Sendable, Equatable {
    /// The checkpoint's file. It is written whole or not at all, and removed when the training has ended and its bundle is
    /// written.
    public var file: URL
    /// Seconds between checkpoints; 0 for every step; default 60. A cancelled training writes one more.
    public var interval: Double
    /// Whether to continue from the file if it is there; default true. A file of another training is an error.
    public var resumes: Bool
    /// Where the bundle is written before the checkpoint is removed; nil (default) for nowhere: then it is only returned.
    /// A file there that is not a bundle is never replaced.
    public var output: URL?
    /// Where the run log is written: JSON with all of ``TrainingResult/facts``; nil (default) for nowhere. A training that
    /// resumes and finds its own log and bundle has ended before: it returns the result of that time.
    public var log: URL?
    /// What the log has beside these facts, such as the command that started the training; default none.
    public var logFields: [String: SettingValue]

    /// Creates options.
    /// - Parameters:
    ///   - file: The checkpoint's file; its folder is made if needed.
    ///   - interval: Seconds between checkpoints; 0 for every step.
    ///   - resumes: Whether to continue from the file if it is there.
    ///   - output: Where the bundle is written before the checkpoint is removed.
    ///   - log: Where the run log is written; without `output`, nowhere.
    ///   - logFields: What the log has beside the run's facts.
    public init(
        _ file: URL, interval: Double = 60, resumes: Bool = true, output: URL? = nil, log: URL? = nil,
        logFields: [String: SettingValue] = [:]
    ) {
        self.file = file
        self.interval = interval
        self.resumes = resumes
        self.output = output
        self.log = log
        self.logFields = logFields
    }
}
