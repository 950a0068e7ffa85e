import Foundation
import Testing

@testable import Corpora

/// A build that ends anywhere leaves no definition of a half-made task, and the next one cleans up after it.
@Suite struct KilledBuildTests {
    private struct Killed: Error {}

    private func record(_ folder: Folder) throws -> [String: Any] {
        let data = try Data(contentsOf: folder["out/SOURCE.json"])
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    @Test func everyEndIsSafe() throws {
        let folder = try Folder()
        try Archive().write(to: folder)
        try build(folder, languages: ["en"], out: "whole")
        let whole = try folder.contents().filter { $0.key.hasPrefix("whole/") }
        // 6 + 3 files of data, 2 definitions, SOURCE.json twice
        for end in 0..<13 {
            try? FileManager.default.removeItem(at: folder["out"])
            if end % 2 == 0 { try build(folder) }
            var count = 0
            #expect(throws: CorporaError.self) {
                try build(folder, languages: ["en"], change: { $0.seed = 7 }) { url, data in
                    if count == end { throw Killed() }
                    count += 1
                    try data.write(to: url)
                }
            }
            if end > 0 {
                #expect(try record(folder)["complete"] as? Bool == false, "end \(end)")
                let names = (try? FileManager.default.contentsOfDirectory(atPath: folder["out/tasks"].path)) ?? []
                #expect(end > 10 || names.isEmpty, "end \(end)")
            }
            try folder.write("out/en/role/.train.jsonl.amalgam-1-abc.tmp", "half")
            try folder.write("out/en/role/mine.txt", "mine")
            try build(folder, languages: ["en"])
            #expect(try record(folder)["complete"] as? Bool == true)
            var made = try folder.contents().filter { $0.key.hasPrefix("out/") }
            #expect(made.removeValue(forKey: "out/en/role/mine.txt") == Data("mine".utf8))
            #expect(made.count == whole.count, "end \(end)")
            for (path, data) in made { #expect(data == whole["whole/" + path.dropFirst(4)], "end \(end): \(path)") }
        }
    }

    @Test func aForeignRecordRemovesNothing() throws {
        let folder = try Folder()
        try Archive().write(to: folder)
        try folder.write("out/SOURCE.json", #"{"complete": true, "files": ["../precious", "tasks/../../precious"]}"#)
        try folder.write("precious", "kept")
        try build(folder, languages: ["en"])
        #expect(try String(contentsOf: folder["precious"], encoding: .utf8) == "kept")
    }

    @Test func badListsLeaveTheFolderAsItWas() throws {
        let folder = try Folder()
        try Archive().write(to: folder)
        try build(folder)
        let before = try folder.contents().filter { $0.key.hasPrefix("out/") }
        try folder.write("lists/Translation-en", "no list at all\n")
        #expect(throws: CorporaError.self) { try build(folder) }
        #expect(try folder.contents().filter { $0.key.hasPrefix("out/") } == before)
    }

    @Test func wrongOptionsAreNamed() throws {
        let folder = try Folder()
        #expect(throws: CorporaError.self) { try build(folder, languages: ["../x"]) }
        #expect(throws: CorporaError.self) { try build(folder, languages: []) }
        #expect(throws: CorporaError.self) { try build(folder, change: { $0.maxTrain = 0 }) }
        let missing = #expect(throws: CorporaError.self) { try build(folder) }
        #expect(missing?.description.contains("--lists") == true)
        try folder.write("lists/README", "")
        #expect(throws: CorporaError.self) { try build(folder) }
        try folder.write("lists/Packages", "")
        try folder.write("lists/Translation-en", "")
        #expect(throws: CorporaError.self) { try build(folder) }
    }
}
