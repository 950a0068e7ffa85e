import CHDF5
import Foundation

/// Writes a checked tree with the HDF5 library into memory (its core driver, with no file behind it).
enum HDF5Writer {
    static func encode(_ root: HDF5Group, userBlock: Int) throws(FileError) -> Data {
        try HDF5Library.locked { () throws(FileError) in
            let access = try HDF5Handle<HDF5PropertiesKind>(amalgam_h5_new_file_access(), "H5Pcreate", "/")
            let creation = try HDF5Handle<HDF5PropertiesKind>(amalgam_h5_new_file_creation(), "H5Pcreate", "/")
            try access.with { access throws(FileError) in
                try check(H5Pset_fapl_core(access, 1 << 20, false), "H5Pset_fapl_core", "/")
                // The oldest format: what other tools read best, and what HDF5Reader reads.
                let bounds = H5Pset_libver_bounds(access, H5F_LIBVER_EARLIEST, H5F_LIBVER_V18)
                try check(bounds, "H5Pset_libver_bounds", "/")
            }
            try creation.with { creation throws(FileError) in
                try check(H5Pset_userblock(creation, hsize_t(userBlock)), "H5Pset_userblock", "/")
                try check(H5Pset_obj_track_times(creation, false), "H5Pset_obj_track_times", "/")
            }
            let id = try access.with { access throws(FileError) in
                try creation.with { creation throws(FileError) in
                    H5Fcreate("amalgam", amalgam_h5_truncate(), creation, access)
                }
            }
            let file = try HDF5Handle<HDF5FileKind>(id, "H5Fcreate", "/")
            let image = try file.with { file throws(FileError) in
                try write(root, to: file, path: "")
                return try copyImage(of: file, userBlock: userBlock)
            }
            try file.close("/")
            return image
        }
    }

    private static func check(_ status: herr_t, _ call: String, _ field: String) throws(FileError) {
        try HDF5Library.check(status, call, field)
    }

    private static func copyImage(of file: hid_t, userBlock: Int) throws(FileError) -> Data {
        try check(H5Fflush(file, H5F_SCOPE_GLOBAL), "H5Fflush", "/")
        let size = H5Fget_file_image(file, nil, 0)
        guard let count = Int(exactly: size), count > 0 else {
            throw HDF5Library.failure("H5Fget_file_image", "/")
        }
        // The image starts after the user block, whose bytes are the caller's to fill.
        var image = Data(count: userBlock + count)
        let copied = image.withUnsafeMutableBytes { bytes in
            H5Fget_file_image(file, UnsafeMutableRawBufferPointer(rebasing: bytes[userBlock...]).baseAddress, count)
        }
        guard copied == size else { throw HDF5Library.failure("H5Fget_file_image", "/") }
        return image
    }

    private static func write(_ group: HDF5Group, to location: hid_t, path: String) throws(FileError) {
        for (name, attribute) in group.attributes.sorted(by: { hdf5NameOrder($0.0, $1.0) }) {
            try write(attribute, named: name, to: location, path: path.isEmpty ? "/" : path)
        }
        // Datasets and groups share names, so one order over both.
        let children =
            group.datasets.enumerated().map { ($1.0, true, $0) } + group.groups.enumerated().map { ($1.0, false, $0) }
        for (name, isDataset, index) in children.sorted(by: { hdf5NameOrder($0.0, $1.0) }) {
            let childPath = "\(path)/\(name)"
            if isDataset {
                try write(group.datasets[index].1, named: name, to: location, path: childPath)
            } else {
                let properties = try HDF5Handle<HDF5PropertiesKind>(
                    amalgam_h5_new_group_creation(), "H5Pcreate", childPath)
                let id = try properties.with { properties throws(FileError) in
                    try check(H5Pset_obj_track_times(properties, false), "H5Pset_obj_track_times", childPath)
                    return H5Gcreate2(location, name, hid_t(H5P_DEFAULT), properties, hid_t(H5P_DEFAULT))
                }
                let child = try HDF5Handle<HDF5GroupKind>(id, "H5Gcreate2", childPath)
                try child.with { child throws(FileError) in
                    try write(group.groups[index].1, to: child, path: childPath)
                }
                try child.close(childPath)
            }
        }
    }

    private static func write(
        _ dataset: HDF5Dataset, named name: String, to location: hid_t, path: String
    ) throws(FileError) {
        let properties = try HDF5Handle<HDF5PropertiesKind>(amalgam_h5_new_dataset_creation(), "H5Pcreate", path)
        try properties.with { properties throws(FileError) in
            try check(H5Pset_obj_track_times(properties, false), "H5Pset_obj_track_times", path)
            try check(H5Pset_layout(properties, H5D_CONTIGUOUS), "H5Pset_layout", path)
            try check(H5Pset_alloc_time(properties, H5D_ALLOC_TIME_EARLY), "H5Pset_alloc_time", path)
            try check(H5Pset_fill_time(properties, H5D_FILL_TIME_NEVER), "H5Pset_fill_time", path)
        }
        let type: hid_t
        switch dataset.value {
        case .float32: type = amalgam_h5_float32()
        case .float16bits: type = amalgam_h5_uint16()
        case .int64: type = amalgam_h5_int64()
        case .uint8: type = amalgam_h5_uint8()
        }
        let space = try makeSpace(dataset.shape, path)
        let id = try properties.with { properties throws(FileError) in
            try space.with { space throws(FileError) in
                H5Dcreate2(location, name, type, space, hid_t(H5P_DEFAULT), properties, hid_t(H5P_DEFAULT))
            }
        }
        let handle = try HDF5Handle<HDF5DatasetKind>(id, "H5Dcreate2", path)
        try handle.with { handle throws(FileError) in
            let all = hid_t(H5S_ALL)
            func put(_ bytes: UnsafeRawBufferPointer) -> herr_t {
                guard let start = bytes.baseAddress, !bytes.isEmpty else { return 0 }
                return H5Dwrite(handle, type, all, all, hid_t(H5P_DEFAULT), start)
            }
            let status =
                switch dataset.value {
                case .float32(let elements): elements.withUnsafeBytes(put)
                case .float16bits(let elements): elements.withUnsafeBytes(put)
                case .int64(let elements): elements.withUnsafeBytes(put)
                case .uint8(let elements): elements.withUnsafeBytes(put)
                }
            try check(status, "H5Dwrite", path)
            for (name, attribute) in dataset.attributes.sorted(by: { hdf5NameOrder($0.0, $1.0) }) {
                try write(attribute, named: name, to: handle, path: path)
            }
        }
        try handle.close(path)
    }

    private static func makeSpace(_ shape: [Int], _ field: String) throws(FileError) -> HDF5Handle<HDF5SpaceKind> {
        if shape.isEmpty { return try HDF5Handle(H5Screate(H5S_SCALAR), "H5Screate", field) }
        let sizes = shape.map { hsize_t($0) }
        return try HDF5Handle(H5Screate_simple(Int32(sizes.count), sizes, nil), "H5Screate_simple", field)
    }

    private static func write(
        _ attribute: HDF5Attribute, named name: String, to location: hid_t, path: String
    ) throws(FileError) {
        let field = "\(path)@\(name)"
        switch attribute {
        case .string(let text): try write([text], shape: [], named: name, to: location, field)
        case .strings(let texts): try write(texts, shape: [texts.count], named: name, to: location, field)
        case .integer(let number):
            try write([number], type: amalgam_h5_int64(), shape: [], named: name, to: location, field)
        case .integers(let numbers):
            try write(numbers, type: amalgam_h5_int64(), shape: [numbers.count], named: name, to: location, field)
        case .float(let number):
            try write([number], type: amalgam_h5_float64(), shape: [], named: name, to: location, field)
        case .floats(let numbers):
            try write(numbers, type: amalgam_h5_float64(), shape: [numbers.count], named: name, to: location, field)
        }
    }

    private static func write<Element>(
        _ elements: [Element], type: hid_t, shape: [Int], named name: String, to location: hid_t, _ field: String
    ) throws(FileError) {
        let space = try makeSpace(shape, field)
        let id = try space.with { space throws(FileError) in
            H5Acreate2(location, name, type, space, hid_t(H5P_DEFAULT), hid_t(H5P_DEFAULT))
        }
        let handle = try HDF5Handle<HDF5AttributeKind>(id, "H5Acreate2", field)
        try handle.with { handle throws(FileError) in
            let status: herr_t = elements.withUnsafeBytes { bytes in
                guard let start = bytes.baseAddress, !bytes.isEmpty else { return 0 }
                return H5Awrite(handle, type, start)
            }
            try check(status, "H5Awrite", field)
        }
        try handle.close(field)
    }

    /// Text as variable-length strings: the elements are pointers, made into one block that outlives the call.
    private static func write(
        _ texts: [String], shape: [Int], named name: String, to location: hid_t, _ field: String
    ) throws(FileError) {
        let type = try HDF5Handle<HDF5TypeKind>(amalgam_h5_new_text(), "H5Tcopy", field)
        var block: [UInt8] = []
        let starts = texts.map { text in
            let start = block.count
            block.append(contentsOf: text.utf8)
            block.append(0)
            return start
        }
        let result: Result<Void, FileError> = block.withUnsafeBytes { bytes in
            Result { () throws(FileError) in
                let pointers = starts.map { bytes.baseAddress?.advanced(by: $0) }
                try type.with { type throws(FileError) in
                    try write(pointers, type: type, shape: shape, named: name, to: location, field)
                }
            }
        }
        try result.get()
    }
}
