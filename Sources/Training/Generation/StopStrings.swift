/// Finds the first of some strings in a text that comes in pieces, and holds back what may be the beginning of one.
package struct StopStrings: Sendable {
    private let stops: [[UInt8]]
    private var held: [UInt8] = []
    /// Whether one was found: nothing more is given.
    package private(set) var isFound = false

    /// - Parameter stops: empty ones are left out.
    package init(_ stops: [String]) { self.stops = stops.map { Array($0.utf8) }.filter { !$0.isEmpty } }

    /// The text that is certain now: up to the first stop string, which is not part of it.
    package mutating func append(_ piece: String) -> String {
        guard !isFound else { return "" }
        guard !stops.isEmpty else { return piece }
        held += piece.utf8
        if let start = held.indices.first(where: { at in stops.contains { held[at...].starts(with: $0) } }) {
            isFound = true
            return give(start)
        }
        // The last characters may be the beginning of one
        let end = held.indices.first { at in stops.contains { $0.starts(with: held[at...]) } } ?? held.count
        return give(end)
    }

    /// What was held back, once the text has ended.
    package mutating func finish() -> String { isFound ? "" : give(held.count) }

    /// A stop string is whole characters, so a text is cut between characters.
    private mutating func give(_ count: Int) -> String {
        defer { held.removeFirst(count) }
        return String(decoding: held[..<count], as: UTF8.self)
    }
}
