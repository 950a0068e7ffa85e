/// The angles between the tasks' gradients at one moment of a training: below 0, a step for one task harms the other.
public struct GradientCosines: Sendable, Equatable {
    /// Number of the step that came next, from 1.
    public var step: Int
    /// The tasks by name.
    public var tasks: [String]
    /// Cosines in what the tasks share, a row and a column for each task; NaN where a gradient is zero.
    public var values: [[Double]]

    /// As the run log has them.
    static func all(_ value: SettingValue?) -> [GradientCosines] {
        guard case .list(let all)? = value else { return [] }
        return all.map { one in
            GradientCosines(
                step: Int(exactly: one["step"]?.number ?? 0) ?? 0,
                tasks: one["tasks"]?.elements.compactMap(\.text) ?? [],
                values: one["cosines"]?.elements.map { $0.elements.map { $0.number ?? .nan } } ?? [])
        }
    }
}

extension SettingValue {
    fileprivate var elements: [SettingValue] { if case .list(let values) = self { values } else { [] } }
}
