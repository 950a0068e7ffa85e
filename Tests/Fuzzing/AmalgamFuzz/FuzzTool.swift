import CFuzz
import Foundation

/// `AmalgamFuzz READER [libFuzzer's arguments]` fuzzes one reader; `AmalgamFuzz --names` lists them;
/// `AmalgamFuzz --seeds FOLDER` writes the seeds that programs make.
@main
enum FuzzTool {
    static func main() {
        let arguments = CommandLine.arguments
        switch arguments.dropFirst().first {
        case "--names"?: print(Readers.all.map { $0.name }.joined(separator: "\n"))
        case "--files"?:
            // What the line coverage of a reader is measured over.
            for reader in Readers.all where reader.name == arguments.last { reader.files.forEach { print($0) } }
        case "--seeds"? where arguments.count == 3: writeSeeds(URL(fileURLWithPath: arguments[2]))
        case let name? where Readers.select(name): fuzz(arguments)
        default:
            FileHandle.standardError.write(
                Data("give --names, --seeds FOLDER, or a reader and libFuzzer's arguments\n".utf8))
            exit(64)
        }
    }

    private static func fuzz(_ arguments: [String]) {
        // libFuzzer keeps the pointers for as long as the process lives.
        var words: [UnsafeMutablePointer<CChar>?] = [strdup(arguments[0])]
        words += arguments.dropFirst(2).map { strdup($0) }
        var count = Int32(words.count)
        words.append(nil)
        let list = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: words.count)
        list.initialize(from: words, count: words.count)
        var pointer: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = list
        Readers.current.warmUp()
        Invariants.countsAllocations = amalgam_count_allocations() != 0
        exit(LLVMFuzzerRunDriver(&count, &pointer) { FuzzTool.run($0, $1) })
    }

    private static func run(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
        let bytes = [UInt8](UnsafeBufferPointer(start: data, count: size))
        Invariants.check(Readers.current, bytes)
        return 0
    }

    private static func writeSeeds(_ folder: URL) {
        do {
            for reader in Readers.all {
                let own = folder.appendingPathComponent(reader.name)
                try FileManager.default.createDirectory(at: own, withIntermediateDirectories: true)
                for (name, bytes) in try reader.madeSeeds() {
                    try Data(bytes).write(to: own.appendingPathComponent(name))
                }
            }
        } catch {
            FileHandle.standardError.write(Data("\(error)\n".utf8))
            exit(1)
        }
    }
}

/// Called by libFuzzer instead of its own mutations.
@_cdecl("LLVMFuzzerCustomMutator")
public func amalgamMutate(
    _ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ capacity: Int, _ seed: UInt32
) -> Int {
    var random = SeededRandom(seed: UInt64(seed))
    var size = size
    if random.below(4) > 0 || !insertToken(data, &size, capacity, &random) {
        size = LLVMFuzzerMutate(data, size, capacity)
    }
    var bytes = [UInt8](UnsafeBufferPointer(start: data, count: size))
    // Some inputs stay as they are, so that the checks in front are met too.
    guard random.below(16) > 0 else { return size }
    Readers.current.repair(&bytes, &random)
    size = min(bytes.count, capacity)
    for index in 0..<size { data[index] = bytes[index] }
    return size
}

/// Puts one of the reader's words somewhere: over what stands there, or between.
private func insertToken(
    _ data: UnsafeMutablePointer<UInt8>, _ size: inout Int, _ capacity: Int, _ random: inout SeededRandom
) -> Bool {
    let tokens = Readers.current.tokens
    guard !tokens.isEmpty else { return false }
    let token = tokens[random.below(tokens.count)]
    let place = random.below(size + 1)
    if random.below(2) == 0 {
        guard size + token.count <= capacity else { return false }
        memmove(data + place + token.count, data + place, size - place)
        size += token.count
    } else {
        guard place + token.count <= size else { return false }
    }
    for (index, byte) in token.enumerated() { data[place + index] = byte }
    return true
}

/// SplitMix64: mutations are a function of libFuzzer's seed.
struct SeededRandom {
    var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(max(1, bound))) }
}
