import Files
import Numerics

/// Gives a run its steps, one after another. How many there are is known before the first; what they train on, the scheduler
/// says when they begin.
///
/// An epoch has as many pieces as the tasks' examples fill once, or fewer if it ends with the first task whose examples are
/// used up (`ExhaustedTask`); the last step of an epoch may have fewer pieces than the others.
struct StepSource {
    private var streams: [TaskStream]
    private var scheduler: any TaskScheduler
    /// Pieces of a step.
    private let pieces: Int
    /// Of each epoch.
    private let turns: [Int]
    /// The first step of each epoch, and the number of steps at the end.
    private let firstSteps: [Int]
    private let exhausted: ExhaustedTask

    init(_ tasks: [TrainingTask], settings: TrainingSettings, scheduler: any TaskScheduler.Type) {
        let longest = tasks.map(\.train.longest).max() ?? 1
        let (policy, pieces) = settings.mix.pieces(settings.batch, longest: longest)
        self.pieces = pieces
        exhausted = settings.scheduling.exhausted
        streams = tasks.map {
            TaskStream($0, policy: policy, seed: UInt64(settings.seed), passes: settings.epochs)
        }
        let counts = streams.map(\.counts)
        let plan = SchedulerPlan(
            turns: (0..<settings.epochs).map { epoch in counts.map { $0[epoch] } }, settings: settings,
            tasks: tasks.map {
                SchedulerPlan.Task(name: $0.name, examples: $0.train.count, goals: $0.objective.heads.map(\.task))
            })
        self.scheduler = scheduler.init(plan)
        let all = plan.turns.map { $0.reduce(0, +) }
        turns = exhausted == .stop ? Self.turns(plan, until: all, scheduler: self.scheduler) : all
        firstSteps = turns.reduce(into: [0]) { $0.append(($0.last ?? 0) + ($1 + pieces - 1) / pieces) }
    }

    /// The turns of each epoch until the scheduler chooses a task whose examples are used up.
    private static func turns(_ plan: SchedulerPlan, until most: [Int], scheduler: any TaskScheduler) -> [Int] {
        var scheduler = scheduler
        return most.enumerated().map { epoch, most in
            var used = [Int](repeating: 0, count: plan.turns[epoch].count)
            for index in 0..<most {
                let task = scheduler.next(Turn(epoch: epoch, index: index), history: RunHistory())
                if used[task] == plan.turns[epoch][task] { return index }
                used[task] += 1
            }
            return most
        }
    }

    /// Steps of the whole run.
    var count: Int { firstSteps.last ?? 0 }

    /// The epoch that a step belongs to.
    func epoch(of step: Int) -> Int { max(0, (firstSteps.firstIndex { $0 > step } ?? firstSteps.count) - 1) }

    /// Step number `step`; each is asked for once, in order.
    mutating func next(_ step: Int, history: RunHistory) -> TrainingStep {
        let epoch = epoch(of: step)
        let first = (step - firstSteps[epoch]) * pieces
        if exhausted != .repeat { for i in streams.indices { streams[i].begin(pass: epoch) } }
        var examples = [[Int]](repeating: [], count: streams.count)
        for index in first..<min(first + pieces, turns[epoch]) {
            let task = task(Turn(epoch: epoch, index: index), history)
            examples[task] += streams[task].next()
        }
        return TrainingStep(examples, epoch: epoch)
    }

    private mutating func task(_ turn: Turn, _ history: RunHistory) -> Int {
        guard exhausted == .skip else { return scheduler.next(turn, history: history) }
        let closed = Set(streams.indices.filter { streams[$0].left == 0 })
        let task = scheduler.next(Turn(epoch: turn.epoch, index: turn.index, closed: closed), history: history)
        // Whatever a scheduler says, no example comes twice
        return closed.contains(task) ? streams.indices.first { !closed.contains($0) } ?? task : task
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
