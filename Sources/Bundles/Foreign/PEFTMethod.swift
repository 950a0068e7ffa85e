import Adapters
import Files
import Models

/// What PEFT's adapters of one kind have of their own.
protocol PEFTMethod: Sendable {
    /// `peft_type`
    static var kind: String { get }
    /// The method of ours that it is.
    static var method: String { get }
    /// For messages.
    var title: String { get }
    /// What follows a module's name in the tensor that tells that the module is adapted.
    var marker: String { get }
    /// The tensors of all modules, for messages.
    var content: String { get }
    /// What of an encoder it adapts, for messages.
    var targets: String { get }
    /// The one table that it has instead of tensors at modules; nil: it adapts modules.
    var table: PEFTTable? { get }

    /// - Throws: `BundleError` naming a field of the configuration
    init(_ module: PEFTModule) throws
    /// Widths of a module, from its tensors' shapes.
    /// - Returns: nil: they do not tell
    func widths(of name: String, in module: PEFTModule) throws -> (input: Int?, output: Int?)
    /// The configuration of an adapter on these projections.
    func adapter(
        _ acting: [(site: SiteSpec, module: String)], _ architecture: Architecture, in module: PEFTModule
    ) throws -> AdapterConfiguration
    /// The tensors of a projection.
    func tensors(of site: SiteSpec, _ name: String, in module: PEFTModule) throws -> [PEFTTensor]
    /// What else the folder holds, or needs.
    func finish(
        _ bundle: inout AdapterBundle, _ architecture: Architecture, model: EncoderModel?, in module: inout PEFTModule
    ) throws

    /// What the folder of an adapter holds; nil: the adapter is of another method.
    /// - Throws: `AdapterError`
    static func content(_ member: Member, _ architecture: Architecture) throws -> PEFTContent?
}

extension PEFTMethod {
    var targets: String { "projections" }
    var table: PEFTTable? { nil }

    func finish(
        _ bundle: inout AdapterBundle, _ architecture: Architecture, model: EncoderModel?, in module: inout PEFTModule
    ) throws {}
}

enum PEFTMethods {
    static let builtIn: [any PEFTMethod.Type] = [
        PEFTConfiguration.self, PEFTIA3.self, PEFTLNTuning.self, PEFTPrefixTuning.self, PEFTPromptTuning.self,
        PEFTVeRA.self,
    ]

    /// nil: peft has no such method, or none with folders that we write.
    /// - Throws: `AdapterError`
    static func content(_ member: Member, _ architecture: Architecture) throws -> PEFTContent? {
        for method in builtIn {
            if let content = try method.content(member, architecture) { return content }
        }
        return nil
    }
}

/// A tensor at a module, in a bundle and in PEFT's file.
struct PEFTTensor {
    let ours: String
    /// What follows the module's name.
    let theirs: String
    let shape: [Int]
    /// In the file.
    let theirShape: [Int]
    /// The base's tensor that ours is added to: the file holds the sum. nil: the file holds ours.
    let base: String?

    init(_ ours: String, as theirs: String, _ shape: [Int], theirShape: [Int]? = nil, addedTo base: String? = nil) {
        self.ours = ours
        self.theirs = theirs
        self.shape = shape
        self.theirShape = theirShape ?? shape
        self.base = base
    }
}

/// What every PEFT configuration says of the modules that are adapted, and of the model.
struct PEFTChoice {
    let isClassifier: Bool
    /// nil: a regular expression, or a word for all; the tensors tell what it means.
    let targets: [String]?
    /// The field that picks some of the layers; nil: every layer of the base model is adapted.
    let layerChoice: String?

    /// - Parameter hasModules: whether the method adapts modules
    /// - Throws: `BundleError`
    init(_ module: PEFTModule, hasModules: Bool = true) throws {
        let fields = module.fields
        isClassifier = fields["task_type"] == .string("SEQ_CLS")
        guard hasModules else {
            (targets, layerChoice) = (nil, nil)
            return
        }
        switch fields["target_modules"] {
        case .list(let list)?:
            targets = try list.map {
                guard case .string(let name) = $0 else {
                    throw module.wrong("target_modules", $0.json, "names of modules")
                }
                return name
            }
        case .string?: targets = nil
        case let other: throw module.wrong("target_modules", other?.json ?? "nothing", "names of modules")
        }
        layerChoice = Self.layerChoice(fields)
    }

    /// Names of modules are the same in every layer unless they have a number that is not the end of a word, such as `lin1`.
    private static func layerChoice(_ fields: [String: ConfigurationValue]) -> String? {
        if let value = fields["layers_to_transform"], ![.null, .list([])].contains(value) {
            return "layers_to_transform"
        }
        return ["target_modules", "exclude_modules"].first { field in
            let text = fields[field]?.json ?? ""
            return zip(text, text.dropFirst()).contains { !$0.isLetter && $1.isNumber }
        }
    }
}

extension PEFTModule {
    /// - Parameters:
    ///   - refused: fields that must have one of these values, or none
    ///   - others: further fields of the class
    ///   - class: of the configuration: LoraConfig
    /// - Throws: `BundleError` for another value, or a field that the class does not have
    func check(
        refused: [(field: String, only: [ConfigurationValue])], others: Set<String>, class name: String
    ) throws {
        for (field, only) in refused {
            guard let value = fields[field], value != .null, !only.contains(value) else { continue }
            throw wrong(field, value.json, only.first?.json ?? "null")
        }
        let known = others.union(refused.map(\.field)).union([
            "peft_type", "peft_version", "task_type", "auto_mapping", "base_model_name_or_path", "revision",
            "inference_mode", "fan_in_fan_out", "exclude_modules", "layers_pattern", "layers_to_transform",
            "modules_to_save", "r", "target_modules",
        ])
        for (field, value) in fields.sorted(by: { $0.key < $1.key })
        where !known.contains(field) && ![.null, .bool(false), .list([]), .map([:])].contains(value) {
            throw wrong(field, value.json, "only fields of \(name) in peft 0.18")
        }
    }

    /// `targets` and `leave_out` of a method that acts at the same sites of each layer that it adapts.
    /// - Parameter roles: where the method can act
    /// - Throws: `BundleError` for another module, or a layer that lacks one of them
    func choice(
        _ acting: [(site: SiteSpec, module: String)], among roles: [(name: String, kind: Site.Kind)],
        _ architecture: Architecture
    ) throws -> [String: ConfigurationValue] {
        let kinds = Set(acting.map(\.site.site.kind))
        if let other = acting.first(where: { part in !roles.contains { $0.kind == part.site.site.kind } }) {
            throw wrong("target_modules", other.module, "only \(roles.map(\.name).joined(separator: ", "))")
        }
        let layers = Set(acting.compactMap(\.site.site.layer))
        for site in architecture.sites(kinds) where site.site.layer.map(layers.contains) == true {
            guard !acting.contains(where: { $0.site.site == site.site }) else { continue }
            throw wrong("target_modules", "no \(site.site.name)", "the same modules in each layer that is adapted")
        }
        let leftOut = layers.isEmpty ? [] : (0..<architecture.configuration.layers).filter { !layers.contains($0) }
        return [
            "targets": .list(roles.filter { kinds.contains($0.kind) }.map { .string($0.name) }),
            "leave_out": .list(leftOut.map { .init($0) }),
        ]
    }

    func number(_ field: String, _ expected: String, _ isRight: (Double) -> Bool) throws -> Double {
        guard case .number(let number)? = fields[field], isRight(number) else {
            throw wrong(field, fields[field]?.json ?? "nothing", expected)
        }
        return number
    }

    func integer(_ field: String, in range: ClosedRange<Int>) throws -> Int {
        Int(
            try number(field, "an integer in \(range.lowerBound)...\(range.upperBound)") {
                Int(exactly: $0).map(range.contains) ?? false
            })
    }

    func rank() throws -> Int { try integer("r", in: 1...65_536) }

    /// A dropout rate; 0 where there is none.
    func dropout(_ field: String) throws -> Double {
        fields[field] == nil ? 0 : try number(field, "in 0..<1") { $0 >= 0 && $0 < 1 }
    }
}
