import Bundles
import Foundation
import Training

/// A finished cell, at the learning rate that dev chose.
package struct FinishedCell {
    package let cell: Cell
    package let result: CellResult
    /// Seconds of the trainings at all rates, in this run or an earlier one.
    package let seconds: Double
    /// Where its bundle is; nil: it was not kept.
    let bundleFile: URL?

    /// - Throws: what `BundleFile.read` throws
    func bundle() throws -> AdapterBundle {
        guard let bundleFile else { throw TrainingError.mismatch("\(cell.name): its bundle was not kept") }
        return try BundleFile.read(bundleFile)
    }
}

/// The finished cells of an experiment.
package struct ExperimentResults {
    private(set) var finished: [FinishedCell] = []
    private var places: [ObjectIdentifier: Int] = [:]

    mutating func add(_ cell: FinishedCell) {
        places[ObjectIdentifier(cell.cell)] = finished.count
        finished.append(cell)
    }

    /// Nil: the cell has not been run.
    package subscript(cell: Cell) -> FinishedCell? { places[ObjectIdentifier(cell)].map { finished[$0] } }

    /// Seconds of all trainings, in this run or an earlier one.
    package var seconds: Double { finished.reduce(0) { $0 + $1.seconds } }

    /// Training tokens of a cell with those of all that it builds on.
    package func cumulativeTokens(_ cell: Cell) -> Int { built(cell).reduce(0) { $0 + $1.result.tokens } }

    /// Seconds of a cell's training at the chosen rate with those of all that it builds on.
    package func cumulativeSeconds(_ cell: Cell) -> Double { built(cell).reduce(0) { $0 + $1.result.seconds } }

    /// A cell and all that it builds on, each once.
    private func built(_ cell: Cell) -> [FinishedCell] {
        var seen: Set<ObjectIdentifier> = []
        func add(_ cell: Cell) -> [FinishedCell] {
            guard seen.insert(ObjectIdentifier(cell)).inserted else { return [] }
            return [self[cell]].compactMap { $0 } + cell.training.inputs.compactMap(\.cell).flatMap(add)
        }
        return add(cell)
    }
}
