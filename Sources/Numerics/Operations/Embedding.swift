import CKernels

/// y[t] = words[id] + positions[position + first] + types[type], of the last two what the model has. y: [tokens, width].
/// Virtual tokens (`VirtualTokens`) have no word: with positions, they have the other two, else zeros and no gradient.
package final class Embedding: Operation {
    private let words: Operand
    private let positions: Operand?
    private let types: Operand?
    private let firstPosition: Int
    /// Whether virtual tokens have positions.
    private let placesVirtual: Bool
    package let output: Value

    /// - Parameter firstPosition: row of the position table that a sequence's first token gets (0 in BERT).
    package init(
        words: Operand, positions: Operand?, types: Operand?, firstPosition: Int = 0, in builder: PlanBuilder
    ) {
        self.words = words
        self.positions = positions
        self.types = types
        self.firstPosition = firstPosition
        placesVirtual = builder.virtualTokens.map { $0.positions > 0 } ?? false
        precondition(words.shape.count == 2, "the word table has shape \(words.shape)")
        let width = words.shape[1]
        if let positions {
            positions.require([positions.shape.first ?? 0, width], "the position table")
            precondition(
                positions.shape[0] > firstPosition && firstPosition >= 0,
                "the first position is row \(firstPosition) of \(positions.shape[0])")
        }
        if let types { types.require([types.shape.first ?? 0, width], "the table of token types") }
        output = builder.value(.tokens, width)
    }

    package var inputs: [Value] { [] }
    package var rowCut: RowCut { .own }
    package var computation: Computation? {
        Computation(self, [], operands: [words, positions, types], numbers: [Double(firstPosition)])
    }
    package var parameters: [Parameter] { [words, positions, types].compactMap { $0?.parameter } }
    package var parameterUnits: Int {
        wordUnits + [positions, types].count(where: { $0?.isTrainable == true })
    }

    /// Pieces of the vocabulary, each written by one thread.
    private var wordUnits: Int { words.parameter.map { $0.ledger?.pieces.count ?? 1 } ?? 0 }

    package func forward(_ run: SliceRun) {
        let width = output.width
        var y = run.values(output)
        if let positions {
            precondition(
                run.batch.span + firstPosition <= positions.shape[0],
                "\(run.batch.span) positions, the table has \(positions.shape[0]) from \(firstPosition) on")
        }
        for t in run.range(output) {
            defer { y += width }
            let position = positions.map { $0.floats + (Int(run.batch.positions[t]) + firstPosition) * width }
            if VirtualTokens.index(run.batch.ids[t]) == nil {
                let id = Int(run.batch.ids[t])
                let word = words.rows(id..<id + 1) { run.scratch($0) }
                run.kernels.pointee.fill_rows(y, position, word, 1, width)
            } else {
                if let position, placesVirtual {
                    y.update(from: position, count: width)
                } else {
                    y.update(repeating: 0, count: width)
                }
                guard placesVirtual else { continue }
            }
            if let types { run.kernels.pointee.add(y, types.floats + Int(run.batch.types[t]) * width, width, 1, true) }
        }
        if case .frozen(let table) = words { table.releaseAfterReading() }
    }

    package func backward(_ run: SliceRun) {}

    package func accumulate(unit: Int, _ run: BatchRun) {
        var unit = unit
        if let words = words.parameter {
            if unit < wordUnits {
                guard let ledger = words.ledger else {
                    return add(run, to: words, rows: 0..<words.shape[0]) { Int(run.batch.ids[$0]) }
                }
                return addUsed(run, to: words, piece: ledger.pieces[unit])
            }
            unit -= wordUnits
        }
        if let positions = positions?.parameter {
            if unit == 0 {
                return add(run, to: positions, rows: 0..<positions.shape[0]) {
                    Int(run.batch.positions[$0]) + self.firstPosition
                }
            }
            unit -= 1
        }
        if let types = types?.parameter {
            add(run, to: types, rows: 0..<types.shape[0]) { Int(run.batch.types[$0]) }
        }
    }

    /// As `add`, but rows without a gradient, now and before, are not even set to zero.
    private func addUsed(_ run: BatchRun, to parameter: Parameter, piece: RowLedger.Piece) {
        let width = output.width
        if !run.accumulates {
            piece.clear { (parameter.gradient + $0 * width).update(repeating: 0, count: width) }
        }
        let dy = run.gradient(output)
        for (i, t) in run.group.tokens.enumerated() {
            let row = Int(run.batch.ids[t])
            guard piece.range.contains(row) else { continue }
            piece.note(row)
            run.kernels.pointee.add(parameter.gradient + row * width, dy + i * width, width, 1, true)
        }
    }

    private func add(_ run: BatchRun, to parameter: Parameter, rows: Range<Int>, row: (Int) -> Int) {
        let width = output.width
        if !run.accumulates {
            (parameter.gradient + rows.lowerBound * width).update(repeating: 0, count: rows.count * width)
        }
        let dy = run.gradient(output)
        for (i, t) in run.group.tokens.enumerated() {
            let target = row(t)
            if rows.contains(target) {
                run.kernels.pointee.add(parameter.gradient + target * width, dy + i * width, width, 1, true)
            }
        }
    }
}
