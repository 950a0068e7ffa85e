import Foundation
import Testing

@testable import Corpora

/// Where package lists come from: a folder of the user's, or apt.
@Suite struct AptTests {
    @Test func findsListsByNameInFoldersToo() throws {
        let folder = try ScratchFolder()
        for path in [
            "Packages", "Packages.xz", "dists/x/main/i18n/Translation-pt_BR.lz4", "h_Translation-pt%5fBR",
            "h_Packages.gz",
            "partial/Packages", "Translation-../x", "notPackages", "h_Sources", "Translation-de.txt",
        ] { try folder.write(path, "") }
        let lists = try PackageLists.brought(in: folder.url)
        #expect(lists.packages.map(\.lastPathComponent).sorted() == ["Packages", "h_Packages.gz"])
        #expect(lists.translations.keys.sorted() == ["pt_BR"])
        #expect(lists.translations["pt_BR"]?.count == 2)
    }

    @Test func compressedListsGiveTheSameBytes() throws {
        let folder = try ScratchFolder()
        let environment = ProcessInfo.processInfo.environment
        let plain = try folder.write("Packages", String(repeating: "Package: made-up\nSection: net\n\n", count: 400))
        let expected = try Data(contentsOf: plain)
        for kind in Compression.all {
            guard let program = Shell.find(kind.tool, environment: environment) else { continue }
            let packed = try Shell.run(program, ["-c", plain.path], environment: environment).output
            let file = folder.url.appendingPathComponent("Packages\(kind.suffix)")
            try packed.write(to: file)
            #expect(try LoadedList(file, environment: environment).data == expected)
            try packed.prefix(packed.count / 2).write(to: file)
            #expect(throws: CorporaError.self) { try LoadedList(file, environment: environment) }
        }
    }

    /// apt-get itself is played by a script: a foreign origin, a failing update, lists of an earlier run.
    @Test func aptsAnswers() throws {
        let folder = try ScratchFolder()
        try folder.write("lists/host_debian_dists_x_main_binary-amd64_Packages", "Package: a\nSection: net\n\n")
        try folder.write("lists/host_debian_dists_x_main_i18n_Translation-en", "")
        try folder.write("lists/host_debian_dists_x_main_i18n_Translation-de", "")
        try folder.write("apt/lists/host_debian_dists_x_InRelease", "Suite: x\nDate: today\n")
        try folder.write("apt/lists/host_debian_dists_y_InRelease", "Suite: y\nDate: today\n")
        try folder.write("foreign_Packages", "Package: z\n\n")
        let lists = folder.url.appendingPathComponent("lists").path
        func script(status: Int, language: String) -> String {
            """
            #!/bin/sh
            for last; do :; done
            if [ "$last" = update ]; then echo "E: no network" >&2; exit \(status); fi
            printf 'Packages\\tDebian\\t$(LANGUAGE)\\t\(lists)/host_debian_dists_x_main_binary-amd64_Packages\\n'
            printf 'Packages\\tElsewhere\\t\\t\(folder.url.path)/foreign_Packages\\n'
            printf 'Translations\\tDebian\\ten\\t\(lists)/host_debian_dists_x_main_i18n_Translation-en\\n'
            printf 'Translations\\tDebian\\t\(language)\\t\(lists)/host_debian_dists_x_main_i18n_Translation-de\\n'
            printf 'Translations\\tDebian\\tfr\\t\(lists)/absent\\n'
            printf 'nonsense\\n'
            """
        }
        func run(status: Int, language: String = "de") throws -> PackageLists {
            try folder.write("bin/apt-get", script(status: status, language: language), executable: true)
            let apt = Apt(
                folder: folder.url.appendingPathComponent("apt"),
                environment: ["PATH": "\(folder.url.path)/bin:/usr/bin:/bin"],
                writeFile: { try $1.write(to: $0, options: .atomic) })
            return try apt.lists(languages: ["de"], progress: { _ in })
        }
        let good = try run(status: 0)
        #expect(good.packages.count == 1)
        #expect(good.translations.keys.sorted() == ["de", "en"])
        #expect(good.warnings == ["excluded the packages of Elsewhere: not from Debian"])
        #expect(good.releases.map(\.suite) == ["x"])
        let old = try run(status: 100)
        #expect(old.packages == good.packages)
        #expect(old.warnings.first?.hasSuffix("using the lists of an earlier run") == true)
        #expect(throws: CorporaError.self) { try run(status: 100, language: "it") }
    }

    @Test func withoutAptTheMessageSaysWhatElseThereIs() throws {
        let folder = try ScratchFolder()
        let apt = Apt(folder: folder.url, environment: ["PATH": "/nowhere"], writeFile: { _, _ in })
        do {
            _ = try apt.lists(languages: ["de"], progress: { _ in })
            Issue.record("no error")
        } catch {
            #expect(error.description.hasPrefix("apt-get: not found"))
            #expect(error.description.contains("--lists DIR"))
        }
    }
}
