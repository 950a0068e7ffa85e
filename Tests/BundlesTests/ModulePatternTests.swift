import Files
import Foundation
import Testing

@testable import Bundles

/// Keys of peft's patterns: which modules they mean.
@Suite struct ModulePatternTests {
    /// What peft finds for a list of keys (Tests/Golden/lora_variants_golden.py).
    @Test func asPEFT() throws {
        let url = Golden.folder.deletingLastPathComponent().appendingPathComponent("lora_variants/patterns.json")
        guard case .map(let file)? = ConfigurationValue(json: [UInt8](try Data(contentsOf: url))),
            case .list(let modules)? = file["modules"], case .list(let patterns)? = file["patterns"]
        else {
            Issue.record("\(url.path) has no patterns")
            return
        }
        let names = modules.compactMap { if case .string(let name) = $0 { name } else { nil } }
        #expect(names.count == 18 && patterns.count == 20)
        for case .map(let pattern) in patterns {
            guard case .map(let keys)? = pattern["keys"], case .map(let expected)? = pattern["modules"] else {
                continue
            }
            let key = try #require(keys.keys.first)
            let found = try #require(ModulePattern(key), "\(key)")
            #expect(names.filter(found.matches) == expected.keys.sorted(), "\(key)")
        }
    }

    @Test(arguments: [
        ("query", "encoder.layer.1.attention.self.query", true), ("uery", "a.query", false),
        ("layer.1.attention", "layer.1.attention.self", false), ("^self.query", "attention.self.query", false),
        (#"layer\.1\.x"#, "encoder.layer.1.x", true), ("layer.1.x", "encoder.layer.11.x", false),
        ("a.query$", "a.query", true), ("a{2,3}", "aa", true), ("a{2,3}", "a", false), ("a{2}", "aaa", false),
        ("a{,2}b", "b", true), ("a{x}", "a{x}", true), ("(a|b|)c", "c", true), ("(a*)*b", "aab", true),
        ("(a*)+", "b", false),
        ("[^a-c]x", "dx", true), ("[^a-c]x", "bx", false), ("[]a-]+", "]-a", true), (#"[\d_]+"#, "1_2", true),
        (#"\W"#, ".", true), (#"\W"#, "a", false), ("a??b", "ab", true), ("x|y", "x.y", true), ("", "a", false),
        ("", "a.", true), ("a.c", "a\nc", false), ("é+", "éé", true),
    ]) func matches(_ key: String, _ name: String, _ expected: Bool) throws {
        #expect(try #require(ModulePattern(key)).matches(name) == expected, "\(key)")
    }

    @Test(arguments: [
        "*", "a**", "a++", "(", ")", "a)", "[", "[]", "[b-a]", #"\"#, #"\b"#, #"\1"#, "(?=a)", "(?i)a", "(?P<x>a)",
        "a{3,2}",
        "+a", #"[\D]"#,
    ]) func refuses(_ key: String) { #expect(ModulePattern(key) == nil) }

    /// Keys that other matchers never finish with, and keys that would fill memory.
    @Test func hostile() throws {
        #expect(!(try #require(ModulePattern("(a+)+b")).matches(String(repeating: "a", count: 2000))))
        #expect(ModulePattern(String(repeating: "(", count: 500) + String(repeating: ")", count: 500)) == nil)
        #expect(ModulePattern("((((a{999}){999}){999}){999}){999}") == nil)
        #expect(ModulePattern(String(repeating: "a", count: 2000)) == nil)
    }
}
