/// The heaps of the old format: a group's names (local) and variable-length values (global).
enum HDF5Heaps {
    /// The objects of the global heap collection at `address`, by index.
    static func readGlobal(
        at address: UInt64, of reader: HDF5Reader, field: String
    ) throws(FileError) -> [Int: UnsafeRawBufferPointer] {
        let field = "\(field): global heap"
        var start = try reader.peek(at: address, count: 16, field: field)
        try start.signature("GCOL")
        try start.expect(1, "version")
        try start.skip(3)
        let size = try start.long()
        var collection = try reader.structure(at: address, count: size, field: field)
        try collection.skip(16)
        var objects: [Int: UnsafeRawBufferPointer] = [:]
        while collection.rest.count >= 16 {
            let index = try collection.short()
            try collection.skip(2 + 4)
            let size = try collection.long()
            // Index 0 is the free space to the end.
            if index == 0 { break }
            guard let count = Int(exactly: size) else {
                throw collection.malformed("an object of \(size) bytes", expected: "one within the heap")
            }
            let bytes = try collection.take(count)
            try collection.alignTo8()
            guard objects.updateValue(bytes, forKey: index) == nil else {
                throw collection.malformed("two objects \(index)", expected: "one")
            }
        }
        return objects
    }
}

extension HDF5Reader {
    /// The bytes that a group's links point into for their names.
    func readLocalHeap(at address: UInt64, field: String) throws(FileError) -> ByteCursor {
        let field = "\(field): local heap"
        var heap = try structure(at: address, count: 32, field: field)
        try heap.signature("HEAP")
        try heap.expect(0, "version")
        try heap.skip(3)
        let size = try heap.long()
        try heap.skip(8)
        return try part(at: try heap.long(), count: size, field: field)
    }

    /// Follows a group's B-tree down to its symbol nodes and appends their links.
    func readTree(
        at address: UInt64, level expected: Int?, heap: ByteCursor, field: String,
        into links: inout [(name: String, object: UInt64)]
    ) throws(FileError) {
        var start = try structure(at: address, count: 24, field: "\(field): B-tree")
        try start.signature("TREE")
        try start.expect(0, "type")
        let level = try start.byte()
        guard level == expected ?? level, level < 32 else {
            throw start.malformed("level \(level)", expected: expected.map { "\($0)" } ?? "less than 32")
        }
        let count = try start.short()
        let (next, overflow) = address.addingReportingOverflow(24)
        guard !overflow else { throw start.malformed("address \(address)", expected: "one within the file") }
        // A key before each child, and one behind the last.
        var node = try part(at: next, count: UInt64(count) * 16 + 8, field: "\(field): B-tree")
        for _ in 0..<count {
            try node.skip(8)
            let child = try node.long()
            if level == 0 {
                try readSymbols(at: child, heap: heap, field: field, into: &links)
            } else {
                try readTree(at: child, level: level - 1, heap: heap, field: field, into: &links)
            }
        }
    }

    private func readSymbols(
        at address: UInt64, heap: ByteCursor, field: String, into links: inout [(name: String, object: UInt64)]
    ) throws(FileError) {
        let title = "\(field): symbol node"
        var start = try structure(at: address, count: 8, field: title)
        try start.signature("SNOD")
        try start.expect(1, "version")
        try start.skip(1)
        let count = try start.short()
        let (next, overflow) = address.addingReportingOverflow(8)
        guard !overflow else { throw start.malformed("address \(address)", expected: "one within the file") }
        var node = try part(at: next, count: UInt64(count) * 40, field: title)
        for _ in 0..<count {
            let offset = try node.long()
            let object = try node.long()
            let cache = try node.word()
            try node.skip(4 + 16)
            let name = try linkName(at: offset, heap: heap)
            guard cache != 2 else {
                throw node.unsupported("'\(name)' is a soft link", expected: "hard links only")
            }
            guard cache <= 1 else { throw node.malformed("'\(name)' of cache type \(cache)", expected: "0 or 1") }
            links.append((name, object))
        }
    }

    private func linkName(at offset: UInt64, heap: ByteCursor) throws(FileError) -> String {
        guard let start = Int(exactly: offset), start < heap.rest.count else {
            throw heap.malformed("a name at \(offset)", expected: "an offset within \(heap.rest.count) bytes")
        }
        let bytes = heap.rest[start...].prefix(limits.pathBytes + 1)
        guard let end = bytes.firstIndex(of: 0) else {
            throw heap.malformed("a name without end", expected: "one of at most \(limits.pathBytes) bytes")
        }
        try spend(end - start, at: heap)
        return try checkedName(bytes[..<end], at: heap)
    }

    /// A link's or an attribute's name, valid UTF-8 and such as `encode` would write.
    func checkedName(_ bytes: some Collection<UInt8>, at cursor: ByteCursor) throws(FileError) -> String {
        guard let name = validText(bytes), HDF5Check.isName(name, limits: limits) else {
            let shown = String(decoding: bytes.prefix(40), as: UTF8.self)
            throw cursor.malformed(
                "the name '\(shown)'", expected: "UTF-8 without '/', of 1 to \(limits.pathBytes) bytes")
        }
        return name
    }
}
