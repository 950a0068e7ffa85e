import Adapters
import Files
import Models

/// What a PEFT folder holds of an adapter: its modules and tensors, and the fields that only its kind has.
struct PEFTContent {
    /// Of the method, for messages.
    let title: String
    let modules: [(site: SiteSpec, module: String, tensors: [PEFTTensor])]
    /// Tensors of the adapter as a whole.
    var shared: [(name: String, shape: [Int], values: [Float])] = []
    /// Own tensors of the adapter, [rows, width] each, that are side by side the one table of a method that adapts no modules.
    var table: [String]?
    var hasGate = false
    /// What peft has no form for.
    var refused: (field: String, found: String, expected: String, fix: String)?
    /// Families whose classification model peft runs with this method; nil: all.
    var classifiers: Set<String>?
    let fields: [String: ConfigurationValue]

    /// The module's name in the model: its weight's without `.weight`.
    static func module(_ site: SiteSpec) -> String { String((site.weight ?? "").dropLast(".weight".count)) }

    /// Short names ("attention.self.query") if these mean exactly the adapted projections, else each module's full name.
    static func names(_ adapted: [String], _ architecture: Architecture) -> [String] {
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
