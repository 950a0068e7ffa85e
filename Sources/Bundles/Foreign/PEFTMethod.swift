import Adapters
import Files
import Foundation
import Models

/// A method in PEFT's folders: its configuration and its tensors. What all methods share is read by `PEFTImport` and written
/// by `PEFTExport`.
protocol PEFTMethod: Sendable {
    /// `peft_type`
    static var type: String { get }
    /// What messages call the method, and its tensors.
    static var title: String { get }
    static var tensors: String { get }
    /// The end of the name of a tensor that each adapted module has.
    static var marker: String { get }

    /// - Throws: `BundleError` naming the field that is not supported
    init(_ module: PEFTModule) throws
    var choice: PEFTModuleChoice { get }

    /// Widths of what an adapted module reads and gives, as far as the tensors tell.
    func widths(of name: String, _ module: PEFTModule) throws -> (input: Int?, output: Int?)
    /// - Throws: `BundleError`, `AdapterError` for a configuration that we do not have
    func adapter(
        _ acting: [PEFTModule.Adapted], _ architecture: Architecture, _ module: PEFTModule
    ) throws -> AdapterConfiguration
    /// The tensors at a site: what follows the site's name in ours and the module's name in theirs, and both shapes.
    func tensors(at adapted: PEFTModule.Adapted, _ module: PEFTModule) throws -> [PEFTTensor]
    /// Makes a bundle of what was read: where that needs more than its tensors.
    func finish(_ bundle: inout AdapterBundle, model: EncoderModel?, _ module: PEFTModule) throws

    /// What the folder of an adapter says; nil: the adapter is of another method.
    /// - Throws: `BundleError` for what the library does not have
    static func content(_ member: Member, _ architecture: Architecture, bundle: AdapterBundle) throws -> PEFTContent?
}

extension PEFTMethod {
    func finish(_ bundle: inout AdapterBundle, model: EncoderModel?, _ module: PEFTModule) throws {}
}

/// The registry of methods in PEFT's folders.
enum PEFTMethods {
    static let all: [any PEFTMethod.Type] = [PEFTLoRA.self, PEFTIA3.self]

    static var names: String { all.map { $0.title }.joined(separator: " or ") }

    static func has(_ type: ConfigurationValue?) -> Bool { all.contains { .string($0.type) == type } }

    /// - Throws: `BundleError` for a `peft_type` that is not among these, and for a field that is not supported
    static func method(of module: PEFTModule) throws -> any PEFTMethod {
        let type = module.fields["peft_type"]
        for method in all where .string(method.type) == type { return try method.init(module) }
        throw module.wrong("peft_type", type?.json ?? "nothing", all.map { $0.type }.joined(separator: " or "))
    }
}

/// A tensor at a module, in a bundle and in PEFT's file.
struct PEFTTensor {
    let ours: String
    let theirs: String
    let shape: [Int]
    /// Of the file's tensor.
    var theirShape: [Int]

    init(_ ours: String, as theirs: String, _ shape: [Int], theirShape: [Int]? = nil) {
        self.ours = ours
        self.theirs = theirs
        self.shape = shape
        self.theirShape = theirShape ?? shape
    }
}

/// What the folder of one adapter says, beside what folders of all methods say.
struct PEFTContent {
    /// Of the configuration.
    var fields: [String: ConfigurationValue]
    /// The adapted modules and their tensors.
    let modules: [(site: SiteSpec, tensors: [PEFTTensor])]

    /// The module's name in the model: its weight's without `.weight`.
    static func module(_ site: SiteSpec) -> String { String((site.weight ?? "").dropLast(".weight".count)) }

    /// Short names ("attention.self.query") if these mean exactly the adapted projections, else each module's full name.
    static func names(_ adapted: [SiteSpec], _ architecture: Architecture) -> [String] {
        let adapted = adapted.map(module)
        var short: [String] = []
        for module in adapted {
            let parts = module.split(separator: ".")
            let number = parts.lastIndex { Int($0) != nil } ?? -1
            let name = parts[(number + 1)...].joined(separator: ".")
            if !short.contains(name) { short.append(name) }
        }
        let meant = architecture.sites.compactMap(\.weight).map { $0.dropLast(".weight".count) }.filter { module in
            short.contains { module == $0 || module.hasSuffix("." + $0) }
        }
        return meant.count == adapted.count ? short : adapted
    }
}

/// Which modules a PEFT configuration means, and which class it is for.
struct PEFTModuleChoice {
    let isClassifier: Bool
    /// nil: a regular expression, or a word for all; the tensors tell what it means.
    let targets: [String]?
    /// The field that picks some of the layers; nil: every layer of the base model is adapted.
    let layerChoice: String?

    static let fields: Set<String> = [
        "peft_type", "peft_version", "task_type", "auto_mapping", "base_model_name_or_path", "revision",
        "inference_mode", "fan_in_fan_out", "exclude_modules", "layers_pattern", "layers_to_transform",
        "runtime_config", "modules_to_save", "target_modules",
    ]

    init(_ module: PEFTModule) throws {
        let fields = module.fields
        isClassifier = fields["task_type"] == .string("SEQ_CLS")
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
