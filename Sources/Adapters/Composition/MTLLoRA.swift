import Files
import Models
import Numerics

/// LoRA that several tasks share, with a scale for each task and each direction (MTL-LoRA; Yang et al. 2024, section 3):
/// ΔW = s B Λᵗ A, where Λᵗ is diagonal, a number for each rank, and starts at 1. A and B are those of its part.
///
/// This is the paper's form with one up-projection, whose weights of several are 1 then.
package struct MTLLoRA: HeadRouter {
    package static let kind = "mtl_lora"
    package static let phrase = "LoRA with a part for each task"
    package static let option = "tasks"
    package static let parents: Set<String>? = [Stack.kind]
    package static let sharesParts = true
    package let heads: [[String]]?
    /// The task whose texts it acts on, in a plan; nil: those of all tasks, as bundles have it.
    private var task: Int?

    package init(heads: [[String]]?) { self.heads = heads }

    package init(_ fields: BlockFields) throws(BlockFault) {
        guard fields.children == 1 else {
            throw BlockFault("parts", found: "\(fields.children)", expected: "one LoRA, which the tasks share")
        }
        try fields.check([Self.option])
        heads = try Self.heads(fields)
    }

    package var fields: [String: ConfigurationValue] {
        task.map { Self.fields(heads).merging(["task": .init($0)]) { $1 } } ?? Self.fields(heads)
    }

    package func serving(part index: Int) -> (any CompositionBlock)? {
        var served = self
        served.task = index
        return served
    }

    private static func scale(_ task: Int) -> String { "scale_\(task)" }

    package func specs(_ children: [Outline], _ architecture: Architecture, scope: String) throws(AdapterError)
        -> [ParameterSpec]
    {
        try StackedUpdates.check(children, of: Self.kind)
        guard let heads else {
            throw .composition("\(Self.kind): found no \(Self.option), expected those that share it")
        }
        guard case .leaf(_, let method)? = children.first, let lora = method as? LoRA else { return [] }
        return StackedUpdates.sites(children, architecture).flatMap { spec in
            heads.indices.map {
                ParameterSpec(
                    "\(scope)/\(spec.site.name)/\(Self.scale($0))", [lora.update(at: spec.site)?.rank ?? 0], .ones)
            }
        }
    }

    package func plugin(_ children: [ComposedChild], _ architecture: Architecture, _ tensors: MemberTensors)
        throws(AdapterError) -> any SitePlugin
    {
        try StackedUpdates.check(children.map(\.outline), of: Self.kind)
        guard let task else {
            throw .composition(
                "\(Self.kind): found no task whose texts it acts on, expected one; name its \(Self.option)")
        }
        return MTLLoRAPlugin(part: children[0].plugin, tensors: tensors, scale: Self.scale(task))
    }
}

private struct MTLLoRAPlugin: SitePlugin {
    let part: any SitePlugin
    let tensors: MemberTensors
    let scale: String

    func delta(at site: Site, _ context: SiteContext) throws -> SiteDelta? {
        guard case .factored(let narrow, let up, let bias, let factor)? = try part.delta(at: site, context) else {
            return nil
        }
        let scaled = context.builder.append(
            MultiplyRows(narrow, by: try tensors(site, scale), in: context.builder))
        return .factored(narrow: scaled, up: up, bias: bias, scale: factor)
    }

    func extraKeysValues(layer: Int, input: Value, _ builder: PlanBuilder) throws -> (
        keys: Value, values: Value, rows: Int
    )? { nil }
}
