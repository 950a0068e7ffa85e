import Adapters
import Files
import Models

/// Prefix tuning in PEFT's folders: [virtual tokens, layers · 2 · hidden], in each layer the keys and then the values. A network that makes
/// them in training (`prefix_projection`) is not saved. The model gets the prefix as keys and values of tokens that it has read
/// before, so the text's positions begin after it (`PrefixTuning`, takes_positions).
struct PEFTPrefixTuning: PEFTTableMethod {
    static let kind = "PREFIX_TUNING"
    static let method = PrefixTuning.name
    /// Their encoders take keys and values of earlier tokens.
    private static let families: Set<String> = ["bert", "roberta", "xlm-roberta", "electra"]
    /// For others, peft takes the prefix for the output that the head reads.
    private static let classifiers: Set<String> = ["bert"]
    let title = "prefix tuning"
    let targets = "the attention of all layers"
    let table: PEFTTable?
    let configuration: [String: ConfigurationValue]

    init(_ module: PEFTModule) throws {
        let table = try PEFTTable(
            module, fields: ["encoder_hidden_size", "prefix_projection"], class: "PrefixTuningConfig")
        self.table = table
        configuration = [
            "prefix_length": .init(table.rows), "flat": .bool(true), "takes_positions": .bool(true),
        ]
    }

    static func content(_ member: Member, _ architecture: Architecture) throws -> PEFTContent? {
        guard let prefix = try member.configuration.makeMethod() as? PrefixTuning else { return nil }
        let family = architecture.configuration.family
        var refused: (String, String, String, String)?
        if !families.contains(family) {
            refused = (
                "prefix_tuning", "a model of the family \(family)",
                "\(families.sorted().joined(separator: ", ")): in transformers, other encoders take no prefixes",
                "use prompt tuning"
            )
        } else if !prefix.takesPositions {
            refused = (
                "takes_positions", "false", "true: in peft, the text's positions begin after the prefix's",
                "use --format adapterhub, or train with --set takes_positions=true"
            )
        } else if !prefix.isFlat {
            refused = (
                "flat", "false", "true, the form of every trained bundle",
                "train it again here: a training saves this form"
            )
        } else if prefix.sites(architecture).count != 2 * architecture.configuration.layers {
            refused = (
                "leave_out", member.configuration.fields["leave_out"]?.json ?? "",
                "[]: in peft, a prefix is in all layers",
                "train with --set leave_out=[]"
            )
        }
        return PEFTContent(
            title: "prefix tuning", modules: [],
            table: prefix.sites(architecture).map { "\($0.site.name)/prefix" }, hasGate: prefix.hasGate,
            refused: refused,
            classifiers: classifiers,
            fields: PEFTTable.fields(
                kind, rows: prefix.length, architecture.configuration,
                [
                    "prefix_projection": .bool(false), "encoder_hidden_size": .init(architecture.configuration.hidden),
                ]))
    }
}
