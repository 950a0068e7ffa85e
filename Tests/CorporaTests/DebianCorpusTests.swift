import Foundation
import Tasks
import Testing

@testable import Corpora

@Suite struct DebianCorpusTests {
    static let splits = ["train", "dev", "test"]

    private func rows(_ folder: Folder, _ task: String) throws -> [[Row]] {
        try Self.splits.map { try Row.read(folder["out/\(task)/\($0).jsonl"]) }
    }

    @Test func labelsFollowTheRules() throws {
        let folder = try Folder()
        try Archive().write(to: folder)
        let summary = try build(folder)
        #expect(summary.languages.map(\.texts) == [600, 560])
        let roles = try rows(folder, "en/role").flatMap { $0 }
        let labels = Dictionary(uniqueKeysWithValues: roles.map { ($0.package, $0.label) })
        #expect(labels["pack21"] == nil, "two values")
        #expect(labels["pack23"] == "program", "TODO beside a value")
        #expect(labels["pack25"] == nil, "TODO alone")
        #expect(roles.count == 598)
        // 19 packages are no class; a section's component is no part of it
        #expect(Set(try rows(folder, "en/section").joined().map(\.label)) == ["libs", "net"])
        // The class 'c' of implemented-in is alone
        #expect(!FileManager.default.fileExists(atPath: folder["out/tasks/implemented-in.yaml"].path))
        #expect(summary.languages[0].leftOut.contains { $0.hasPrefix("implemented-in: ") })
    }

    @Test func textIsTheDescriptionAlone() throws {
        let folder = try Folder()
        try Archive().write(to: folder)
        try build(folder)
        let row = try #require(try rows(folder, "de/role").joined().first { $0.package == "pack31" })
        #expect(row == Row(text: "Ding 31\nEs tut Netze 31.", label: "program", package: "pack31", source: "pack31"))
    }

    @Test func classesAreDroppedOnceForAllLanguages() throws {
        // 20 English packages make a class, also where only 3 of them are translated.
        var archive = Archive()
        archive.entries[19].section = "rare"
        for number in 3..<20 { archive.entries[number].german = nil }
        let folder = try Folder()
        try archive.write(to: folder)
        let summary = try build(folder)
        #expect(summary.languages.map { $0.tasks.first { $0.name == "section" }?.labels } == [3, 3])
        let english = try TaskDefinition.load(folder["out/tasks/section.yaml"])
        let german = try TaskDefinition.load(folder["out/tasks/section.de.yaml"])
        #expect(english.labels == ["libs", "net", "rare"])
        #expect(german.labels == english.labels)
    }

    @Test func splitsAreBySourceAndTheSameInEveryLanguage() throws {
        let archive = Archive()
        let folder = try Folder()
        try archive.write(to: folder)
        try build(folder)
        let sources = Dictionary(
            uniqueKeysWithValues: archive.entries.map {
                ($0.name, $0.source.map { String($0.prefix { $0 != " " }) } ?? $0.name)
            })
        var sides: [String: Int] = [:]
        for task in ["en/role", "en/section", "de/role", "de/section"] {
            for (side, split) in try rows(folder, task).enumerated() {
                for row in split {
                    let source = try #require(sources[row.package])
                    #expect(row.source == source)
                    #expect(sides[source, default: side] == side, "\(task): \(row.package)")
                    sides[source] = side
                }
            }
        }
        #expect(Set(sides.values) == [0, 1, 2])
    }

    @Test func textsOfTrainingAreNotTested() throws {
        var archive = Archive()
        // Packages of all splits get the same text.
        for number in 100..<200 { archive.entries[number].english = "same\n The same text." }
        let folder = try Folder()
        try archive.write(to: folder)
        let summary = try build(folder, languages: ["en"])
        let task = try #require(summary.languages[0].tasks.first { $0.name == "role" })
        let rows = try rows(folder, "en/role")
        let trained = Set(rows[0].map(\.text))
        #expect(trained.contains("same\nThe same text."))
        #expect(rows[1...].joined().allSatisfy { !trained.contains($0.text) })
        #expect(task.devInTraining > 0 && task.testInTraining > 0)
        #expect(task.train + task.dev + task.test + task.devInTraining + task.testInTraining == 598)
        // Under a limit the test set stays the same.
        try build(folder, languages: ["en"], out: "small", change: { $0.maxTrain = 10 })
        #expect(try Row.read(folder["small/en/role/test.jsonl"]) == rows[2])
        // The sample keeps the order, and the shares of the labels.
        let small = try Row.read(folder["small/en/role/train.jsonl"])
        #expect(small.count == 10 && small == rows[0].filter { small.contains($0) })
        for label in Set(rows[0].map(\.label)) {
            let quota = Double(rows[0].count { $0.label == label }) * 10 / Double(rows[0].count)
            let found = small.count { $0.label == label }
            #expect(abs(Double(found) - quota) <= 1, "\(label): \(found) for \(quota)")
        }
        // Unlabelled text has each text once.
        let lines = try Self.splits.flatMap {
            try String(contentsOf: folder["out/en/unlabelled/\($0).txt"], encoding: .utf8).split(separator: "\n")
        }
        #expect(lines.count == 501 && Set(lines).count == 501)
    }

    @Test func outdatedTranslationsDoNotCount() throws {
        var archive = Archive()
        let old = archive.translation("de")
        archive.entries[50].english = "new\n Words."
        let folder = try Folder()
        try archive.write(to: folder)
        try folder.write("lists/mirror_i18n_Translation-de", old)
        #expect(try build(folder).languages[1].texts == 559)
    }

    @Test func definitionsAreWhatTasksRead() throws {
        let folder = try Folder()
        try Archive().write(to: folder)
        let summary = try build(folder)
        for task in summary.languages.flatMap(\.tasks) {
            let definition = try TaskDefinition.load(folder["out/\(task.definition)"])
            let data = try TaskData.load(definition)
            #expect(data.train.count == task.train)
            #expect(data.dev.count == task.dev)
            #expect(data.test.count == task.test)
            #expect(data.labels.count == task.labels)
            #expect(data.test.allSatisfy { $0.group != nil })
        }
    }

    @Test func sameListsGiveTheSameBytes() throws {
        let folder = try Folder()
        try Archive().write(to: folder)
        try build(folder)
        try build(folder, out: "again")
        try build(folder, out: "other", change: { $0.seed = 1 })
        let all = try folder.contents()
        func part(_ name: String) -> [String: Data] {
            Dictionary(
                uniqueKeysWithValues: all.filter { $0.key.hasPrefix(name + "/") }
                    .map { (String($0.key.dropFirst(name.count)), $0.value) })
        }
        #expect(part("out").count > 10)
        #expect(part("out") == part("again"))
        #expect(part("out") != part("other"))
        // Another seed is another order, never another split.
        func tested(_ name: String) throws -> [String] {
            try Row.read(folder["\(name)/en/role/test.jsonl"]).map(\.package).sorted()
        }
        let (first, second) = (try tested("out"), try tested("other"))
        #expect(first == second)
    }

    @Test func compressedListsAreReadToo() throws {
        let folder = try Folder()
        try Archive().write(to: folder)
        try build(folder)
        let gzip = try #require(Shell.find("gzip", environment: [:]))
        #expect(try Shell.run(gzip, [folder["lists/Packages"].path], environment: [:]).status == 0)
        #expect(!FileManager.default.fileExists(atPath: folder["lists/Packages"].path))
        try build(folder, out: "again")
        #expect(try Row.read(folder["out/en/role/dev.jsonl"]) == Row.read(folder["again/en/role/dev.jsonl"]))
        try Data(contentsOf: folder["lists/Packages.gz"]).dropLast(50).write(to: folder["lists/Packages.gz"])
        #expect(throws: CorporaError.self) { try build(folder, out: "never") }
        #expect(!FileManager.default.fileExists(atPath: folder["never"].path))
    }

    @Test(.enabled(if: ProcessInfo.processInfo.environment["AMALGAM_TEST_NETWORK"] == "1"))
    func aptFetchesTheRealLists() throws {
        let folder = try Folder()
        var environment = ProcessInfo.processInfo.environment
        environment["AMALGAM_HOME"] = folder["home"].path
        var options = DebianCorpus.Options(out: folder["out"])
        options.languages = ["en", "de"]
        let summary = try DebianCorpus.build(options, environment: environment) { _ in }
        // Counted on bookworm: 63,512 and 13,796; point releases move them.
        #expect(summary.languages[0].texts > 50_000)
        #expect(summary.languages[1].texts > 10_000)
        #expect(summary.languages[0].tasks.count == 10)
    }
}
