import CFuzz
import Foundation

/// A reader under test.
protocol FuzzedReader: Sendable {
    /// As `Tests/fuzz` is asked for it.
    static var name: String { get }
    /// Source files that line coverage is measured over.
    static var files: [String] { get }
    /// Words of the format, for the mutator.
    static var tokens: [[UInt8]] { get }
    /// Bytes that reading may take at most: a constant, and so many for each byte of the input. Twice what the seeds,
    /// which are good files, take.
    static var memory: (constant: Int, perByte: Int) { get }

    /// Reads, throwing what the reader throws.
    /// - Returns: what to check of the value: that it can be used, and be written and read back as the same
    static func read(_ bytes: [UInt8]) throws -> () throws -> Void
    /// Makes what is made once a process, so that no input is charged for it.
    static func warmUp()
    /// Makes checksums and lengths right, so that what is behind them is reached.
    static func repair(_ bytes: inout [UInt8], _ random: inout SeededRandom)
    /// Seeds that are no text to be written by hand.
    static func madeSeeds() throws -> [(name: String, bytes: [UInt8])]
}

extension FuzzedReader {
    static func warmUp() {}
    static func repair(_ bytes: inout [UInt8], _ random: inout SeededRandom) {}
    static func madeSeeds() throws -> [(name: String, bytes: [UInt8])] { [] }
    static func words(_ words: String...) -> [[UInt8]] { words.map { Array($0.utf8) } }
}

enum Readers {
    static let all: [any FuzzedReader.Type] = [
        BundleFuzz.self, SafetensorsFuzz.self, TokenizerFuzz.self, VocabularyFuzz.self, MergesFuzz.self,
        ConfigurationFuzz.self,
        TaskFuzz.self, AdapterFuzz.self, JSONLFuzz.self, JSONArrayFuzz.self, GzipFuzz.self, EncodingFuzz.self,
        RecordsFuzz.self,
        DelimitedFuzz.self, CoNLLFuzz.self, CoNLLUFuzz.self, CoNLL2012Fuzz.self, Deb822Fuzz.self,
        PackagesFuzz.self, Q4Fuzz.self, GGUFFuzz.self, IndexFuzz.self,
        HubFuzz.self, PEFTFuzz.self,
    ]
    // One reader a process, chosen before the first input.
    nonisolated(unsafe) private(set) static var current: any FuzzedReader.Type = BundleFuzz.self

    static func select(_ name: String) -> Bool {
        guard let reader = all.first(where: { $0.name == name }) else { return false }
        current = reader
        return true
    }
}

/// What must hold for every input.
enum Invariants {
    nonisolated(unsafe) static var countsAllocations = false
    /// What messages call the file.
    static let file = "FILE"
    private static let reportsMemory = ProcessInfo.processInfo.environment["AMALGAM_FUZZ_MEMORY"] != nil

    /// A violation ends the process, which libFuzzer reports as a finding.
    static func check(_ reader: any FuzzedReader.Type, _ bytes: [UInt8]) {
        amalgam_begin_count()
        let verify: (() throws -> Void)?
        do { verify = try reader.read(bytes) } catch {
            verify = nil
            let text = "\(error)"
            if text.isEmpty || text.contains(where: \.isNewline) || !text.contains(file) {
                fail("a message that is not one line with the file's name: \(text.debugDescription)")
            }
        }
        if countsAllocations {
            let peak = Int(amalgam_peak_count())
            let most = reader.memory.constant + reader.memory.perByte * bytes.count
            if reportsMemory { print("memory \(peak) of \(most) for \(bytes.count) bytes, \(verify != nil)") }
            if peak > most { fail("\(peak) bytes of memory for an input of \(bytes.count), expected at most \(most)") }
        }
        do { try verify?() } catch { fail("what was read cannot be used: \(error)") }
    }

    static func require(_ condition: Bool, _ what: @autoclosure () -> String) {
        if !condition { fail(what()) }
    }

    static func fail(_ what: String) -> Never {
        FileHandle.standardError.write(Data("INVARIANT: \(what)\n".utf8))
        abort()
    }
}
