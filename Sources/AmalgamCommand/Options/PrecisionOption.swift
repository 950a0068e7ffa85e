import Amalgam
import ArgumentParser

/// Of products with frozen weights.
struct PrecisionOption: ParsableArguments {
    @Option(help: "Precision of matrix products with frozen weights: fp32, or bf16 if the processor supports it.")
    var precision = "fp32"

    func value() throws -> Precision { try Self.value(precision) }

    static func value(_ name: String) throws -> Precision {
        switch name {
        case "fp32": return .float32
        case "bf16": return .bfloat16
        default: throw wrongOption("--precision", found: name, expected: "fp32, bf16")
        }
    }
}
