import CKernels
import Foundation
import Numerics

/// AdamW (Loshchilov & Hutter 2019, algorithm 2) over ranges of the flat parameter buffer.
///
/// Each tensor counts its own steps, as in torch: a head whose task did not come up is neither moved nor decayed.
package final class AdamW {
    package struct Settings: Equatable, Sendable {
        package var beta1: Float = 0.9
        package var beta2: Float = 0.999
        package var epsilon: Float = 1e-8
        package var decay: Float = 0.01
        /// Also the tensors that declare themselves exempt (`ParameterSpec.decays`).
        package var decaysAll = false
        /// Names of tensors that are not decayed whatever is set.
        package var neverDecays: Set<String> = []
        package init() {}
    }

    private let buffer: ParameterBuffer
    private let settings: Settings
    /// Means of the gradients and of their squares, as the buffer lies.
    let first: AlignedBuffer
    let second: AlignedBuffer
    /// Steps of each tensor.
    var steps: [Int]
    private let pool: ThreadPool
    private let kernels = Products.kernels

    /// Elements that one task moves.
    private static let chunk = 65_536

    package init(_ buffer: ParameterBuffer, settings: Settings, pool: ThreadPool) {
        self.buffer = buffer
        self.settings = settings
        self.pool = pool
        first = AlignedBuffer(count: buffer.count)
        second = AlignedBuffer(count: buffer.count)
        steps = [Int](repeating: 0, count: buffer.parameters.count)
    }

    /// Some elements of a tensor, or a piece of a table.
    private struct Chunk {
        let parameter: Int
        let offset: Int
        let count: Int
        var piece: RowLedger.Piece?
    }

    private func chunks(_ parameters: [Parameter]) -> [Chunk] {
        parameters.flatMap { parameter -> [Chunk] in
            guard let index = buffer.index(of: parameter.name) else { return [] }
            if let ledger = parameter.ledger {
                return ledger.pieces.map { Chunk(parameter: index, offset: parameter.offset, count: 0, piece: $0) }
            }
            return stride(from: 0, to: parameter.count, by: Self.chunk).map {
                Chunk(
                    parameter: index, offset: parameter.offset + $0, count: min(Self.chunk, parameter.count - $0))
            }
        }
    }

    /// Moves the parameters against their gradients.
    /// - Parameters:
    ///   - rate: learning rate of this step; each tensor's is this times its factor (`ParameterSpec.rateFactor`).
    ///   - clip: largest norm of all gradients together; 0: none.
    /// - Returns: the norm before clipping; where it is not finite, nothing was moved.
    @discardableResult
    package func step(_ parameters: [Parameter], rate: Float, clip: Float) -> Double {
        let chunks = chunks(parameters)
        var squares = [Double](repeating: 0, count: chunks.count)
        squares.withUnsafeMutableBufferPointer { squares in
            guard let base = squares.baseAddress else { return }
            pool.run(chunks.count) { i, _ in
                let gradients = buffer.gradients + chunks[i].offset
                guard let piece = chunks[i].piece else {
                    base[i] = kernels.pointee.sum_of_squares(gradients, chunks[i].count)
                    return
                }
                let width = buffer.parameters[chunks[i].parameter].shape[1]
                base[i] = piece.current.reduce(0) {
                    $0 + kernels.pointee.sum_of_squares(gradients + Int($1) * width, width)
                }
            }
        }
        let norm = squares.reduce(0, +).squareRoot()  // in the chunks' order, whoever computed them
        guard norm.isFinite else { return norm }
        // As torch's clip_grad_norm_
        let scale = clip > 0 ? Float(min(1, Double(clip) / (norm + 1e-6))) : 1
        for parameter in parameters { if let i = buffer.index(of: parameter.name) { steps[i] += 1 } }
        pool.run(chunks.count) { i, _ in
            let chunk = chunks[i]
            let t = Double(steps[chunk.parameter])
            let parameter = buffer.parameters[chunk.parameter]
            let decays =
                (settings.decaysAll || parameter.decays) && !settings.neverDecays.contains(parameter.name)
            let decay = decays ? settings.decay : 0
            let rate = rate * parameter.rateFactor
            let corrections = (
                Float(1 - pow(Double(settings.beta1), t)), Float(1 - pow(Double(settings.beta2), t))
            )
            func move(_ offset: Int, _ count: Int) {
                kernels.pointee.adamw(
                    buffer.values + offset, buffer.gradients + offset, first.floats + offset, second.floats + offset,
                    count, scale, rate, settings.beta1, settings.beta2, settings.epsilon, decay, corrections.0,
                    corrections.1)
            }
            guard let piece = chunk.piece else { return move(chunk.offset, chunk.count) }
            // Rows that never had a gradient have no moments: of the whole rule their decay is left
            let width = buffer.parameters[chunk.parameter].shape[1]
            piece.forEachRun { rows, used in
                let offset = chunk.offset + rows.lowerBound * width
                if used {
                    move(offset, rows.count * width)
                } else if decay > 0 {
                    kernels.pointee.add(
                        buffer.values + offset, buffer.values + offset, rows.count * width, 1 - rate * decay, false)
                }
            }
        }
        return norm
    }
}
