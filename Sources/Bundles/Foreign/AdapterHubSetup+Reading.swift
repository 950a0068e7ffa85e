import Adapters
import Files
import Foundation

/// An `adapter_setup.json` as the library or our export wrote it.
struct AdapterHubSetupFile {
    let composition: Composition
    /// The names of the fusions, in the order of the composition's blocks.
    private(set) var fusions: [String] = []
    /// Heads in folders of their names.
    private(set) var heads: [String] = []
    /// Whether a head is in the folder itself.
    private(set) var hasOwnHead = false
    private(set) var warnings: [String] = []

    private static let blocks = "Stack, Fuse or Average"

    static func stands(in folder: URL) -> Bool {
        FileManager.default.fileExists(atPath: folder.appendingPathComponent(AdapterHubSetup.file).path)
    }

    /// - Parameter fusion: the configuration of a fusion by its name
    /// - Throws: `BundleError`, `FileError`, and what `fusion` throws
    init(_ folder: URL, fusion: @escaping (String) throws -> FusionConfiguration) throws {
        let url = folder.appendingPathComponent(AdapterHubSetup.file)
        var reader = Reader(file: url.path, fusion: fusion)
        let fields = try AdapterHubModule.json(url)
        composition = try reader.tree(fields["adapter_setup"])
        fusions = reader.fusions
        warnings = reader.warnings
        switch fields["head_setup"] {
        case nil, .null?, .bool(false)?: break
        case .bool(true)?: hasOwnHead = true
        case let setup?: heads = try reader.heads(setup)
        }
    }

    private struct Reader {
        let file: String
        let fusion: (String) throws -> FusionConfiguration
        var fusions: [String] = []
        var warnings: [String] = []

        func wrong(_ field: String, _ found: String, _ expected: String) -> BundleError {
            AdapterHubModule.wrong(file, field, found, expected, fix: "save it again with model.save_adapter_setup")
        }

        /// A name as folders and bundles have it.
        func name(_ value: ConfigurationValue, _ field: String) throws -> String {
            guard case .string(let name) = value, AdapterHubNames.ours(name) == name else {
                throw wrong(field, value.json, "a name that a file can have")
            }
            return name
        }

        func heads(_ setup: ConfigurationValue) throws -> [String] {
            switch setup {
            case .string: return [try name(setup, "head_setup")]
            case .list(let list): return try list.map { try name($0, "head_setup") }
            case .map(let fields):
                guard case .list(let children)? = fields["children"] else {
                    throw wrong("head_setup", setup.json, "a name, or a list of names")
                }
                return try children.flatMap { try heads($0) }
            default: throw wrong("head_setup", setup.json, "a name, or a list of names")
            }
        }

        mutating func tree(_ value: ConfigurationValue?) throws -> Composition {
            guard case .map(let fields)? = value, case .string(let kind)? = fields["type"],
                case .list(let list)? = fields["children"], !list.isEmpty
            else { throw wrong("adapter_setup", value?.json ?? "nothing", "a block with a type and children") }
            if kind == "single", list.count == 1 { return .leaf(try name(list[0], "adapter_setup")) }
            var kwargs: [String: ConfigurationValue] = [:]
            if case .map(let map)? = fields["kwargs"] { kwargs = map }
            // The fusion's name follows from its children, and blocks are counted before their children
            let place = fusions.count
            if kind == "Fuse" { fusions.append("") }
            let children = try list.map { try tree($0) }
            switch kind {
            case "Stack": return children.count == 1 ? children[0] : .stack(children)
            case "Fuse":
                fusions[place] = children.compactMap(\.members.last).joined(separator: ",")
                return Composition(Fuse(try fusion(fusions[place])), children)
            case "Average":
                return Composition(Average(weights: try weights(kwargs, count: children.count)), children)
            default: throw wrong("adapter_setup.type", "\"\(kind)\"", AdapterHubSetupFile.blocks)
            }
        }

        /// The library weighs each child and then divides by their number: weights that sum to that number are an average.
        private mutating func weights(_ kwargs: [String: ConfigurationValue], count: Int) throws -> [Double] {
            let even = [Double](repeating: 1 / Double(count), count: count)
            var weights = even
            if let value = kwargs["weights"] {
                guard case .list(let list) = value, list.count == count else {
                    throw wrong("adapter_setup.kwargs.weights", value.json, counted(count, "number"))
                }
                weights = try list.map { item in
                    guard case .number(let number) = item, number.isFinite else {
                        throw wrong("adapter_setup.kwargs.weights", item.json, "finite numbers")
                    }
                    return number
                }
            }
            let sum = weights.reduce(0, +)
            func isNear(_ wanted: Int) -> Bool { abs(sum - Double(wanted)) <= 1e-6 * Double(wanted) }
            let divided = weights.map { $0 / Double(count) }
            if isNear(count), kwargs["normalize_weights"] != .bool(true) { return divided }
            guard kwargs["normalize_weights"] == .bool(true) ? sum != 0 : isNear(1) else {
                throw wrong(
                    "adapter_setup.kwargs.weights", "a sum of \(sum)",
                    "a sum of \(count), which the library divides by, or 1")
            }
            let shown = weights.map { "\($0 / sum)" }.joined(separator: ", ")
            warnings.append(
                "\(file): the library divides an average by the number of its parts once more, which is no average; imported "
                    + "with the weights \(shown), so results differ")
            return weights.map { $0 / sum }
        }
    }
}
