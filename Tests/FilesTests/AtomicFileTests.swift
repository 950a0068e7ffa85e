import Foundation
import Testing

@testable import Files

struct AtomicFileTests {
    @Test func createsAndReplacesAndLeavesNothingElse() throws {
        let folder = try TemporaryFolder()
        let url = try folder.file("a.bin")
        for count in [0, 1, 100_000] {
            let data = Data(repeating: UInt8(count & 0x7F), count: count)
            try AtomicFile.replace(url, with: data)
            #expect(try Data(contentsOf: url) == data)
        }
        #expect(folder.names == ["a.bin"])
    }

    @Test func takesSlicesAndLongNames() throws {
        let folder = try TemporaryFolder()
        let url = try folder.file(String(repeating: "ä", count: 127))
        try AtomicFile.replace(url, with: Data([1, 2, 3, 4])[1..<3])
        #expect(try Data(contentsOf: url) == Data([2, 3]))
    }

    @Test func keepsPermissionsAndLinks() throws {
        let folder = try TemporaryFolder()
        let target = try folder.file("target", Data([1]))
        #expect(chmod(target.path, 0o640) == 0)
        let link = try folder.file("link")
        try FileManager.default.createSymbolicLink(at: link, withDestinationURL: target)
        try AtomicFile.replace(link, with: Data([2]))
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link.path) == target.path)
        #expect(try Data(contentsOf: target) == Data([2]))
        let mode = try FileManager.default.attributesOfItem(atPath: target.path)[.posixPermissions] as? Int
        #expect(mode == 0o640)
    }

    @Test func refusesFoldersDevicesAndMissingFolders() throws {
        let folder = try TemporaryFolder()
        #expect(throws: FileError.notAFile(file: folder.url.path, found: "a folder")) {
            try AtomicFile.replace(folder.url, with: Data())
        }
        #expect(throws: FileError.notAFile(file: "/dev/null", found: "a device, pipe or socket")) {
            try AtomicFile.replace(URL(fileURLWithPath: "/dev/null"), with: Data())
        }
        let missing = folder.url.appendingPathComponent("gone/a.bin")
        let error = #expect(throws: FileError.self) { try AtomicFile.replace(missing, with: Data([1])) }
        guard case .unwritable(missing.path, _, ENOENT) = error else {
            return #expect(Bool(false), "\(String(describing: error))")
        }
        #expect(error?.description.contains("No such file or directory") == true)
        error?.checkMessage(naming: missing.path)
        let beneathFile = try folder.file("plain", Data()).appendingPathComponent("a")
        #expect(throws: FileError.self) { try AtomicFile.replace(beneathFile, with: Data()) }
        #expect(throws: FileError.self) {
            try AtomicFile.replace(URL(string: "https://example.org/a") ?? folder.url, with: Data())
        }
        #expect(folder.names == ["plain"])
    }

    /// Who cleans up between the making and the locking of a temporary file takes it for a dead process'.
    @Test func survivesACleanUpInBetween() throws {
        let folder = try TemporaryFolder()
        let url = try folder.file("a.bin")
        var calls = SystemCalls.real
        let turn = Counter()
        calls.open = { path, flags, mode in
            let descriptor = SystemCalls.real.open(path, flags, mode)
            if flags & O_CREAT != 0, turn.next() < 3 {
                AtomicFile.removeTemporaries(in: URL(fileURLWithPath: path).deletingLastPathComponent())
            }
            return descriptor
        }
        try SystemCalls.$current.withValue(calls) { try AtomicFile.replace(url, with: Data([7])) }
        #expect(try Data(contentsOf: url) == Data([7]))
        #expect(folder.names == ["a.bin"])
        #expect(turn.next() >= 3)
    }

    @Test func writesOnAfterShortWritesAndInterrupts() throws {
        let folder = try TemporaryFolder()
        let url = try folder.file("a.bin")
        let data = Data((0..<1000).map { UInt8(truncatingIfNeeded: $0) })
        var calls = SystemCalls.real
        let turn = Counter()
        calls.write = { descriptor, bytes, count in
            if turn.next() % 3 == 0 {
                errno = EINTR
                return -1
            }
            return SystemCalls.real.write(descriptor, bytes, min(count, 7))
        }
        try SystemCalls.$current.withValue(calls) { try AtomicFile.replace(url, with: data) }
        #expect(try Data(contentsOf: url) == data)
    }

    /// A fault at each step, old file there or not: the old file stays whole, nothing else stays.
    @Test(arguments: ["open", "write", "nothing written", "late write", "fsync", "close", "rename"], [true, false])
    func failsCleanly(step: String, hadFile: Bool) throws {
        let folder = try TemporaryFolder()
        let old = Data([1, 2, 3])
        let url = try folder.file("a.bin", hadFile ? old : nil)
        var calls = SystemCalls.real
        let turn = Counter()
        switch step {
        case "open": calls.open = { _, _, _ in fail(EACCES) }
        case "write": calls.write = { _, _, _ in Int(fail(EIO)) }
        case "nothing written": calls.write = { _, _, _ in 0 }
        case "late write":
            calls.write = { turn.next() < 3 ? SystemCalls.real.write($0, $1, min($2, 10)) : Int(fail(ENOSPC)) }
        case "fsync": calls.fsync = { _ in fail(EIO) }
        case "close":
            calls.close = {
                _ = SystemCalls.real.close($0)
                return fail(EIO)
            }
        default: calls.rename = { _, _ in fail(EXDEV) }
        }
        let error = #expect(throws: FileError.self) {
            try SystemCalls.$current.withValue(calls) { try AtomicFile.replace(url, with: Data(count: 100)) }
        }
        error?.checkMessage(naming: url.path)
        #expect(folder.names == (hadFile ? ["a.bin"] : []))
        if hadFile { #expect(try Data(contentsOf: url) == old) }
    }

    @Test func saysWhenOnlyTheFolderWasNotFlushed() throws {
        let folder = try TemporaryFolder()
        let url = try folder.file("a.bin", Data([1]))
        var calls = SystemCalls.real
        let turn = Counter()
        calls.fsync = { turn.next() == 0 ? SystemCalls.real.fsync($0) : fail(EIO) }
        let error = #expect(throws: FileError.self) {
            try SystemCalls.$current.withValue(calls) { try AtomicFile.replace(url, with: Data([2])) }
        }
        #expect(error?.description.contains("the new file is in place") == true)
        #expect(try Data(contentsOf: url) == Data([2]))
    }

    @Test func nameOfTemporaryFileIsRecognised() throws {
        let folder = try TemporaryFolder()
        let url = try folder.file("a.bin")
        var calls = SystemCalls.real
        let found = Box<[String]>([])
        let path = folder.url.path
        calls.fsync = { descriptor in
            found.value += (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
            return SystemCalls.real.fsync(descriptor)
        }
        try SystemCalls.$current.withValue(calls) { try AtomicFile.replace(url, with: Data([2])) }
        let first = try #require(found.value.first)
        #expect(first.hasPrefix(".a.bin.amalgam-\(getpid())-") && AtomicFile.isTemporary(first), "\(first)")
        #expect(!AtomicFile.isTemporary("a.bin"))
    }

    @Test func cleansUpAfterKilledRunsOnly() throws {
        let folder = try TemporaryFolder()
        let url = try folder.file("a.bin", Data([1]))
        _ = try folder.file(".b.bin.amalgam-1-x.tmp", Data([2]))
        try FileManager.default.createDirectory(
            at: folder.url.appendingPathComponent("deeper"), withIntermediateDirectories: true)
        _ = try folder.file("deeper/.c.bin.amalgam-1-y.tmp", Data([3]))
        // Cleaning goes on while a.bin is written: its temporary file must outlive that
        var calls = SystemCalls.real
        let path = folder.url
        calls.fsync = { descriptor in
            AtomicFile.removeTemporaries(in: path)
            return SystemCalls.real.fsync(descriptor)
        }
        try SystemCalls.$current.withValue(calls) { try AtomicFile.replace(url, with: Data([4])) }
        #expect(try Data(contentsOf: url) == Data([4]))
        #expect(folder.names == ["a.bin", "deeper"])
        #expect(
            FileManager.default.fileExists(atPath: path.appendingPathComponent("deeper/.c.bin.amalgam-1-y.tmp").path))
        AtomicFile.removeTemporaries(in: path, deep: true)
        #expect(try FileManager.default.subpathsOfDirectory(atPath: path.path).sorted() == ["a.bin", "deeper"])
    }

    #if os(Linux)
        @Test(.enabled(if: getuid() == 0 && Tool.find("mount") != nil, "only root can mount a small disk"))
        func fullDisk() throws {
            let folder = try TemporaryFolder()
            let mount = try #require(Tool.find("mount"))
            guard try Tool.run(mount, ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder.url.path]).status == 0 else {
                print("skipped: this machine does not let root mount a small disk")
                return
            }
            defer { umount2(folder.url.path, 0) }
            let url = try folder.file("a.bin")
            try AtomicFile.replace(url, with: Data([1, 2, 3]))
            let error = #expect(throws: FileError.self) { try AtomicFile.replace(url, with: Data(count: 1 << 20)) }
            #expect(error == .unwritable(file: url.path, action: "write", code: ENOSPC))
            #expect(error?.description.contains("No space left on device") == true)
            #expect(try Data(contentsOf: url) == Data([1, 2, 3]))
            #expect(folder.names == ["a.bin"])
        }
    #endif
}

private func fail(_ code: Int32) -> Int32 {
    errno = code
    return -1
}

/// Counts calls; used from one thread only.
private final class Counter: @unchecked Sendable {
    private var count = 0

    func next() -> Int {
        defer { count += 1 }
        return count
    }
}

/// A value that a closure fills; used from one thread only.
private final class Box<Value>: @unchecked Sendable {
    var value: Value

    init(_ value: Value) { self.value = value }
}
