import Foundation
import Testing

@testable import Adapters

/// Adapter files of strangers.
@Suite struct HostileConfigurationTests {
    private func read(_ yaml: [UInt8]) throws -> AdapterConfiguration {
        let (method, fields) = try AdapterConfiguration.fields(yaml: yaml, source: "a.yaml")
        return try AdapterConfiguration(method: method, fields: fields, source: "a.yaml")
    }

    @Test func refusesInOneLine() {
        let bomb =
            "a0: &a0 x\n"
            + (1...9).map {
                "a\($0): &a\($0) [" + Array(repeating: "*a\($0 - 1)", count: 9).joined(separator: ",") + "]\n"
            }
            .joined()
        let cases: [([UInt8], String)] = [
            (Array(bomb.utf8), "more than 8 aliases"), ([], "not a map of fields"), ([0xFF], "not UTF-8"),
            (Array(String(repeating: "[\"]\",", count: 5_000).utf8), "128 opening brackets"),
            (Array(String(repeating: "- ", count: 100_000).utf8), "nested more than 32 levels"),
            (Array("method: bottleneck\nmethod: ia3\n".utf8), "line 1: method appears twice"),
            (Array("method: bottleneck\nscaling: [1\n".utf8), "not YAML"), (Array("- a\n".utf8), "not a map of fields"),
            (Array("method: \"a\\nb\"\n".utf8), "unknown adapter configuration"),
            (Array("method: 1\n".utf8), "method: found"),
            (Array("method: bottleneck\n\"a\\nb\": 1\n".utf8), "unknown field"),
            (Array("method: bottleneck\nscaling: .nan\n".utf8), "scaling"),
            // Yams' own conversion trapped at these (found by Tests/fuzz).
            (Array("? ethod: rine17it\"gel}\"\n".utf8), "not a map of fields"),
            (Array("? {a: b}\n: c\n".utf8), "not a map of fields"),
            (Array("? [a]\n: c\n".utf8), "not a map of fields"),
            (Array("1: a\n\"1\": b\n".utf8), "not a map of fields"),
            (Array("method: bottleneck\nreduction_factor: .inf\n".utf8), "reduction_factor"),
            ([UInt8](repeating: UInt8(ascii: "x"), count: 10 << 20), "larger than 1 MiB"),
        ]
        for (bytes, word) in cases {
            do {
                _ = try read(bytes)
                Issue.record("taken: \(word)")
            } catch {
                let text = "\(error)"
                #expect(text.hasPrefix("a.yaml: ") && text.contains(word) && !text.contains { $0.isNewline }, "\(text)")
            }
        }
    }

    @Test func jsonWithAMemberTwiceIsNone() {
        #expect(ConfigurationValue(json: #"{"a":1,"a":2}"#) == nil)
        #expect(ConfigurationValue(json: #"{"a":[{"b":1,"b":1}]}"#) == nil)
        #expect(ConfigurationValue(json: "\"\\ud800\"") == nil)
        #expect(ConfigurationValue(json: String(repeating: "[", count: 100_000)) == nil)
        #expect(ConfigurationValue(json: #"{"a":[true,1,1.5,null,"x"]}"#)?.json == #"{"a":[true,1,1.5,null,"x"]}"#)
    }

    /// Seeded damage: an error of one line, or a configuration that its own JSON gives back.
    @Test func damage() throws {
        let good = Array(
            "method: bottleneck\nreduction_factor: 16\nleave_out: [0, 1]\nnon_linearity: \"gelu\"\nscaling: 1.5\n".utf8)
        let spice = Array("{}[]:-\"'&*!|>#%@?,\n\t \\~019.e".utf8) + [0, 0x80, 0xFF]
        var (taken, refused) = (0, 0)
        var state: UInt64 = 8
        func below(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        for round in 0..<4000 {
            var bytes = good
            for _ in 0...below(2) {
                let place = below(bytes.count)
                switch below(3) {
                case 0: bytes[place] = spice[below(spice.count)]
                case 1: bytes.insert(spice[below(spice.count)], at: place)
                default: bytes.remove(at: place)
                }
            }
            do {
                let configuration = try read(bytes)
                taken += 1
                guard case .map(let fields)? = ConfigurationValue(json: configuration.json) else {
                    Issue.record("\(round): not JSON: \(configuration.json)")
                    continue
                }
                #expect(
                    try AdapterConfiguration(method: configuration.method, fields: fields, source: "x") == configuration
                )
            } catch {
                refused += 1
                if "\(error)".contains(where: { $0.isNewline }) { Issue.record("\(round): \(error)") }
            }
        }
        #expect(taken > 100 && refused > 100, "\(taken) taken, \(refused) refused")
    }
}
