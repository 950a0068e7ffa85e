import Foundation
import Testing

@testable import Files

struct MappedFileTests {
    @Test func mapsAndOutlivesTheName() throws {
        let folder = try TemporaryFolder()
        let data = Data((0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        let url = try folder.file("a", data)
        let file = try MappedFile(url)
        try AtomicFile.replace(url, with: Data([9]))
        try FileManager.default.removeItem(at: url)
        #expect(file.withBytes { Data($0) } == data)
    }

    @Test func takesAnEmptyFile() throws {
        let folder = try TemporaryFolder()
        let file = try MappedFile(try folder.file("a", Data()))
        #expect(file.bytes.isEmpty)
    }

    @Test func refusesWhatIsNoFile() throws {
        let folder = try TemporaryFolder()
        #expect(throws: FileError.notAFile(file: folder.url.path, found: "a folder")) { try MappedFile(folder.url) }
        let missing = try folder.file("missing")
        #expect(throws: FileError.system(file: missing.path, action: "open", code: ENOENT)) { try MappedFile(missing) }
        #expect(
            "\(FileError.system(file: missing.path, action: "open", code: ENOENT))".hasSuffix(
                "directory; check the path"))
        _ = try folder.file("game.h5", Data())
        let mistyped = FileError.system(file: folder.url.path + "/gmae.h5", action: "open", code: ENOENT)
        #expect("\(mistyped)".hasSuffix("; did you mean 'game.h5'?"), "\(mistyped)")
        let pipe = try folder.file("pipe")
        #expect(mkfifo(pipe.path, 0o600) == 0)
        #expect(throws: FileError.notAFile(file: pipe.path, found: "a device, pipe or socket")) {
            try MappedFile(pipe)
        }
    }
}

struct DigestTests {
    @Test func knownDigests() {
        // FIPS 180-4's examples.
        #expect(Digest.sha256("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(Digest.sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }

    @Test func partsDoNotMatter() {
        let data = Data((0..<1000).map { UInt8(truncatingIfNeeded: $0) })
        var digest = Digest.Incremental()
        for start in stride(from: 0, to: 1000, by: 17) { digest.update(data[start..<min(start + 17, 1000)]) }
        #expect(digest.hexDigest() == Digest.sha256(data))
        #expect(data.withUnsafeBytes { Digest.sha256($0) } == Digest.sha256(data))
    }
}
