import Files

/// Trees for the tests of the HDF5 parts.
enum HDF5Trees {
    /// A tree with one of everything, children in the order in which they are read back.
    static let sample = HDF5Group(
        attributes: [
            ("creator", .string("größer 🙂")), ("empty", .string("")), ("floats", .floats([0.5, -2])),
            ("learning rate", .float(1e-4)), ("none", .strings([])), ("steps", .integer(-7)),
            ("texts", .strings(["a", "", "ccc"])), ("version", .integers([1, 2, .max, .min])),
        ],
        datasets: [
            ("bytes", HDF5Dataset(shape: [3], value: .uint8([0, 1, 255]))),
            ("half", HDF5Dataset(shape: [2, 2], value: .float16bits([0, 1, 2, 65535]))),
            (
                "w",
                HDF5Dataset(
                    shape: [2, 3], value: .float32([1, -0.0, 3, .infinity, 5, 6]),
                    attributes: [("dtype", .string("float32")), ("site", .integer(3))])
            ),
        ],
        groups: [
            ("empty", HDF5Group()),
            (
                "members",
                HDF5Group(groups: [
                    (
                        "a.b c",
                        HDF5Group(datasets: [
                            ("ids", HDF5Dataset(shape: [], value: .int64([.min]))),
                            ("nothing", HDF5Dataset(shape: [0, 4], value: .float32([]))),
                        ])
                    )
                ])
            ),
        ])

    /// A random tree; the same for the same random numbers.
    static func random(_ random: inout SeededRandom, depth: Int = 3) -> HDF5Group {
        var group = HDF5Group()
        for index in 0..<Int.random(in: 0...12, using: &random) {
            group.attributes.append(("a\(index)", attribute(&random)))
        }
        for index in 0..<Int.random(in: 0...20, using: &random) {
            let shape = (0..<Int.random(in: 0...3, using: &random)).map { _ in Int.random(in: 0...7, using: &random) }
            let count = shape.reduce(1, *)
            let value: HDF5Value =
                switch Int.random(in: 0..<4, using: &random) {
                case 0: .float32((0..<count).map { _ in Float.random(in: -1...1, using: &random) })
                case 1: .float16bits((0..<count).map { _ in UInt16.random(in: 0...UInt16.max, using: &random) })
                case 2: .int64((0..<count).map { _ in Int64.random(in: Int64.min...Int64.max, using: &random) })
                default: .uint8((0..<count).map { _ in UInt8.random(in: 0...255, using: &random) })
                }
            let attributes = Bool.random(using: &random) ? [("x", attribute(&random))] : []
            group.datasets.append(("d\(index)", HDF5Dataset(shape: shape, value: value, attributes: attributes)))
        }
        if depth > 0 {
            for index in 0..<Int.random(in: 0...3, using: &random) {
                group.groups.append(("g\(index)", self.random(&random, depth: depth - 1)))
            }
        }
        return group
    }

    private static func attribute(_ random: inout SeededRandom) -> HDF5Attribute {
        switch Int.random(in: 0..<4, using: &random) {
        case 0: .integer(Int64.random(in: Int64.min...Int64.max, using: &random))
        case 1: .string(String(repeating: "ü", count: Int.random(in: 0...5000, using: &random)))
        case 2: .floats((0..<Int.random(in: 0...4, using: &random)).map { Double($0) })
        default: .strings((0..<Int.random(in: 0...4, using: &random)).map { "s\($0)" })
        }
    }

    /// The same tree with children in the order of their names, as it is read back.
    static func sorted(_ group: HDF5Group) -> HDF5Group {
        func order<Child>(_ children: [(String, Child)]) -> [(String, Child)] {
            children.sorted { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }
        }
        return HDF5Group(
            attributes: order(group.attributes), datasets: order(group.datasets),
            groups: order(group.groups.map { ($0.0, sorted($0.1)) }))
    }

    static func reversed(_ group: HDF5Group) -> HDF5Group {
        HDF5Group(
            attributes: group.attributes.reversed(), datasets: group.datasets.reversed(),
            groups: group.groups.reversed().map { ($0.0, reversed($0.1)) })
    }
}
