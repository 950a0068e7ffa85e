import Models
import Reporting
import Tasks
import Training

extension TransferRunner {
    /// Says the budget and how long it will take: the speed of a few adapter steps, times the work.
    func announce() throws {
        environment.progress.message(plan.budget)
        for warning in data.warnings { environment.progress.message(warning) }
        guard plan.methods.contains(where: \.isTrained), let task = plan.tasks.first,
            let first = data.tasks[task]?[plan.source]
        else { return }
        let speed = try SpeedProbe.tokensPerSecond(session, on: first, plan.configuration, plan.settings)
        let seconds = try work() / speed
        let cells = plan.tasks.reduce(0) { $0 + (data.tasks[$1]?.count ?? 0) }
        environment.progress.message(
            "\(plan.tasks.count) tasks, \(plan.languages.count) languages, \(cells) cells, \(plan.methods.count) methods: "
                + "about \(Human.duration(seconds)) in total at \(Human.count(Int(speed))) tokens/s; finished "
                + "trainings are reused")
    }

    /// A token's costs in units of an adapter's training token.
    private enum Cost {
        static let forward = 0.4
        static let language = 1.3
        static let head = 0.9
        /// For each fused adapter beside the first.
        static let fused = 0.2
    }

    /// All tokens in units of an adapter's training token.
    private func work() throws -> Double {
        let wants = Set(plan.methods)
        func tokens(_ split: Split, of task: TaskData) throws -> Double {
            Double(try session.encode(task[split], of: task, maxLength: plan.settings.maxLength).tokens)
        }
        let epochs = Double(plan.settings.epochs)
        var work = 0.0
        if wants.contains(where: \.usesLanguageAdapters) {
            let languages = Double(plan.languages.count)
            work += Double(plan.headTokens) * Cost.head * Double(plan.languageSettings.epochs)
            work += Double(plan.languageTokens) * Cost.language * languages * Double(plan.languageSettings.epochs)
        }
        for task in plan.tasks {
            guard let tasks = data.tasks[task], let source = tasks[plan.source] else { continue }
            let (train, dev) = (try tokens(.train, of: source), try tokens(.dev, of: source))
            let test = try tasks.values.reduce(0) { $0 + (try tokens(.test, of: $1)) } * Cost.forward
            let single = epochs * (train + dev * Cost.forward)
            let rates = Double(plan.rates.count)
            let all = try tasks.values.reduce(0) {
                $0 + epochs * (try tokens(.train, of: $1) + tokens(.dev, of: $1) * Cost.forward)
            }
            let fused = 1 + Cost.fused * Double(tasks.count - 1)
            if wants.contains(.otherBase), let other { work += rates * (single + test) * relativeSize(other) }
            if !wants.isDisjoint(with: [.adapter, .fusion]) { work += rates * (single + test) }
            if wants.contains(where: \.usesLanguageAdapters) { work += rates * (single + 2 * test) * (1 + Cost.fused) }
            if wants.contains(.multitask) { work += rates * (all + test) }
            if wants.contains(.fusion) { work += all - single + rates * (single + test) * fused }
        }
        return work
    }

    /// Products of another base's layers against this one's.
    private func relativeSize(_ other: Session) -> Double {
        func size(_ c: ModelConfiguration) -> Double {
            Double(c.layers) * Double(c.hidden) * Double(2 * c.hidden + c.intermediate)
        }
        return size(other.model.configuration) / max(size(session.model.configuration), 1)
    }
}
