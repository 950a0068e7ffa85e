extension SafetensorsFile {
    /// A tensor's elements as float32, row-major; newly allocated.
    ///
    /// F32 as it is, F16 and BF16 exactly, F64 rounded to nearest.
    /// - Throws: `FileError.missing`; `.unsupported` for other types
    package func floats(_ name: String) throws(FileError) -> [Float] {
        let tensor = try tensor(name)
        return try tensor.withBytes { bytes -> Result<[Float], FileError> in
            switch tensor.dtype {
            case .float32: .success(copiedElements(bytes, as: Float.self))
            case .float64: .success(convertedElements(bytes) { (element: Double) in Float(element) })
            case .float16: .success(convertedElements(bytes) { (element: UInt16) in Float(float16bits: element) })
            case .bfloat16:
                .success(convertedElements(bytes) { (element: UInt16) in Float(bitPattern: UInt32(element) << 16) })
            default: .failure(wrongType(name, tensor, expected: "F32, F16, BF16 or F64"))
            }
        }.get()
    }

    /// A tensor's elements as whole numbers, row-major; newly allocated.
    /// - Throws: `FileError.missing`; `.unsupported` for types that are not whole numbers, or an element over 2^63 - 1
    package func int64s(_ name: String) throws(FileError) -> [Int64] {
        let tensor = try tensor(name)
        return try tensor.withBytes { bytes -> Result<[Int64], FileError> in
            switch tensor.dtype {
            case .int64: return .success(copiedElements(bytes, as: Int64.self))
            case .int32: return .success(convertedElements(bytes) { (element: Int32) in Int64(element) })
            case .int16: return .success(convertedElements(bytes) { (element: Int16) in Int64(element) })
            case .int8: return .success(convertedElements(bytes) { (element: Int8) in Int64(element) })
            case .uint8: return .success(convertedElements(bytes) { (element: UInt8) in Int64(element) })
            case .uint16: return .success(convertedElements(bytes) { (element: UInt16) in Int64(element) })
            case .uint32: return .success(convertedElements(bytes) { (element: UInt32) in Int64(element) })
            case .uint64:
                let numbers = copiedElements(bytes, as: UInt64.self)
                guard numbers.allSatisfy({ $0 <= UInt64(Int64.max) }) else {
                    return .failure(wrongType(name, tensor, expected: "numbers below 2^63"))
                }
                return .success(numbers.map { Int64($0) })
            default: return .failure(wrongType(name, tensor, expected: "an integer type"))
            }
        }.get()
    }

    /// A pointer to a tensor's float32 elements where they lie, valid while this object lives.
    /// - Returns: nil if the type is not F32, or the file has placed it off a multiple of four bytes, or it is empty:
    ///   use `floats` then
    /// - Throws: `FileError.missing`
    package func float32Pointer(_ name: String) throws(FileError) -> UnsafePointer<Float>? {
        let tensor = try tensor(name)
        guard tensor.dtype == .float32, let start = tensor.bytes.baseAddress, tensor.count > 0,
            Int(bitPattern: start) % MemoryLayout<Float>.alignment == 0
        else { return nil }
        return start.bindMemory(to: Float.self, capacity: tensor.count)
    }

    private func wrongType(_ name: String, _ tensor: SafetensorsTensor, expected: String) -> FileError {
        .unsupported(
            file: self.name, field: "tensor \(name)", found: "type \(tensor.dtype.name)", expected: expected,
            fix: "convert it and save the file again")
    }
}

extension Float {
    /// The value of IEEE half precision bits, exactly. (Swift's Float16 does not exist on every platform.)
    package init(float16bits bits: UInt16) {
        let sign = UInt32(bits & 0x8000) << 16
        let exponent = UInt32(bits >> 10) & 31
        let fraction = UInt32(bits & 0x3FF)
        switch exponent {
        case 0:
            // Zero and subnormals: fraction times 2^-24.
            let magnitude = Float(fraction) * 0x1p-24
            self = Float(bitPattern: magnitude.bitPattern | sign)
        case 31: self = Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
        default: self = Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
        }
    }
}
