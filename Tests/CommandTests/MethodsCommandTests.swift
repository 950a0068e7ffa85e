import Foundation
import Testing

/// `amalgam methods`, by the built command.
@Suite struct MethodsCommandTests {
    @Test func listsEveryPreset() throws {
        let lab = try Lab()
        let run = try lab.run(["methods", "--json"])
        try #require(run.status == 0, "\(run.words)")
        let last = try #require(run.output.split(separator: "\n").last)
        let json = try #require(try JSONSerialization.jsonObject(with: Data(last.utf8)) as? [String: Any])
        let methods = try #require(json["methods"] as? [[String: Any]])
        let names = methods.compactMap { $0["name"] as? String }
        #expect(names.count == methods.count && Set(names).isSuperset(of: ["seq_bn", "lora", "ia3", "prefix_tuning"]))
        for method in methods {
            for field in ["parameters", "tokens_per_second", "mb", "bytes", "scores", "worse"] {
                #expect(method[field] != nil, "\(field)")
            }
        }
        let shown = try lab.run(["methods"])
        #expect(shown.status == 0 && names.allSatisfy { shown.output.contains("\n\($0) ") }, "\(shown.words)")
    }
}
