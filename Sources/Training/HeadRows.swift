import Models
import Numerics

extension HeadInput {
    /// The rows that a head reads of the last hidden states.
    /// - Parameters:
    ///   - hidden: [tokens, hidden], or [sequences, hidden] where all heads read first tokens.
    ///   - mixes: whether the batch has sequences that other tasks' heads read; the head's own are marked then.
    func rows(of hidden: Value, head: Int, mixes: Bool, in builder: PlanBuilder) -> Value {
        switch self {
        case .marked, .tokens: return builder.append(GatherMarked(hidden, head: head, in: builder))
        case .pooled(let kind) where !mixes:
            return hidden.rows == .sequences ? hidden : builder.append(Pool(hidden, kind, in: builder))
        case .pooled(.first) where hidden.rows == .tokens:
            return builder.append(GatherMarked(hidden, head: head, in: builder))
        case .pooled: return builder.append(PoolMarked(hidden, head: head, in: builder))
        }
    }
}
