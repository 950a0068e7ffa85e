/// A count with its noun: "1 row", "2 rows". A verb that depends on the count is part of both forms.
/// - Parameters:
///   - one: what follows 1
///   - many: what follows any other number; nil: `one` with an s
///   - shown: the number as it is written; nil: its digits
package func counted(_ count: Int, _ one: String, _ many: String? = nil, shown: String? = nil) -> String {
    "\(shown ?? String(count)) \(count == 1 ? one : many ?? one + "s")"
}

/// Some of a known number: "1 of 20 rows is", "2 of 20 rows are".
/// - Parameters:
///   - nouns: what is counted, in the plural
///   - shows: writes the numbers
package func counted(
    _ count: Int, of all: Int, _ nouns: String, _ one: String, _ many: String, shows: (Int) -> String = { String($0) }
) -> String {
    "\(shows(count)) of \(shows(all)) \(nouns) \(count == 1 ? one : many)"
}
