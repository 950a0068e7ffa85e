/// What HDF5's structures need of a cursor.
extension ByteCursor {
    init(_ bytes: UnsafeRawBufferPointer, file: String, field: String) {
        self.init(
            bytes, file: file, field: field,
            fix: "the file is damaged or not in HDF5's earliest format; create it again")
    }

    /// Skips to the next multiple of eight, or to the end where the last part is not padded.
    mutating func alignTo8() throws(FileError) {
        try skip(min((8 - position % 8) % 8, rest.count))
    }

    /// Checks that a byte has the one value that this reader knows.
    mutating func expect(_ value: Int, _ what: String) throws(FileError) {
        let found = try byte()
        guard found == value else { throw malformed("\(what) \(found)", expected: "\(value)") }
    }

    func unsupported(_ found: String, expected: String) -> FileError {
        .unsupported(
            file: file, field: field, found: found, expected: expected,
            fix: "rewrite it with plain datasets in HDF5's earliest format (h5repack -f NONE -l CONTI)")
    }
}
