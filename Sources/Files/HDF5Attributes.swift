extension HDF5Reader {
    /// One attribute message: its name and value.
    func readAttribute(_ message: ByteCursor, path: String) throws(FileError) -> (String, HDF5Attribute) {
        var message = message
        let version = try message.byte()
        guard (1...3).contains(version) else {
            throw message.malformed("version \(version)", expected: "1 to 3")
        }
        let flags = try message.byte()
        guard version == 1 || flags == 0 else {
            throw message.unsupported("a type shared with another object", expected: "a type that is not shared")
        }
        let nameSize = try message.short()
        let typeSize = try message.short()
        let spaceSize = try message.short()
        if version == 3 { try message.skip(1) }
        // Version 1 pads each part to eight bytes, counted from the message's start (whose fixed part has eight).
        let nameBytes = try message.take(nameSize)
        if version == 1 { try message.alignTo8() }
        let name = try checkedName(nameBytes.prefix { $0 != 0 }, at: message)
        let field = "\(path)@\(name)"
        let type = ByteCursor(try message.take(typeSize), file: self.name, field: "\(field): datatype")
        if version == 1 { try message.alignTo8() }
        let space = ByteCursor(try message.take(spaceSize), file: self.name, field: "\(field): dataspace")
        if version == 1 { try message.alignTo8() }

        let element = try readType(type)
        let (shape, count) = try readShape(space)
        guard shape.count <= 1 else {
            throw space.unsupported("\(shape.count) dimensions", expected: "a single value or a list")
        }
        let (size, overflow) = count.multipliedReportingOverflow(by: element.size)
        guard !overflow else { throw space.malformed("\(count) elements", expected: "fewer") }
        // Taken before anything is allocated: the count is real once its bytes are.
        var data = ByteCursor(try message.take(size), file: self.name, field: field)
        // A list of short elements is longer in memory than in the file.
        let memory = count * element.memory
        if memory > size { try spend(memory - size, at: data) }
        let value = try readValue(&data, element: element, count: count, isList: !shape.isEmpty)
        return (name, value)
    }

    private func readValue(
        _ data: inout ByteCursor, element: HDF5ElementType, count: Int, isList: Bool
    ) throws(FileError) -> HDF5Attribute {
        switch element {
        case .float64:
            let numbers = copiedElements(data.rest, as: Double.self)
            return isList ? .floats(numbers) : .float(numbers[0])
        case .float32:
            let numbers = copiedElements(data.rest, as: Float.self).map(Double.init)
            return isList ? .floats(numbers) : .float(numbers[0])
        case .integer(let bytes, let signed):
            var numbers: [Int64] = []
            numbers.reserveCapacity(count)
            for _ in 0..<count { numbers.append(try readInteger(&data, bytes: bytes, signed: signed)) }
            return isList ? .integers(numbers) : .integer(numbers[0])
        case .text(let bytes, let spaces):
            var texts: [String] = []
            texts.reserveCapacity(count)
            for _ in 0..<count {
                var text = try data.take(bytes).prefix { $0 != 0 }
                if spaces { while text.last == UInt8(ascii: " ") { text.removeLast() } }
                texts.append(try checkedText(text, at: data))
            }
            return isList ? .strings(texts) : .string(texts[0])
        case .variableText:
            var texts: [String] = []
            texts.reserveCapacity(count)
            for _ in 0..<count { texts.append(try readVariableText(&data)) }
            return isList ? .strings(texts) : .string(texts[0])
        }
    }

    private func readInteger(_ data: inout ByteCursor, bytes: Int, signed: Bool) throws(FileError) -> Int64 {
        switch bytes {
        case 1:
            let number = try data.number(UInt8.self)
            return signed ? Int64(Int8(bitPattern: number)) : Int64(number)
        case 2:
            let number = try data.number(UInt16.self)
            return signed ? Int64(Int16(bitPattern: number)) : Int64(number)
        case 4:
            let number = try data.number(UInt32.self)
            return signed ? Int64(Int32(bitPattern: number)) : Int64(number)
        default:
            let number = try data.number(UInt64.self)
            if signed { return Int64(bitPattern: number) }
            guard let value = Int64(exactly: number) else {
                throw data.unsupported("the number \(number)", expected: "at most \(Int64.max)")
            }
            return value
        }
    }

    /// Length, heap address and index; the text lies in the heap.
    private func readVariableText(_ data: inout ByteCursor) throws(FileError) -> String {
        let length = try data.word()
        let address = try data.long()
        let index = try data.word()
        if length == 0 { return "" }
        guard length <= limits.textBytes else {
            throw .tooLarge(file: name, field: data.field, found: length, limit: limits.textBytes)
        }
        let text = try heapText(at: address, index: index, length: length, field: data.field)
        return try checkedText(text.prefix { $0 != 0 }, at: data)
    }

    private func checkedText(_ bytes: some Collection<UInt8>, at cursor: ByteCursor) throws(FileError) -> String {
        guard let text = validText(bytes) else {
            throw cursor.malformed("text that is not UTF-8", expected: "UTF-8")
        }
        return text
    }
}
