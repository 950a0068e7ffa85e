/// Adapters side by side on the same texts (Rücklé et al. 2021, section 4): each child makes a stream of its own of what the
/// model gives, and its heads read that stream. Streams share what is computed below the first site where they differ.
///
/// It stands alone or in a stack, as in the `adapters` library. Of several in a stack, child n of each forms stream n.
package struct Parallel: HeadRouter {
    package static let kind = "parallel"
    package static let option = "heads"
    package static let parents: Set<String>? = [Stack.kind]
    package let heads: [[String]]?

    package init(heads: [[String]]? = nil) { self.heads = heads }
}
