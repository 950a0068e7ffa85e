import Adapters
import Foundation
import Models
import Testing

@testable import Bundles

/// What an export says of compositions that `adapters` 1.3.0 computes otherwise. The largest differences of probabilities
/// stand beside each case, as they were measured on a small English model; equal ones were below 3e-7.
@Suite struct AdapterHubFlowTests {
    enum Outcome { case equal, differs, fails }

    private static func node(_ block: any CompositionBlock, _ parts: [Composition]) -> Composition {
        Composition(block, parts)
    }
    private static func stack(_ parts: Composition...) -> Composition { .stack(parts) }
    private static func fuse(_ parts: Composition...) -> Composition { node(Fuse(.dynamic), parts) }
    private static func average(_ parts: Composition...) -> Composition {
        node(Average(weights: parts.map { _ in 1 / Double(parts.count) }), parts)
    }

    /// By name: each has the shape of its preset, `lora_k` other targets than `lora`, `lora_ff` those of the feed-forward.
    private static let presets: [(name: String, preset: String, overrides: [String])] = [
        ("seq", "seq_bn", []), ("seq2", "seq_bn", []), ("top", "seq_bn", ["leave_out=[0]"]),
        ("double", "double_seq_bn", []), ("double2", "double_seq_bn", []),
        ("inv", "seq_bn_inv", []), ("par", "par_bn", []), ("par2", "par_bn", []),
        ("lora", "lora", ["targets=query,value"]), ("lora2", "lora", ["targets=query,value"]),
        ("lora_k", "lora", ["targets=query,key"]), ("lora_o", "lora", ["targets=key"]),
        ("lora_ff", "lora", ["targets=intermediate"]), ("lora_ff2", "lora", ["targets=intermediate"]),
        ("prefix", "prefix_tuning", []), ("prefix2", "prefix_tuning", []),
    ]

    private static func leaf(_ name: String) -> Composition { .leaf(name) }
    private static let (seq, seq2, top, inv) = (leaf("seq"), leaf("seq2"), leaf("top"), leaf("inv"))
    private static let (double, double2, par, par2) = (leaf("double"), leaf("double2"), leaf("par"), leaf("par2"))
    private static let (lora, lora2, loraK, loraO) = (leaf("lora"), leaf("lora2"), leaf("lora_k"), leaf("lora_o"))
    private static let (prefix, prefix2) = (leaf("prefix"), leaf("prefix2"))

    static let cases: [(Composition, Outcome)] = [
        (stack(par, seq), .differs),  // .238
        (stack(par, double), .differs),  // .229
        (stack(seq, par), .differs),  // .004
        (stack(inv, par), .differs),  // .003
        (stack(par, par2), .differs),
        (average(seq, par), .differs),  // .02
        (average(seq, lora), .differs),  // .019
        (average(seq, double), .fails),  // KeyError
        (average(lora, seq), .fails),
        (average(double, seq), .differs),
        (average(stack(lora, seq), seq2), .fails),  // KeyError
        (average(stack(seq, lora), seq2), .differs),
        (stack(lora, lora2), .differs),  // .006
        (stack(lora, loraK), .differs),  // .001 to .005
        (stack(leaf("lora_ff"), leaf("lora_ff2")), .fails),
        (average(lora, loraK), .differs),  // .0015 to .0035
        (average(lora, loraO), .differs),
        (average(seq, top), .differs),
        (average(top, seq), .fails),
        (stack(double, average(seq, seq2)), .fails),
        (stack(lora, average(seq, seq2)), .fails),
        (stack(prefix, average(seq, seq2)), .fails),
        (fuse(stack(lora, seq), seq2), .fails),
        (fuse(seq, top), .fails),
        (average(stack(seq, inv), seq2), .differs),
        // Equal
        (fuse(seq, seq2), .equal), (fuse(double, double2), .equal), (average(seq, seq2), .equal),
        (average(seq, inv), .equal), (average(par, par2), .equal), (average(lora, lora2), .equal),
        (average(double, double2), .equal), (average(stack(double, double2), double), .equal),
        (stack(average(seq, seq2), inv), .equal), (stack(seq, seq2), .equal), (stack(inv, fuse(seq, seq2)), .equal),
        (stack(double, seq), .equal), (stack(seq, double), .equal), (stack(lora, seq), .equal),
        (stack(lora, fuse(seq, seq2)), .equal), (stack(lora, loraO), .equal), (stack(prefix, seq), .equal),
        (stack(prefix, prefix2), .equal), (stack(lora, par), .equal), (fuse(top, seq), .equal),
    ]

    private func bundle(_ composition: Composition) throws -> AdapterBundle {
        var bundle = try Sample.bundle(.head)
        bundle.heads = []
        bundle.members = try Self.presets.filter { composition.members.contains($0.name) }.map {
            Member(name: $0.name, configuration: try .resolve($0.preset, overrides: $0.overrides))
        }
        bundle.composition = composition
        return bundle
    }

    @Test(arguments: cases.indices) func outcome(_ i: Int) throws {
        let (composition, expected) = Self.cases[i]
        let text = composition.text
        do {
            let words = try AdapterHubSetup.differences(composition, of: bundle(composition))
            #expect(words.isEmpty ? expected == .equal : expected == .differs, "\(text): \(words)")
            #expect(Set(words).count == words.count, "\(words)")
            for word in words { #expect(word.hasPrefix("results in the library will differ: "), "\(word)") }
        } catch {
            let words = "\(error)"
            #expect(expected == .fails, "\(text): \(words)")
            #expect(
                words.contains("composition: \(text), expected a composition that the library can run: "), "\(words)")
        }
    }

    /// A composition that fails is not written; one that differs is, with the reason.
    @Test func exports() throws {
        let folder = try TemporaryFolder()
        func export(_ composition: Composition) throws -> [String] {
            var bundle = try bundle(composition)
            try Sample.fill(&bundle)
            return try AdapterHubExport.write(bundle, to: folder.file("out"))
        }
        #expect(
            problem { try export(Self.average(Self.seq, Self.double)) }.contains(
                "seq, the first adapter of average(seq, double"))
        #expect(
            problem { try export(Self.average(Self.stack(Self.seq, Self.average(Self.seq2, Self.inv)), Self.top)) }
                .contains("no average in a stack within another block, which the library refuses"))
        #expect(try !FileManager.default.fileExists(atPath: folder.file("out").path))
        let words = try export(Self.stack(Self.seq, Self.par))
        #expect(words.count == 1 && words[0].contains("beside the parallel adapter par in a stack"), "\(words)")
        #expect(try export(Self.stack(Self.seq, Self.double)).isEmpty)
    }
}
