import Foundation

/// A training that another process has claimed.
struct ClaimedTraining {
    var name: String
    /// "process 123 (ablate)"
    var holder: String
}

/// The time in which all that is left of an experiment is claimed by other processes, or needs what they train.
struct ClaimWait {
    private let environment: ExperimentEnvironment
    private var seconds = Self.shortest
    private var isTold = false

    /// Seconds between two looks: soon after the wait has begun, then less often.
    private static let shortest = 0.05
    private static let longest = 1.0
    /// Seconds between two questions whether to stop.
    private static let slice = 0.05

    init(_ environment: ExperimentEnvironment) { self.environment = environment }

    /// Waits a little; says once what for.
    /// - Throws: `CancellationError` if it is to stop
    mutating func pause(for claimed: [ClaimedTraining]) throws {
        if !isTold {
            let shown = claimed.prefix(4).map { "\($0.name) by \($0.holder)" }.joined(separator: ", ")
            let more = claimed.count > 4 ? ", and \(claimed.count - 4) more" : ""
            environment.tell(.message("waiting for trainings of other processes: \(shown)\(more)"))
            isTold = true
        }
        let end = Date(timeIntervalSinceNow: seconds)
        while Date() < end {
            if environment.stops() { throw CancellationError() }
            Thread.sleep(forTimeInterval: Self.slice)
        }
        seconds = min(Self.longest, 2 * seconds)
    }

    /// Something has been done since: a further wait is another one.
    mutating func end() { (seconds, isTold) = (Self.shortest, false) }
}
