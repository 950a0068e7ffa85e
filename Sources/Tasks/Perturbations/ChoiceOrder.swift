/// The choices of a question in another order; the right one moves along.
package enum ChoiceOrder: Perturbation {
    package static let name = "choice_order"
    package static let summary = "the choices of a question in another order"

    package static func skipReason(_ task: PerturbedTask) -> String? {
        task.kind.allFields.contains("choices") ? nil : "\(task.kind.name) has no choices"
    }

    package static func changed(_ example: Example, of task: PerturbedTask, _ draws: inout Draws) -> Example? {
        guard let payload = example.payload, payload.choiceCount > 1 else { return example }
        let identity = Array(0..<payload.choiceCount)
        var order = identity.shuffled(using: &draws)
        if order == identity { order.append(order.removeFirst()) }
        guard let reordered = payload.reorderingChoices(order) else { return nil }
        var changed = example
        changed.payload = reordered
        return changed
    }
}
