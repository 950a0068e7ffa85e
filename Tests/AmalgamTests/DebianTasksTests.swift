import Amalgam
import Foundation
import Testing

/// Tasks from Debian's package lists.
@Suite struct DebianTasksTests {
    private let fixture: Fixture

    init() throws { fixture = try Fixture() }

    /// A made-up archive of 400 packages in two sections.
    private func writeLists() throws {
        let packages = (0..<400).map { i in
            let section = i % 2 == 0 ? "libs" : "net"
            return "Package: pack\(i)\nSection: \(section)\nDescription: thing \(i)\nDescription-md5: "
                + String(format: "%032x", i) + "\n"
        }
        try fixture.write("lists/Packages", packages)
        let texts = (0..<400).map { i in
            "Package: pack\(i)\nDescription-md5: " + String(format: "%032x", i)
                + "\nDescription-en: thing \(i)\n It does \(i % 2 == 0 ? "calls" : "nets") number \(i).\n"
        }
        try fixture.write("lists/Translation-en", texts)
    }

    @Test func tasksAndSummary() async throws {
        try writeLists()
        var options = DebianTasks.Options()
        options.languages = ["en", "de"]
        options.lists = fixture.url("lists")
        options.maxTrain = 100
        let summary = try await DebianTasks.write(to: fixture.url("out"), options: options)
        #expect(summary.packages == 400 && summary.repeated == 0)
        #expect(summary.languages.map(\.language) == ["en"] && summary.languages[0].texts == 400)
        let task = try #require(summary.languages[0].tasks.first { $0.name == "section" })
        #expect(task.labels == 2 && task.train == 100 && task.test > 0)
        #expect(summary.warnings.map(\.kind) == [.data], "\(summary.warnings)")
        #expect(SettingValue(json: summary.json)?["packages"] == 400)
        let made = try TextTask(contentsOf: fixture.url("out").appendingPathComponent(task.definition))
        #expect(try made.summary().examples[.train] == 100)
        #expect(Set(made.files.keys) == Set(Split.allCases) && made.files[.dev]?.lastPathComponent == "dev.jsonl")
        #expect(try Fixture.task().files.isEmpty)

        options.seed = -1
        let wanted = options
        let error = await AmalgamError.thrown {
            try await DebianTasks.write(to: fixture.url("out"), options: wanted)
        }
        #expect(error?.kind == .option && error?.field == "seed")
    }
}
