import Adapters
import Files
import Models
import Numerics

/// AdapterHub's ReftConfig (adapters 1.3.0) to ours and back.
///
/// Its tensors are under `bert.encoder.layer.N.reft_layer.refts.NAME.units.U.`: U is 0 for the prefix, or with tied weights for
/// both ends, and 1 for the suffix, which is there though it may act on no token. `learned_source.{weight,bias}` is our source.
/// A projection without constraint is `projection.weight`; an orthonormal one is B · Q as torch parametrizes it, with
/// `projection.parametrizations.weight.original`, Q's free numbers (`OrthonormalRows`), and `….0.base`, B: [hidden, hidden].
/// Ours has no B, so an import makes free numbers of the product, and an export writes the identity.
enum AdapterHubReFT {
    /// Every field with its value where a file says nothing: those of LoReftConfig.
    private static let defaults: [String: ConfigurationValue] = [
        "architecture": .string(ReFT.name), "dropout": .number(0.05), "dtype": .null, "init_weights_seed": .null,
        "layers": .string("all"), "non_linearity": .null, "orthogonality": .bool(true), "output_reft": .bool(true),
        "prefix_positions": .number(3), "r": .number(1), "suffix_positions": .number(0), "tied_weights": .bool(false),
    ]
    /// Of products of rows, which float32 rounds.
    private static let tolerance = 1e-3
    private static let named = ["loreft", "noreft", "direft"]
    private static let (free, base) = (
        "projection.parametrizations.weight.original", "projection.parametrizations.weight.0.base"
    )

    static func stands(_ value: ConfigurationValue?) -> Bool {
        switch value {
        case .string(let name)?: named.contains(name)
        case .map(let fields)?: fields["architecture"] == .string(ReFT.name)
        default: false
        }
    }

    /// The library does not save `subtract_projection`, and reads every adapter as one that subtracts.
    /// - Throws: `BundleError`, `AdapterError` naming the field
    static func adapter(_ value: ConfigurationValue?, file: String) throws -> AdapterConfiguration {
        if case .string(let name)? = value { return try .resolve(name) }
        let fields = try AdapterHubConfiguration.fields(value, over: defaults, of: "ReftConfig", file: file)
        guard fields["output_reft"] == .bool(true) else {
            throw AdapterHubConfiguration.refused(
                file, "config.output_reft", fields["output_reft"]?.json ?? "", "true")
        }
        return try AdapterConfiguration(
            method: ReFT.name, fields: fields.filter { ReFT.defaults[$0.key] != nil }, source: "\(file): config")
    }

    /// All fields, as the library writes them.
    /// - Throws: `BundleError` for what its files cannot say
    static func fields(_ member: Member, bundle: AdapterBundle) throws -> ConfigurationValue {
        var fields = member.configuration.fields
        guard fields.removeValue(forKey: "subtract_projection") == .bool(true) else {
            throw BundleError.content(
                file: bundle.name, field: "members/\(member.name): subtract_projection", found: "false",
                expected: "true: the library's files do not hold this field, so it would compute something else",
                fix: "adapters of this configuration cannot be exported")
        }
        return .map(defaults.merging(fields) { $1 })
    }

    /// The library's units of a layer, each with our place; nil: it acts on no token.
    private static func units(_ method: ReFT) -> [ReFT.Place?] {
        if method.places == [.tied] { return [.tied] }
        return [.prefix, .suffix].map { method.places.contains($0) ? $0 : nil }
    }

    private static func stem(_ site: Site, unit: Int, name: String, prefix: String) -> String {
        "\(prefix)encoder.layer.\(site.layer ?? 0).reft_layer.refts.\(name).units.\(unit)."
    }

    private static func identity(_ width: Int) -> [Float] {
        var values = [Float](repeating: 0, count: width * width)
        for i in 0..<width { values[i * width + i] = 1 }
        return values
    }

    /// - Parameter value: one of the member's own tensors by its name there
    static func tensors(
        _ method: ReFT, _ architecture: Architecture, name: String, prefix: String,
        value: (String) throws -> NamedTensor
    ) throws -> [NamedTensor] {
        try method.sites(architecture).flatMap { site in
            try units(method).enumerated().flatMap { unit, place in
                let (stem, r, width) = (
                    stem(site.site, unit: unit, name: name, prefix: prefix), method.rank, site.output
                )
                func own(_ tensor: String, _ count: Int) throws -> [Float] {
                    try place.map { try value("\(site.site.name)/\($0.rawValue).\(tensor)").values }
                        ?? [Float](repeating: 0, count: count)
                }
                let projection = try own("projection", r * width)
                var tensors = [
                    NamedTensor("\(stem)learned_source.bias", [r], try own("source.bias", r)),
                    NamedTensor("\(stem)learned_source.weight", [r, width], try own("source.weight", r * width)),
                ]
                guard method.isOrthonormal else {
                    return tensors + [NamedTensor("\(stem)projection.weight", [r, width], projection)]
                }
                tensors.append(NamedTensor("\(stem)\(base)", [width, width], identity(width)))
                let numbers = projection.indices.map { i -> Float in
                    let (row, column) = (i / width, i % width)
                    guard column == row else { return column < row ? 0 : projection[i] }
                    return projection[i] < 0 || place == nil ? -1 : 1
                }
                return tensors + [NamedTensor("\(stem)\(free)", [r, width], numbers)]
            }
        }
    }

    /// The tensors of a member, by our names.
    /// - Throws: `BundleError` for a tensor that is missing or of another shape
    static func take(
        _ method: ReFT, _ architecture: Architecture, from module: inout AdapterHubModule
    ) throws -> [String: [Float]] {
        var tensors: [String: [Float]] = [:]
        for site in method.sites(architecture) {
            for (unit, place) in units(method).enumerated() {
                let stem = stem(site.site, unit: unit, name: module.name, prefix: module.prefix)
                let (r, width) = (method.rank, site.output)
                let weight = try module.take("\(stem)learned_source.weight", shape: [r, width])
                let bias = try module.take("\(stem)learned_source.bias", shape: [r])
                let projection =
                    method.isOrthonormal
                    ? try orthonormal(stem, rank: r, width: width, from: &module)
                    : try module.take("\(stem)projection.weight", shape: [r, width])
                guard let place else { continue }
                let own = "\(site.site.name)/\(place.rawValue)"
                tensors["\(own).source.weight"] = weight
                tensors["\(own).source.bias"] = bias
                tensors["\(own).projection"] = projection
            }
        }
        return tensors
    }

    /// Free numbers of B · Q.
    private static func orthonormal(
        _ stem: String, rank: Int, width: Int, from module: inout AdapterHubModule
    ) throws -> [Float] {
        let numbers = try module.take(stem + free, shape: [rank, width])
        let base = try module.take(stem + base, shape: [width, width])
        guard rank < width else {
            throw AdapterHubModule.wrong(
                module.configurationFile, "config.r", "\(rank)", "less than the hidden size, \(width)")
        }
        if let row = (0..<rank).first(where: { abs(numbers[$0 * width + $0]) != 1 }) {
            throw AdapterHubModule.wrong(
                module.configurationFile, stem + free, "\(numbers[row * width + row]) on the diagonal",
                "1 or -1; the library takes other numbers for 0, so this adapter does nothing",
                fix: "train it again without weight decay on this tensor, or here with --config loreft")
        }
        let reflections = numbers.withUnsafeBufferPointer { pointer in
            pointer.baseAddress.map { Reflections($0, rows: rank, width: width) }
        }
        guard base != identity(width) else { return numbers.indices.map { $0 % width < $0 / width ? 0 : numbers[$0] } }
        let rows = (0..<rank).map { row in
            let q = reflections?.row(row) ?? []
            return (0..<width).map { o in (0..<width).reduce(0.0) { $0 + Double(base[o * width + $1]) * q[$1] } }
        }
        for (i, row) in rows.enumerated() {
            for (j, other) in rows[...i].enumerated() {
                let product = zip(row, other).reduce(0) { $0 + $1.0 * $1.1 }
                guard abs(product - (i == j ? 1 : 0)) > tolerance || !product.isFinite else { continue }
                throw AdapterHubModule.wrong(
                    module.configurationFile, stem + Self.base, "a product of \(product) of the rows \(i) and \(j)",
                    "an orthogonal matrix, whose product is \(i == j ? 1 : 0)")
            }
        }
        return Reflections.numbers(of: rows)
    }
}
