import Adapters
import Files
import Models

/// (IA)³ in PEFT's folders: `ia3_l` is [out, 1] where it multiplies what a module gives, and [1, in] in
/// `feedforward_modules`, where it multiplies what a module reads.
struct PEFTIA3: PEFTMethod {
    static let kind = "IA3"
    static let method = IA3.name
    let title = "(IA)³"
    let marker = ".ia3_l"
    let content = "vectors of (IA)³"
    private static let theirs = "ia3_l"

    init(_ module: PEFTModule) throws {
        // The tensors' shapes tell which modules are feedforward_modules
        try module.check(refused: [], others: ["feedforward_modules", "init_ia3_weights"], class: "IA3Config")
    }

    func widths(of name: String, in module: PEFTModule) throws -> (input: Int?, output: Int?) {
        let shape = try module.matrix("\(name).\(Self.theirs)")
        return try scaled(name, module) == .input ? (shape.columns, nil) : (nil, shape.rows)
    }

    private func scaled(_ name: String, _ module: PEFTModule) throws -> IA3.Scaled {
        let shape = try module.matrix("\(name).\(Self.theirs)")
        switch (shape.rows, shape.columns) {
        case (1, 2...): return .input
        case (2..., 1): return .output
        default:
            throw module.wrong(
                "\(name).\(Self.theirs)", "shape [\(shape.rows), \(shape.columns)]", "[out, 1] or [1, in]",
                in: module.weightsFile)
        }
    }

    func tensors(of site: SiteSpec, _ name: String, in module: PEFTModule) throws -> [PEFTTensor] {
        [Self.tensor(site, try scaled(name, module))]
    }

    static func tensor(_ site: SiteSpec, _ scaled: IA3.Scaled) -> PEFTTensor {
        let width = scaled == .input ? site.input : site.output
        return PEFTTensor(
            IA3.factors, as: theirs, [width], theirShape: scaled == .input ? [1, width] : [width, 1])
    }

    func adapter(
        _ acting: [(site: SiteSpec, module: String)], _ architecture: Architecture, in module: PEFTModule
    ) throws -> AdapterConfiguration {
        let layers = Set(acting.compactMap(\.site.site.layer))
        var (targets, feedForward): ([ConfigurationValue], [ConfigurationValue]) = ([], [])
        for role in SiteRoles.projections {
            let modules = acting.filter { $0.site.site.kind == role.kind }
            guard let first = modules.first else { continue }
            let scaled = try scaled(first.module, module)
            guard modules.count == layers.count,
                try modules.allSatisfy({ try self.scaled($0.module, module) == scaled })
            else {
                throw module.wrong(
                    "\(first.module).\(Self.theirs)",
                    "in \(modules.count) of \(layers.count) adapted layers, or of two forms",
                    "the same modules in each adapted layer, in one form", in: module.weightsFile)
            }
            targets.append(.string(role.name))
            if scaled == .input { feedForward.append(.string(role.name)) }
        }
        let leftOut = (0..<architecture.configuration.layers).filter { !layers.contains($0) }
        return try AdapterConfiguration(
            method: IA3.name,
            fields: [
                "targets": .list(targets), "feedforward_targets": .list(feedForward),
                "leave_out": .list(leftOut.map { .init($0) }),
            ], source: module.file)
    }

    static func content(_ member: Member, _ architecture: Architecture) throws -> PEFTContent? {
        guard let ia3 = try member.configuration.makeMethod() as? IA3 else { return nil }
        let scaled = architecture.sites.compactMap { site in ia3.scaled(at: site.site).map { (site: site, part: $0) } }
        let modules = scaled.map { PEFTContent.module($0.site) }
        let inputs = scaled.filter { $0.part == .input }.map { PEFTContent.module($0.site) }
        var names = PEFTContent.names(modules, architecture)
        var feedForward = PEFTContent.names(inputs, architecture)
        // The library takes names of feedforward_modules for ends of names, and they must be names in target_modules
        let meant = modules.filter { module in feedForward.contains { module.hasSuffix($0) } }
        if meant != inputs || !Set(feedForward).isSubset(of: names) { (names, feedForward) = (modules, inputs) }
        return PEFTContent(
            title: "(IA)³", modules: zip(scaled, modules).map { ($0.site, $1, [tensor($0.site, $0.part)]) },
            fields: [
                "peft_type": .string(kind), "target_modules": .list(names.map { .string($0) }),
                "feedforward_modules": .list(feedForward.map { .string($0) }), "init_ia3_weights": .bool(true),
                "fan_in_fan_out": .bool(false),
            ])
    }
}
