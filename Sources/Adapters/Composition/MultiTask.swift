/// An adapter for each task: a text goes through the child of the task that it belongs to. In training, a batch may hold
/// texts of several tasks; each trains its own child.
///
/// It stands alone or in a stack: `stack(new, multitask(new, new))` has one adapter that the tasks share below one for each.
package struct MultiTask: HeadRouter {
    package static let kind = "multitask"
    package static let option = "tasks"
    package static let parents: Set<String>? = [Stack.kind]
    /// Those of the tasks.
    package let heads: [[String]]?

    package init(heads: [[String]]? = nil) { self.heads = heads }
}
