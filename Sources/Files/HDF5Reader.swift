/// Reads the oldest HDF5 format (superblock 0 or 1, symbol-table groups, object headers of version 1) without trust.
///
/// After the HDF5 File Format Specification, version 3.0. Every structure is charged against the file's length: a valid file holds each once, so whoever charges more shares bytes between objects to
/// make a small file cost much, or goes in circles. That bounds time and memory.
final class HDF5Reader {
    let name: String
    let limits: HDF5.Limits
    /// The file from the superblock on: addresses count from here.
    private var content: UnsafeRawBufferPointer
    private var budget: Int
    private var textBudget: Int
    private var objectsLeft: Int
    private var visited = Set<UInt64>()
    private var heaps: [UInt64: [Int: UnsafeRawBufferPointer]] = [:]

    private static let magic: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]
    static let undefined = UInt64.max

    init(_ bytes: UnsafeRawBufferPointer, name: String, limits: HDF5.Limits) {
        self.name = name
        self.limits = limits
        content = bytes
        budget = bytes.count
        // Lists of short elements get a little more than a small file's length.
        textBudget = bytes.count + 65_536
        objectsLeft = limits.objects
    }

    func readRoot() throws(FileError) -> HDF5Group {
        let start = try findSuperblock()
        content = UnsafeRawBufferPointer(rebasing: content.dropFirst(start))
        var cursor = ByteCursor(content, file: name, field: "superblock")
        try cursor.skip(Self.magic.count)
        let version = try cursor.byte()
        guard version <= 1 else { throw cursor.unsupported("version \(version)", expected: "0 or 1") }
        try cursor.expect(0, "free space version")
        try cursor.expect(0, "root group version")
        try cursor.skip(1)
        try cursor.expect(0, "shared header version")
        try cursor.expect(8, "size of offsets")
        try cursor.expect(8, "size of lengths")
        // Reserved, the B-trees' widths and flags; each node says itself how many entries it has.
        try cursor.skip(1 + 4 + 4 + (version == 1 ? 4 : 0))
        let base = try cursor.long()
        guard base == UInt64(start) else { throw cursor.malformed("base address \(base)", expected: "\(start)") }
        try cursor.skip(8)
        let end = try cursor.long()
        guard end >= base, end - base <= UInt64(content.count) else {
            throw cursor.malformed("length \(end)", expected: "at most the file's, \(start + content.count)")
        }
        guard try cursor.long() == Self.undefined else {
            throw cursor.unsupported("a driver information block", expected: "a single file")
        }
        // The root's symbol table entry.
        try cursor.skip(8)
        return try readGroup(at: try cursor.long(), path: "", depth: 0)
    }

    private func findSuperblock() throws(FileError) -> Int {
        var start = 0
        while start <= content.count - Self.magic.count {
            if content[start..<start + Self.magic.count].elementsEqual(Self.magic) { return start }
            start = start == 0 ? 512 : start * 2
        }
        throw .malformed(
            file: name, field: "superblock", found: "no HDF5 signature in \(content.count) bytes",
            expected: "one at 0, 512, 1024, …", fix: "check that this is an HDF5 file")
    }

    // MARK: Objects

    private func readGroup(at address: UInt64, path: String, depth: Int) throws(FileError) -> HDF5Group {
        let field = path.isEmpty ? "/" : path
        guard depth <= limits.depth else {
            throw .tooLarge(file: name, field: field, found: depth, limit: limits.depth)
        }
        return try readGroup(try readHeader(at: address, field: field), path: path, depth: depth)
    }

    private func readGroup(_ header: HDF5Header, path: String, depth: Int) throws(FileError) -> HDF5Group {
        let field = path.isEmpty ? "/" : path
        var group = HDF5Group()
        group.attributes = try readAttributes(header, path: field)
        guard var table = header.symbolTable else {
            throw ByteCursor(content, file: name, field: field)
                .unsupported("neither a dataset nor a group with a symbol table", expected: "one of them")
        }
        var links: [(name: String, object: UInt64)] = []
        let tree = try table.long()
        let heap = try readLocalHeap(at: try table.long(), field: field)
        try readTree(at: tree, level: nil, heap: heap, field: field, into: &links)
        links.sort { hdf5NameOrder($0.name, $1.name) }
        for (index, link) in links.enumerated() {
            guard index == 0 || !link.name.utf8.elementsEqual(links[index - 1].name.utf8) else {
                throw table.malformed("two children named '\(link.name)'", expected: "one")
            }
            let childPath = "\(path)/\(link.name)"
            guard childPath.utf8.count <= limits.pathBytes else {
                throw .tooLarge(
                    file: name, field: "bytes of a path", found: childPath.utf8.count, limit: limits.pathBytes)
            }
            let child = try readHeader(at: link.object, field: childPath)
            if child.isDataset {
                group.datasets.append((link.name, try readDataset(child, path: childPath)))
            } else {
                guard depth < limits.depth else {
                    throw .tooLarge(file: name, field: childPath, found: depth + 1, limit: limits.depth)
                }
                group.groups.append((link.name, try readGroup(child, path: childPath, depth: depth + 1)))
            }
        }
        return group
    }

    func readAttributes(
        _ header: HDF5Header, path: String
    ) throws(FileError) -> [(String, HDF5Attribute)] {
        var attributes: [(String, HDF5Attribute)] = []
        var seen = Set<[UInt8]>()
        for message in header.attributes {
            try countObject(path)
            let (attribute, value) = try readAttribute(message, path: path)
            guard seen.insert(Array(attribute.utf8)).inserted else {
                throw message.malformed("two attributes named '\(attribute)'", expected: "one")
            }
            attributes.append((attribute, value))
        }
        return attributes.sorted { hdf5NameOrder($0.0, $1.0) }
    }

    private func readHeader(at address: UInt64, field: String) throws(FileError) -> HDF5Header {
        try countObject(field)
        return try HDF5Header(at: address, of: self, field: field)
    }

    private func countObject(_ field: String) throws(FileError) {
        guard objectsLeft > 0 else {
            throw .tooLarge(file: name, field: field, found: limits.objects + 1, limit: limits.objects)
        }
        objectsLeft -= 1
    }

    // MARK: Parts of the file

    /// The `count` bytes at `address`, charged against the budget; what makes that safe is said at the type.
    func part(at address: UInt64, count: UInt64, field: String) throws(FileError) -> ByteCursor {
        let cursor = try peek(at: address, count: count, field: field)
        guard cursor.rest.count <= budget else {
            throw cursor.malformed("parts that overlap", expected: "each byte of the file used once")
        }
        budget -= cursor.rest.count
        return cursor
    }

    /// The same for a structure that is entered once: a second visit is a circle, or a second link to an object.
    func structure(at address: UInt64, count: UInt64, field: String) throws(FileError) -> ByteCursor {
        let cursor = try part(at: address, count: count, field: field)
        guard visited.insert(address).inserted else {
            throw cursor.unsupported("a second link to the same object, or a circle", expected: "a tree")
        }
        return cursor
    }

    /// The same without a charge, to look at a structure's own word on its length.
    func peek(at address: UInt64, count: UInt64, field: String) throws(FileError) -> ByteCursor {
        guard let start = Int(exactly: address), let count = Int(exactly: count), start <= content.count,
            count <= content.count - start
        else {
            throw ByteCursor(content, file: name, field: field)
                .malformed("\(count) bytes at \(address)", expected: "a range within the file's \(content.count) bytes")
        }
        return ByteCursor(
            UnsafeRawBufferPointer(rebasing: content[start..<start + count]), file: name, field: field)
    }

    /// Charges a text or name: many that share their bytes would make a small file cost much.
    func spend(_ length: Int, at cursor: ByteCursor) throws(FileError) {
        guard length <= textBudget else {
            throw cursor.malformed("texts and lists larger than the file", expected: "each at a separate place")
        }
        textBudget -= length
    }

    /// The first `length` bytes of an object in a global heap, where variable-length text lies.
    func heapText(
        at address: UInt64, index: Int, length: Int, field: String
    ) throws(FileError) -> UnsafeRawBufferPointer {
        if heaps[address] == nil { heaps[address] = try HDF5Heaps.readGlobal(at: address, of: self, field: field) }
        let cursor = ByteCursor(content, file: name, field: field)
        guard let object = heaps[address]?[index] else {
            throw cursor.malformed("no object \(index) in the heap at \(address)", expected: "the attribute's text")
        }
        guard length <= object.count else {
            throw cursor.malformed("text of \(length) bytes", expected: "the \(object.count) of its place in the heap")
        }
        try spend(length, at: cursor)
        return UnsafeRawBufferPointer(rebasing: object.prefix(length))
    }
}
