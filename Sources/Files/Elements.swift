/// The product of sizes from a file, none negative; nil if it overflows.
func checkedProduct(_ sizes: [Int]) -> Int? {
    if sizes.contains(0) { return 0 }
    var result = 1
    for size in sizes {
        let (next, overflow) = result.multipliedReportingOverflow(by: size)
        if overflow { return nil }
        result = next
    }
    return result
}

/// Elements as they lie in a file, copied; `bytes` need not be aligned, and what does not fill an element is dropped.
func copiedElements<Element: BitwiseCopyable>(_ bytes: UnsafeRawBufferPointer, as type: Element.Type) -> [Element] {
    let count = bytes.count / MemoryLayout<Element>.size
    return [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
        let size = count * MemoryLayout<Element>.size
        UnsafeMutableRawBufferPointer(buffer).copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes.prefix(size)))
        initialized = count
    }
}

/// The same with each element converted.
func convertedElements<Element: BitwiseCopyable, Result: BitwiseCopyable>(
    _ bytes: UnsafeRawBufferPointer, _ convert: (Element) -> Result
) -> [Result] {
    let count = bytes.count / MemoryLayout<Element>.size
    return [Result](unsafeUninitializedCapacity: count) { buffer, initialized in
        for index in 0..<count {
            let element = bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<Element>.size, as: Element.self)
            buffer.initializeElement(at: index, to: convert(element))
        }
        initialized = count
    }
}
