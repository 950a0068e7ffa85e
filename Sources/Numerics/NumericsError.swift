/// What can go wrong below the models.
package enum NumericsError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The matrix library is missing or unusable; its own message.
    case blas(String)
    /// Two parameters of one name.
    case duplicateParameter(String)
    /// A tensor that the computation needs and that does not exist.
    case missingTensor(String)
    /// AMALGAM_PRODUCTS names kernels that this machine does not have.
    case products(found: String, expected: [String])

    package var description: String {
        switch self {
        case .blas(let message): message
        case .duplicateParameter(let name): "parameter \(name) is declared twice"
        case .missingTensor(let name): "tensor \(name) is missing"
        case .products(let found, let expected):
            "environment variable AMALGAM_PRODUCTS: found \(found), expected \(expected.joined(separator: " or "))"
        }
    }
}
