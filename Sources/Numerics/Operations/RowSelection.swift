import CKernels

/// An operation whose rows are each a row of one of its inputs.
package protocol RowSelection: Operation {
    /// Calls `body` for each row, counted from the first that the run shows, with the index of its input.
    func forEachRow(_ run: SliceRun, _ body: (_ row: Int, _ choice: Int) -> Void)
}

extension RowSelection {
    package func forward(_ run: SliceRun) {
        let (y, width) = (run.values(output), output.width)
        let sources = inputs.map { run.values($0) }
        forEachRow(run) { row, choice in
            (y + row * width).update(from: sources[choice] + row * width, count: width)
        }
    }

    package func backward(_ run: SliceRun) {
        let (dy, width) = (run.outputGradient, output.width)
        for n in inputs.indices {
            guard let target = run.gradient(n) else { continue }
            if !target.adds { target.pointer.update(repeating: 0, count: run.rows(output) * width) }
            forEachRow(run) { row, choice in
                guard choice == n else { return }
                run.kernels.pointee.add(target.pointer + row * width, dy + row * width, width, 1, true)
            }
        }
    }
}
