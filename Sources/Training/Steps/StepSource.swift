import Files
import Numerics

/// Gives a run its steps, one after another. How many there are is known before the first; what they train on, the scheduler
/// says when they begin.
///
/// An epoch has as many pieces as the tasks' examples fill once; the last step of an epoch may have fewer than the others.
struct StepSource {
    private var streams: [TaskStream]
    private var scheduler: any TaskScheduler
    /// Pieces of a step.
    private let pieces: Int
    /// Of each epoch.
    private let turns: [Int]
    /// The first step of each epoch, and the number of steps at the end.
    private let firstSteps: [Int]

    init(_ tasks: [TrainingTask], settings: TrainingSettings, scheduler: any TaskScheduler.Type) {
        let longest = tasks.map(\.train.longest).max() ?? 1
        let (policy, pieces) = settings.mix.pieces(settings.batch, longest: longest)
        self.pieces = pieces
        streams = tasks.map {
            TaskStream($0, policy: policy, seed: UInt64(settings.seed), passes: settings.epochs)
        }
        let counts = streams.map(\.counts)
        let plan = SchedulerPlan(
            turns: (0..<settings.epochs).map { epoch in counts.map { $0[epoch] } }, settings: settings)
        self.scheduler = scheduler.init(plan)
        turns = plan.turns.map { $0.reduce(0, +) }
        firstSteps = turns.reduce(into: [0]) { $0.append(($0.last ?? 0) + ($1 + pieces - 1) / pieces) }
    }

    /// Steps of the whole run.
    var count: Int { firstSteps.last ?? 0 }

    /// The epoch that a step belongs to.
    func epoch(of step: Int) -> Int { max(0, (firstSteps.firstIndex { $0 > step } ?? firstSteps.count) - 1) }

    /// Step number `step`; each is asked for once, in order.
    mutating func next(_ step: Int, history: RunHistory) -> TrainingStep {
        let epoch = epoch(of: step)
        let first = (step - firstSteps[epoch]) * pieces
        var examples = [[Int]](repeating: [], count: streams.count)
        for index in first..<min(first + pieces, turns[epoch]) {
            let task = scheduler.next(Turn(epoch: epoch, index: index), history: history)
            examples[task] += streams[task].next()
        }
        return TrainingStep(examples, epoch: epoch)
    }

    /// Where it stands, for a checkpoint.
    var state: ConfigurationValue {
        .map(["scheduler": scheduler.state, "streams": .list(streams.map(\.state))])
    }

    /// - Returns: false if the value does not come from `state`
    mutating func restore(_ state: ConfigurationValue) -> Bool {
        guard case .map(let fields) = state, let own = fields["scheduler"], case .list(let values)? = fields["streams"],
            values.count == streams.count
        else { return false }
        for (i, value) in values.enumerated() where !streams[i].restore(value) { return false }
        return scheduler.restore(own)
    }
}
