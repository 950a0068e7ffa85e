import Foundation

@testable import Files
@testable import Models
@testable import Text

/// A GGUF file, all its metadata and every tensor; its tokenizer, and the model that it is.
enum GGUFFuzz: FuzzedReader {
    static let name = "gguf"
    static let files = [
        "Files/GGUFFile.swift", "Files/GGUFHeader.swift", "Files/GGUFField.swift", "Files/GGUFType.swift",
        "Files/GGUFBlocks.swift", "Files/ByteCursor.swift", "Text/Loading/GGUFTokenizer.swift",
        "Models/GGUF/GGUFModel.swift", "Models/GGUF/GGUFFields.swift", "Models/GGUF/GGUFFamily.swift",
        "Models/WeightStorage.swift",
    ]
    static let tokens: [[UInt8]] =
        words(
            "GGUF", "general.alignment", "a", "é", "e\u{301}", "llama", "qwen2", "gpt2", "smollm", "llama-bpe", "Ġ a",
            "tokenizer.ggml.merges", "tokenizer.ggml.add_bos_token", "llama.attention.head_count_kv",
            "llama.attention.key_length", "blk.0.attn_q.weight", "output.weight") + [
            [3, 0, 0, 0], [2, 0, 0, 0], [4, 0, 0, 0, 64, 0, 0, 0], [9, 0, 0, 0, 8, 0, 0, 0], [9, 0, 0, 0, 9, 0, 0, 0],
            [1, 0, 0, 0, 0, 0, 0, 0], [32, 0, 0, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0, 0, 0], [12, 0, 0, 0],
            [14, 0, 0, 0],
            [30, 0, 0, 0], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F], [0, 0x7C],
        ]
    static let memory = (constant: 1 << 14, perByte: 32)

    static func warmUp() { TokenizerFuzz.warmUp() }

    private static let path = "\(shared)/amalgam-fuzz-gguf-\(ProcessInfo.processInfo.processIdentifier).FILE"
    /// Memory where there is such a folder: each input is written once.
    private static var shared: String {
        FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
    }

    static func read(_ bytes: [UInt8]) throws -> () throws -> Void {
        let descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        Invariants.require(
            descriptor >= 0 && write(descriptor, bytes, bytes.count) == bytes.count, "cannot write \(path)")
        close(descriptor)
        // The mapping stays
        defer { unlink(path) }
        let file = try GGUFFile(URL(fileURLWithPath: path))
        return {
            use(file)
            useModel(file)
        }
    }

    private static func use(_ file: GGUFFile) {
        Invariants.require(Set(file.keys).count == file.keys.count, "a key twice")
        for key in file.keys {
            // Each field is of one type: the other methods refuse it in one line
            let read: [() throws -> Bool] = [
                { try file.text(key) != nil }, { try file.texts(key)?.count == file.count(key) },
                { try file.integer(key) != nil }, { try file.integers(key)?.count == file.count(key) },
                { try file.number(key) != nil }, { try file.numbers(key)?.count == file.count(key) },
                { try file.flag(key) != nil }, { try file.flags(key)?.count == file.count(key) },
            ]
            for one in read {
                do { Invariants.require(try one(), "a list of another length: \(key)") } catch { check(error) }
            }
        }
        for (name, tensor) in file.tensors {
            Invariants.require(name == tensor.name && tensor.shape.reduce(1, *) == tensor.count, "another shape")
            do {
                let whole = try tensor.floats()
                Invariants.require(whole.count == tensor.count && whole.allSatisfy(\.isFinite), "values of \(name)")
                let block = tensor.type.block?.elements ?? 1
                let middle = tensor.count / block / 2 * block
                let parts = try tensor.floats(0..<middle) + tensor.floats(middle..<tensor.count)
                Invariants.require(
                    parts.map(\.bitPattern) == whole.map(\.bitPattern), "other values in parts of \(name)")
            } catch { check(error) }
        }
    }

    private static func useModel(_ file: GGUFFile) {
        do {
            let tokenizer = try GGUFTokenizer.tokenizer(file)
            TokenizerFuzz.use(tokenizer)
            let ids = (0..<Int32(clamping: tokenizer.vocabularySize)).prefix(64)
            if let decoder = tokenizer.decoder {
                var streaming = StreamingDecoder(decoder)
                let text = ids.map { streaming.append($0) }.joined() + streaming.finish()
                Invariants.require(text == decoder.decode(ids), "another text one by one")
            }
        } catch { check(error) }
        do {
            let model = try GGUFModel(file)
            Invariants.require((try? JSONReader.read(Array(model.configuration.json.utf8))) != nil, "no JSON")
            for name in model.names {
                guard let tensor = model[name] else { return Invariants.require(false, "\(name) is missing") }
                do {
                    let values = try tensor.floats()
                    Invariants.require(values.count == tensor.stored.count, "\(name)")
                    // As products read it, where it lies
                    let blocks = try tensor.weight(unpacks: false).values
                    Invariants.require(
                        values.map(\.bitPattern) == blocks.map(\.bitPattern), "other values in the blocks of \(name)")
                } catch { check(error) }
            }
        } catch { check(error) }
    }

    private static func check(_ error: any Error) {
        let text = "\(error)"
        Invariants.require(!text.isEmpty && !text.contains(where: \.isNewline), "a message of several lines")
        Invariants.require(text.contains("FILE"), "a message without the file: \(text)")
    }
}
