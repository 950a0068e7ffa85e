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
}
