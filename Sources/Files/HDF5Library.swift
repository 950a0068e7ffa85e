import CHDF5
import Foundation

/// The door to the HDF5 library: one lock, since Debian's build is not safe between threads, and one place that turns
/// its failures into errors.
enum HDF5Library {
    private static let lock = NSLock()

    /// Runs `body` while nobody else is in the library, which prints nothing meanwhile.
    static func locked<Result>(_ body: () throws(FileError) -> Result) throws(FileError) -> Result {
        lock.lock()
        defer { lock.unlock() }
        amalgam_h5_silence()
        return try body()
    }

    /// Checks the status of a call that returns one (negative: failed).
    static func check(_ status: herr_t, _ call: String, _ field: String) throws(FileError) {
        if status < 0 { throw failure(call, field) }
    }

    /// The library's version: 1.10.8 is [1, 10, 8].
    static var version: [UInt32] {
        var (major, minor, release): (UInt32, UInt32, UInt32) = (0, 0, 0)
        _ = H5get_libversion(&major, &minor, &release)
        return [major, minor, release]
    }

    static func failure(_ call: String, _ field: String) -> FileError {
        var text = [CChar](repeating: 0, count: 256)
        amalgam_h5_last_error(&text, text.count)
        let detail = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return .library(field: field, call: call, detail: detail.isEmpty ? "no reason given" : detail)
    }
}

/// A kind of HDF5 handle: how it is given back.
protocol HDF5HandleKind {
    static func close(_ id: hid_t) -> herr_t
}

enum HDF5FileKind: HDF5HandleKind { static func close(_ id: hid_t) -> herr_t { H5Fclose(id) } }
enum HDF5GroupKind: HDF5HandleKind { static func close(_ id: hid_t) -> herr_t { H5Gclose(id) } }
enum HDF5DatasetKind: HDF5HandleKind { static func close(_ id: hid_t) -> herr_t { H5Dclose(id) } }
enum HDF5AttributeKind: HDF5HandleKind { static func close(_ id: hid_t) -> herr_t { H5Aclose(id) } }
enum HDF5SpaceKind: HDF5HandleKind { static func close(_ id: hid_t) -> herr_t { H5Sclose(id) } }
enum HDF5TypeKind: HDF5HandleKind { static func close(_ id: hid_t) -> herr_t { H5Tclose(id) } }
enum HDF5PropertiesKind: HDF5HandleKind { static func close(_ id: hid_t) -> herr_t { H5Pclose(id) } }

/// The owner of one handle; each kind is a type of its own, so that they cannot be confused.
struct HDF5Handle<Kind: HDF5HandleKind>: ~Copyable {
    private let id: hid_t

    /// Adopts what `call` returned, if it is valid.
    init(_ id: hid_t, _ call: String, _ field: String) throws(FileError) {
        guard id >= 0 else { throw HDF5Library.failure(call, field) }
        self.id = id
    }

    deinit { _ = Kind.close(id) }

    /// Lends the id for calls; the handle must outlive the closure, and does.
    borrowing func with<Result>(_ body: (hid_t) throws(FileError) -> Result) throws(FileError) -> Result {
        try body(id)
    }

    /// Closes it now, so that an error of the last write is seen.
    consuming func close(_ field: String) throws(FileError) {
        let status = Kind.close(id)
        discard self
        try HDF5Library.check(status, "closing", field)
    }
}
