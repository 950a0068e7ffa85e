/// The angles between the tasks' gradients at one moment of a run.
package struct GradientCosines: Equatable, Sendable {
    /// Number of the step that came next, from 1.
    package var step: Int
    /// The tasks, by the names that scores have.
    package var tasks: [String]
    /// Cosines of the gradients in the tensors that tasks share, [tasks][tasks]; NaN where one is zero.
    package var values: [[Double]]
}
