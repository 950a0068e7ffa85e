/// A text on its way to tokens: scalars, each with the range of the original it stands for.
struct NormalizedText: Sendable {
    struct Unit: Sendable, Equatable {
        var scalar: UInt32
        /// In scalars of the original text.
        var start: Int32
        var end: Int32
    }

    var units: [Unit] = []

    /// The part `range` of an original text, unchanged.
    init(_ scalars: [UInt32], _ range: Range<Int>) {
        units.reserveCapacity(range.count)
        for index in range {
            units.append(Unit(scalar: scalars[index], start: Int32(index), end: Int32(index + 1)))
        }
    }

    /// A part of a text that was normalised already.
    init(_ units: ArraySlice<Unit>) {
        self.units = Array(units)
    }

    /// What the units of `range` stand for; not empty.
    func origin(of range: Range<Int>) -> Range<Int32> {
        let start = units[range.lowerBound].start
        // A mark that NFD moved may end before it starts.
        return start..<max(start, units[range.upperBound - 1].end)
    }

    /// A scalar of a rewritten text with what becomes of the old one's places: 0 takes the next old scalar's place, 1 (or more)
    /// repeats the last, −n takes the next and skips n.
    struct Step: Sendable, Equatable {
        var scalar: UInt32
        var change: Int32
    }

    /// Replaces the text by another, with the origins that `tokenizers` gives.
    mutating func rewrite(_ steps: [Step]) {
        let old = units
        var out: [Unit] = []
        out.reserveCapacity(steps.count)
        var next = 0
        for step in steps {
            let place: Unit
            if step.change > 0 {
                place = next < 1 || old.isEmpty ? Unit(scalar: 0, start: 0, end: 0) : old[min(next, old.count) - 1]
            } else {
                place = old.isEmpty ? Unit(scalar: 0, start: 0, end: 0) : old[min(next, old.count - 1)]
                next += 1 - Int(step.change)
            }
            out.append(Unit(scalar: step.scalar, start: place.start, end: place.end))
        }
        units = out
    }
}
