import Bundles
import Tasks
import Training

/// One training of an experiment: what is trained with what, and what is scored with the result.
///
/// A plan makes each cell once, and gives the same object to every cell that builds on it: so the order of the trainings
/// follows from the cells alone.
package final class Cell {
    /// Where a training's learning rate comes from.
    package enum Rates {
        /// The settings have it.
        case settings
        /// Dev chooses among these.
        case grid([Double])
        /// The rate that dev chose for another cell.
        case same(as: Cell)
    }

    /// What is scored with the result: a split of a task, through a head, perhaps on a language adapter.
    package struct Scored {
        /// In the cell's result.
        package var name: String
        package var task: ExperimentTask
        package var split: Split
        /// The task whose head answers.
        package var head: String
        /// What the bundle's adapters are stacked on.
        package var language: CellInput?

        package init(
            _ name: String, _ task: ExperimentTask, split: Split = .test, head: String, on language: CellInput? = nil
        ) {
            self.name = name
            self.task = task
            self.split = split
            self.head = head
            self.language = language
        }
    }

    /// Begins the names of its files: "role.adapter".
    package let name: String
    /// As progress shows it.
    package let label: String
    /// The base.
    package let session: Session
    package let training: any CellTraining
    /// As the training uses them; the learning rate apart, where `rates` has it.
    package let settings: TrainingSettings
    package let rates: Rates
    package let scored: [Scored]
    /// Whether its bundle stays on disk; that of a cell on which another builds always does.
    package let keepsBundle: Bool

    package init(
        _ name: String, label: String, session: Session, training: any CellTraining, settings: TrainingSettings,
        rates: Rates, scored: [Scored] = [], keepsBundle: Bool = false
    ) {
        self.name = name
        self.label = label
        self.session = session
        self.training = training
        self.settings = training.settings(settings)
        self.rates = rates
        self.scored = scored
        self.keepsBundle = keepsBundle
    }

    /// What it builds on: bundles to train with, and those to be scored on.
    var inputs: [CellInput] { training.inputs + scored.compactMap(\.language) }

    /// Whether its rate is not just its settings'.
    var choosesRate: Bool { if case .settings = rates { false } else { true } }

    /// The cells that must have finished first.
    var needs: [Cell] {
        var cells = inputs.compactMap(\.cell)
        if case .same(let other) = rates { cells.append(other) }
        return cells
    }

    /// How many trainings it is: one for each learning rate that it tries.
    var trainings: Int { if case .grid(let rates) = rates { rates.count } else { 1 } }

    /// Cells and all that they need, each once, what is needed first.
    static func closure(_ cells: [Cell]) -> [Cell] {
        var seen: Set<ObjectIdentifier> = []
        var all: [Cell] = []
        func add(_ cell: Cell) {
            guard seen.insert(ObjectIdentifier(cell)).inserted else { return }
            cell.needs.forEach(add)
            all.append(cell)
        }
        cells.forEach(add)
        return all
    }
}

/// A bundle that a cell builds on: one that another cell trains, or one that is there.
package enum CellInput {
    case cell(Cell)
    case bundle(AdapterBundle)

    var cell: Cell? { if case .cell(let cell) = self { cell } else { nil } }
}
