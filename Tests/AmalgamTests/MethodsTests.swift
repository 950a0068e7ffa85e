import Foundation
import Testing

@testable import Amalgam

/// The table of methods: what is committed, and what is made of figures.
@Suite struct MethodsTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Examples/methods/run writes both; one alone was changed by hand.
    @Test func theCommittedTableIsTheCompiledOne() throws {
        let file = Self.root.appendingPathComponent("Examples/methods/table.json")
        let committed = try #require(SettingValue(json: try String(contentsOf: file, encoding: .utf8)))
        #expect(SettingValue(json: MethodTable.json) == committed)
        let methods = try #require(Methods(json: MethodTable.json))
        #expect(methods == Methods.all)
        guard case .map(let measured)? = committed["methods"] else { throw Missing() }
        let unknown = Set(measured.keys).subtracting(AdapterConfiguration.presetNames)
        #expect(unknown.isEmpty, "run Examples/methods/run table: \(unknown.sorted())")
        if !measured.isEmpty { #expect(methods.settings["model"]?.text != nil) }
        guard case .list(let tasks)? = committed["tasks"] else { return #expect(measured.isEmpty) }
        for entry in methods.entries where !entry.scores.isEmpty {
            #expect(entry.scores.keys.sorted() == tasks.compactMap(\.text).sorted(), "\(entry.name)")
            #expect(entry.scores.values.allSatisfy { (0...1).contains($0) })
            #expect((entry.parameters ?? 0) > 0 && (entry.bytes ?? 0) > 0)
            #expect(
                Methods.references.contains(entry.name)
                    || entry.differences.keys.sorted() == Methods.references.sorted(), "\(entry.name)")
        }
    }

    private struct Missing: Error {}

    @Test func everyPresetIsListed() throws {
        #expect(Methods.all.entries.map(\.name) == AdapterConfiguration.presetNames)
        for name in Methods.references { #expect(AdapterConfiguration.presetNames.contains(name)) }
        let none = try #require(Methods(json: #"{"methods": {}}"#))
        #expect(none.entries.map(\.name) == AdapterConfiguration.presetNames)
        #expect(none.entries.allSatisfy { $0.scores.isEmpty && $0.parameters == nil && $0.isWorse == nil })
        let lines = none.report.text().split(separator: "\n")
        for name in AdapterConfiguration.presetNames {
            let line = try #require(lines.first { $0.hasPrefix("\(name) ") })
            #expect(line.contains("not measured"), "\(line)")
        }
        guard case .list(let values)? = none.values["methods"] else { throw Missing() }
        #expect(values.count == none.entries.count)
        for field in ["parameters", "tokens_per_second", "mb", "bytes", "scores", "worse"] {
            #expect(values.allSatisfy { $0[field] == .null }, "\(field)")
        }
    }

    @Test func figures() throws {
        let table = """
            {"model": "minilm", "tasks": ["role", "use"], "methods": {
             "seq_bn": {"parameters": 1000, "bytes": 4000, "scores": {"role": 0.5, "use": 0.75}, "tokens_per_second": 9000,
                        "mb": 300.5},
             "ia3": {"scores": {"role": 0.25, "use": 0.5}, "differences": {
               "seq_bn": {"mean": -0.25, "interval": [-0.3, -0.2]}, "lora": {"mean": -0.1, "interval": [-0.2, -0.01]}}},
             "dora": {"scores": {"role": 0.5, "use": 0.5}, "differences": {
               "seq_bn": {"mean": -0.1, "interval": [-0.2, -0.05]}, "lora": {"mean": 0, "interval": [-0.1, 0.1]}}},
             "bitfit": {"scores": {"role": 0.5, "use": 0.5}, "differences": {
               "seq_bn": {"mean": -0.1, "interval": [-0.2, -0.05]}}}}}
            """
        let methods = try #require(Methods(json: table))
        func entry(_ name: String) throws -> Methods.Entry { try #require(methods.entries.first { $0.name == name }) }
        #expect(try entry("seq_bn").meanScore == 0.625 && entry("seq_bn").isWorse == nil)
        #expect(try entry("seq_bn").tokensPerSecond == 9000 && entry("seq_bn").megabytes == 300.5)
        #expect(try entry("ia3").isWorse == true && entry("ia3").parameters == nil)
        // Below one of the two is not below both, and one comparison says nothing
        #expect(try entry("dora").isWorse == false && entry("bitfit").isWorse == nil)
        let text = methods.report.text()
        #expect(text.contains("worse: −25.0 [−30.0, −20.0], −10.0 [−20.0, −1.0]"), "\(text)")
        #expect(text.contains("−10.0 [−20.0, −5.0], +0.0 [−10.0, +10.0]") && text.contains("with minilm"), "\(text)")
        #expect(methods.values["model"] == "minilm")
        for bad in ["", "[]", "{}", #"{"methods": []}"#] { #expect(Methods(json: bad) == nil) }
    }
}
