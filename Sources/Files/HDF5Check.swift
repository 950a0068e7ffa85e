/// What a tree must keep to before it is written: then the library's own refusals are bugs, not users' mistakes.
enum HDF5Check {
    /// The library keeps a fixed-size attribute in one header message, whose size is 16 bits.
    static let arrayBytes = 64_000

    static func check(_ root: HDF5Group, limits: HDF5.Limits) throws(FileError) {
        var count = 0
        try check(root, path: "", depth: 0, count: &count, limits: limits)
    }

    private static func check(
        _ group: HDF5Group, path: String, depth: Int, count: inout Int, limits: HDF5.Limits
    ) throws(FileError) {
        let field = path.isEmpty ? "/" : path
        guard depth <= limits.depth else {
            throw .notWritable(field: field, found: "groups \(depth) deep", expected: "at most \(limits.depth)")
        }
        guard path.utf8.count <= limits.pathBytes else {
            throw .notWritable(
                field: "/", found: "a path of \(path.utf8.count) bytes", expected: "at most \(limits.pathBytes)")
        }
        count += group.attributes.count + group.datasets.count + group.groups.count
        guard count <= limits.objects else {
            throw .notWritable(field: field, found: "\(count) objects", expected: "at most \(limits.objects) in a file")
        }
        try check(names: group.datasets.map(\.0) + group.groups.map(\.0), in: field, limits: limits)
        try check(group.attributes, of: field, limits: limits)
        for (name, dataset) in group.datasets {
            count += dataset.attributes.count
            try check(dataset, path: "\(path)/\(name)", limits: limits)
        }
        for (name, child) in group.groups {
            try check(child, path: "\(path)/\(name)", depth: depth + 1, count: &count, limits: limits)
        }
    }

    private static func check(_ dataset: HDF5Dataset, path: String, limits: HDF5.Limits) throws(FileError) {
        guard path.utf8.count <= limits.pathBytes else {
            throw .notWritable(
                field: "/", found: "a path of \(path.utf8.count) bytes", expected: "at most \(limits.pathBytes)")
        }
        guard dataset.shape.count <= limits.rank, dataset.shape.allSatisfy({ $0 >= 0 }) else {
            throw .notWritable(
                field: path, found: "shape \(dataset.shape)", expected: "at most \(limits.rank) sizes, none negative")
        }
        guard let elements = checkedProduct(dataset.shape), elements == dataset.value.count else {
            throw .notWritable(
                field: path, found: "\(dataset.value.count) elements", expected: "as many as shape \(dataset.shape)")
        }
        try check(dataset.attributes, of: path, limits: limits)
    }

    private static func check(
        _ attributes: [(String, HDF5Attribute)], of path: String, limits: HDF5.Limits
    ) throws(FileError) {
        try check(names: attributes.map(\.0), in: path, limits: limits)
        for (name, attribute) in attributes {
            let field = "\(path)@\(name)"
            let words: [String]
            var bytes = 0
            switch attribute {
            case .string(let text): words = [text]
            case .strings(let texts): (words, bytes) = (texts, texts.count * 16)
            case .integers(let numbers): (words, bytes) = ([], numbers.count * 8)
            case .floats(let numbers): (words, bytes) = ([], numbers.count * 8)
            case .integer, .float: words = []
            }
            guard bytes <= arrayBytes else {
                throw .notWritable(
                    field: field, found: "an array of \(bytes) bytes", expected: "at most \(arrayBytes); use a dataset")
            }
            guard words.reduce(0, { $0 + $1.utf8.count }) <= limits.textBytes else {
                throw .notWritable(field: field, found: "text", expected: "at most \(limits.textBytes) bytes of text")
            }
            guard words.allSatisfy({ !$0.utf8.contains(0) }) else {
                throw .notWritable(field: field, found: "text with a NUL character", expected: "text without NUL")
            }
        }
    }

    private static func check(names: [String], in path: String, limits: HDF5.Limits) throws(FileError) {
        var seen = Set<[UInt8]>()
        for name in names {
            guard isName(name, limits: limits) else {
                throw .notWritable(
                    field: path, found: "the name '\(name)'",
                    expected: "1 to \(limits.pathBytes) bytes without '/' and NUL, and not '.'")
            }
            // By bytes: Swift holds two spellings of é for equal, a file does not.
            guard seen.insert(Array(name.utf8)).inserted else {
                throw .notWritable(field: path, found: "two children named '\(name)'", expected: "one")
            }
        }
    }

    static func isName(_ name: String, limits: HDF5.Limits) -> Bool {
        !name.isEmpty && name != "." && name.utf8.count <= limits.pathBytes
            && !name.utf8.contains(UInt8(ascii: "/")) && !name.utf8.contains(0)
    }
}
