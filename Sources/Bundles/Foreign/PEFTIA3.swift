import Adapters
import Files
import Models

/// (IA)³ in PEFT's folders: `ia3_l` is [out, 1] where it multiplies what a module gives, and [1, in] in
/// `feedforward_modules`, where it multiplies what a module reads.
struct PEFTIA3: PEFTMethod {
    static let type = "IA3"
    static let title = "(IA)³"
    static let tensors = "(IA)³ vectors"
    static let marker = ".ia3_l"
    private static let theirs = "ia3_l"

    let choice: PEFTModuleChoice

    init(_ module: PEFTModule) throws {
        // The tensors' shapes tell which modules are feedforward_modules
        let others = PEFTModuleChoice.fields.union(["feedforward_modules", "init_ia3_weights"])
        try module.checkFields([], others: others, of: "IA3Config")
        choice = try PEFTModuleChoice(module)
    }

    func widths(of name: String, _ module: PEFTModule) throws -> (input: Int?, output: Int?) {
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

    func tensors(at adapted: PEFTModule.Adapted, _ module: PEFTModule) throws -> [PEFTTensor] {
        [Self.tensor(adapted.site, try scaled(adapted.name, module))]
    }

    private static func tensor(_ site: SiteSpec, _ scaled: IA3.Scaled) -> PEFTTensor {
        let width = scaled == .input ? site.input : site.output
        return PEFTTensor(
            IA3.factors, as: theirs, [width], theirShape: scaled == .input ? [1, width] : [width, 1])
    }

    func adapter(
        _ acting: [PEFTModule.Adapted], _ architecture: Architecture, _ module: PEFTModule
    ) throws -> AdapterConfiguration {
        let layers = Set(acting.compactMap(\.site.site.layer))
        var (targets, feedForward): ([ConfigurationValue], [ConfigurationValue]) = ([], [])
        for role in SiteRoles.projections {
            let modules = acting.filter { $0.site.site.kind == role.kind }
            guard let first = modules.first else { continue }
            let scaled = try scaled(first.name, module)
            guard modules.count == layers.count, try modules.allSatisfy({ try self.scaled($0.name, module) == scaled })
            else {
                throw module.wrong(
                    "\(first.name).\(Self.theirs)",
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

    static func content(_ member: Member, _ architecture: Architecture, bundle: AdapterBundle) throws -> PEFTContent? {
        guard let method = try member.configuration.makeMethod() as? IA3 else { return nil }
        let scaled = architecture.sites.compactMap { site in method.scaled(at: site.site).map { (site: site, part: $0) }
        }
        let inputs = scaled.filter { $0.part == .input }.map(\.site)
        var names = PEFTContent.names(scaled.map(\.site), architecture)
        var feedForward = PEFTContent.names(inputs, architecture)
        // The library takes names of feedforward_modules for ends of names, and they must be names in target_modules
        let meant = scaled.map(\.site).filter { site in
            feedForward.contains { PEFTContent.module(site).hasSuffix($0) }
        }
        if meant != inputs || !Set(feedForward).isSubset(of: names) {
            (names, feedForward) = (scaled.map { PEFTContent.module($0.site) }, inputs.map(PEFTContent.module))
        }
        return PEFTContent(
            fields: [
                "target_modules": .list(names.map { .string($0) }),
                "feedforward_modules": .list(feedForward.map { .string($0) }), "init_ia3_weights": .bool(true),
            ],
            modules: scaled.map { ($0.site, [tensor($0.site, $0.part)]) })
    }
}
