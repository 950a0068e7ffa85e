/// A group of an HDF5 file as a value: named attributes, datasets and groups.
///
/// Names are unique, datasets and groups sharing one set of names. `HDF5.encode` writes children in the order of their
/// names' bytes and `HDF5.decode` returns them so: a tree's bytes do not depend on the order it was built in.
package struct HDF5Group: Sendable {
    package var attributes: [(String, HDF5Attribute)]
    package var datasets: [(String, HDF5Dataset)]
    package var groups: [(String, HDF5Group)]

    package init(
        attributes: [(String, HDF5Attribute)] = [], datasets: [(String, HDF5Dataset)] = [],
        groups: [(String, HDF5Group)] = []
    ) {
        self.attributes = attributes
        self.datasets = datasets
        self.groups = groups
    }

    /// The first attribute of this name, nil if there is none.
    package func attribute(_ name: String) -> HDF5Attribute? { attributes.first { $0.0 == name }?.1 }
    /// The first dataset of this name, nil if there is none.
    package func dataset(_ name: String) -> HDF5Dataset? { datasets.first { $0.0 == name }?.1 }
    /// The first group of this name, nil if there is none.
    package func group(_ name: String) -> HDF5Group? { groups.first { $0.0 == name }?.1 }
}

extension HDF5Group: Equatable {
    package static func == (left: HDF5Group, right: HDF5Group) -> Bool {
        left.attributes.elementsEqual(right.attributes, by: ==)
            && left.datasets.elementsEqual(right.datasets, by: ==)
            && left.groups.elementsEqual(right.groups, by: ==)
    }
}

/// An attribute's value: one, or a list, of text, whole numbers or floating-point numbers.
package enum HDF5Attribute: Equatable, Sendable {
    case string(String)
    case strings([String])
    case integer(Int64)
    case integers([Int64])
    case float(Double)
    case floats([Double])
}

/// A tensor with its attributes.
package struct HDF5Dataset: Equatable, Sendable {
    /// Sizes of the dimensions, slowest first; [] is a scalar.
    package var shape: [Int]
    /// As many elements as `shape` says, row-major.
    package var value: HDF5Value
    package var attributes: [(String, HDF5Attribute)]

    package init(shape: [Int], value: HDF5Value, attributes: [(String, HDF5Attribute)] = []) {
        self.shape = shape
        self.value = value
        self.attributes = attributes
    }

    /// The first attribute of this name, nil if there is none.
    package func attribute(_ name: String) -> HDF5Attribute? { attributes.first { $0.0 == name }?.1 }

    package static func == (left: HDF5Dataset, right: HDF5Dataset) -> Bool {
        left.shape == right.shape && left.value == right.value
            && left.attributes.elementsEqual(right.attributes, by: ==)
    }
}

/// The elements of a dataset, in one of the types that Amalgam's files use.
package enum HDF5Value: Equatable, Sendable {
    /// IEEE single precision.
    case float32([Float])
    /// Unsigned 16-bit integers in the file: the bit patterns of float16 or bfloat16 (an attribute says which).
    case float16bits([UInt16])
    case int64([Int64])
    case uint8([UInt8])

    /// How many elements there are.
    package var count: Int {
        switch self {
        case .float32(let elements): elements.count
        case .float16bits(let elements): elements.count
        case .int64(let elements): elements.count
        case .uint8(let elements): elements.count
        }
    }
}

/// The order of children in a file: by the bytes of their UTF-8 names, as HDF5's group nodes keep them.
func hdf5NameOrder(_ left: String, _ right: String) -> Bool {
    left.utf8.lexicographicallyPrecedes(right.utf8)
}
