import Foundation
import Reporting
import Tasks

extension ExperimentRunner {
    /// Says how long the cells will take, by measurements of each kind of training that is left.
    /// - Parameter extent: what there is to do, in words.
    /// - Throws: `TrainingError.stopped`, and what reading finished bundles throws
    package func announce(_ extent: String, _ cells: [Cell]) throws {
        guard !cells.isEmpty else { return }
        let all = try load(cells)
        let left = all.filter { $0.left > 0 }
        guard !left.isEmpty else {
            environment.tell(.message("\(extent): all trainings have finished already"))
            return
        }
        let probe = SpeedProbe(environment) { [self] in bundle(ofFinished: $0) }
        let estimate = try ExperimentEstimate(left, probe, environment)
        self.estimate = estimate
        let finished = all.reduce(0) { $0 + $1.cell.trainings } - estimate.trainings
        environment.tell(
            .message(
                "\(extent): about \(Human.duration(estimate.total)) for "
                    + Human.count(estimate.trainings, "training")
                    + (finished > 0 ? "; \(finished) more have finished already" : "")))
    }
}
