import Foundation
import Testing

/// A folder with a small random model and tasks, in which the built command is run; removed with the object.
final class Lab {
    /// What a run printed, and how it ended.
    struct Run {
        var status: Int32
        var output: String
        var errors: String
        /// What it said last, for a test's message.
        var words: String { "exit code \(status): \(errors.suffix(600))\(output.suffix(300))" }

        /// The object on its last line, with `--json`, after a success.
        func json() throws -> [String: Any] {
            try #require(status == 0, "\(words)")
            let last = try #require(output.split(separator: "\n").last, "\(words)")
            return try #require(try JSONSerialization.jsonObject(with: Data(last.utf8)) as? [String: Any])
        }
    }

    let folder: URL

    /// Tests/sanitize's own settings hold for the command too.
    private static let sanitizers = ProcessInfo.processInfo.environment.filter {
        ["ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS"].contains($0.key)
    }

    /// Where the tests' own program is, and the commands beside it.
    private static let programs: URL = {
        #if os(macOS)
            let bundle =
                Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }?.bundleURL ?? Bundle.main.bundleURL
        #else
            let bundle = Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0])
        #endif
        return bundle.deletingLastPathComponent()
    }()

    /// `amalgam`.
    static let command = program("amalgam")

    static func program(_ name: String) -> URL {
        name.hasPrefix("/") ? URL(fileURLWithPath: name) : programs.appendingPathComponent(name)
    }

    /// Whether Tests/sanitize runs the tests.
    static let isSanitized = ProcessInfo.processInfo.environment["TSAN_OPTIONS"] != nil

    /// Classes as a careless locale would spoil them.
    static let labels = ["Istanbul", "größer", "日本"]
    private static let words = "bdfghklmnprstvz".flatMap { consonant in "aeiou".map { "\(consonant)\($0)" } }
    private static let keys = ["gi", "lo", "ma"]

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("command-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let tiny = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Golden/seed1/tiny")
        try FileManager.default.copyItem(at: tiny, to: folder.appendingPathComponent("tiny"))
        let letters = "abcdefghijklmnopqrstuvwxyz".map { String($0) }
        let pieces =
            ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", ",", "!", "?"] + letters
            + letters.map { "##\($0)" } + Self.words
        try write("tiny/vocab.txt", pieces)
    }

    /// One with the tasks `game` and `role`, and bundles of adapters that were trained for two epochs.
    /// - Parameter adapters: names of bundles, without .h5, with their tasks and more options
    convenience init(adapters: [(name: String, task: String, options: [String])]) throws {
        try self.init()
        try task("game", seed: 1)
        try task("role", seed: 11)
        for (name, task, options) in adapters {
            let run = try run(
                [
                    "train-adapter", "--model", "@tiny", "--task", "@\(task)", "--out", "@\(name).h5", "--epochs", "2",
                    "--quiet",
                ] + options)
            try #require(run.status == 0, "\(run.words)")
        }
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func write(_ path: String, _ lines: [String]) throws {
        let url = folder.appendingPathComponent(path)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: url)
    }

    func data(_ path: String) throws -> Data { try Data(contentsOf: folder.appendingPathComponent(path)) }

    /// A row of a task's file.
    static func row(_ text: String, _ label: String) -> String {
        let escaped = text.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\"")
        return "{\"text\": \"\(escaped)\", \"label\": \"\(label)\"}"
    }

    /// Texts whose class is the one of three words that is in them; every eighth has another class, so that a model has
    /// texts on which it is not sure.
    static func rows(_ count: Int, seed: UInt64) -> [String] {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        func draw(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        return (0..<count).map { i in
            let label = draw(3)
            var text = (0..<3 + draw(18)).map { _ in words[draw(words.count)] }.filter { !keys.contains($0) }
            text.insert(keys[label], at: draw(text.count + 1))
            return row(text.joined(separator: " "), labels[i % 8 == 7 ? draw(3) : label])
        }
    }

    /// A task's folder; without `dev` it has no such file.
    func task(_ name: String, train: [String], dev: [String]? = nil, test: [String]? = nil) throws {
        for (split, rows) in [("train", train), ("dev", dev), ("test", test)] {
            if let rows { try write("\(name)/\(split).jsonl", rows) }
        }
    }

    func task(_ name: String, seed: UInt64, train: Int = 60, dev: Int = 30) throws {
        try task(
            name, train: Self.rows(train, seed: seed), dev: Self.rows(dev, seed: seed + 1),
            test: Self.rows(20, seed: seed + 2))
    }

    /// A task of tagged words: those that are a key have its tag.
    func taggingTask(_ name: String, seed: UInt64, train: Int, dev: Int) throws {
        func rows(_ count: Int, _ seed: UInt64) throws -> [String] {
            try Self.rows(count, seed: seed).map { row in
                let fields = try JSONSerialization.jsonObject(with: Data(row.utf8)) as? [String: String]
                let words = (fields?["text"] ?? "").split(separator: " ").map(String.init)
                let tags = words.map { Self.keys.contains($0) ? "B-\($0)" : "O" }
                let line = try JSONSerialization.data(
                    withJSONObject: ["tokens": words, "tags": tags], options: .sortedKeys)
                return String(decoding: line, as: UTF8.self)
            }
        }
        try task(name, train: rows(train, seed), dev: rows(dev, seed + 1))
    }

    /// Running text, one a line: of two words each, so that a hidden one can be told from those around it.
    func text(_ path: String, lines: Int, seed: UInt64) throws {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        func draw(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        try write(
            path,
            (0..<lines).map { _ in
                let pair = [draw(12), draw(12)].map { Self.words[($0 + 5 * Int(seed)) % Self.words.count] }
                return (0..<40).map { _ in pair[draw(2)] }.joined(separator: " ")
            })
    }

    /// Runs the command to its end.
    /// - Parameters:
    ///   - arguments: `@x` stands for the path of x in this folder, also within an expression: `fuse(@a, @b)`.
    ///   - environment: the whole of it.
    ///   - relative: in this folder with paths from here; else elsewhere with whole ones.
    ///   - input: on its standard input.
    ///   - output: where its standard output goes; nil: it is returned.
    ///   - program: beside the tests' program, or a whole path.
    func run(
        _ arguments: [String], environment: [String: String]? = nil, relative: Bool = false, input: String = "",
        output: String? = nil, of program: String = "amalgam"
    ) throws -> Run {
        let process = try start(
            arguments, environment: environment, relative: relative, input: input, output: output, of: program)
        process.waitUntilExit()
        let signal: Int32 = process.terminationReason == .uncaughtSignal ? 128 : 0
        return Run(
            status: signal + process.terminationStatus,
            output: String(decoding: try data("stdout"), as: UTF8.self), errors: try errors())
    }

    /// What the last run said on standard error.
    /// - Parameter streams: as it was started with
    func errors(_ streams: String = "") throws -> String {
        String(decoding: try data("stderr" + streams), as: UTF8.self)
    }

    /// The same, without waiting for its end.
    /// - Parameter streams: ends the names of its files for standard input, output and errors: one that runs beside another needs its own.
    func start(
        _ arguments: [String], environment: [String: String]? = nil, relative: Bool = false, input: String = "",
        output: String? = nil, of program: String = "amalgam", streams: String = ""
    ) throws -> Process {
        let process = Process()
        process.executableURL = Self.program(program)
        process.arguments = arguments.map { word in
            func path(_ name: Substring) -> String {
                relative ? String(name) : folder.appendingPathComponent(String(name)).path
            }
            if word.hasPrefix("@") { return path(word.dropFirst()) }
            // Files within an expression
            return word.contains("(") ? word.replacing(#/@([\w./]+)/#) { path($0.output.1) } : word
        }
        process.environment =
            (environment ?? ["PATH": "/usr/bin:/bin", "HOME": folder.path, "LC_ALL": "C.UTF-8", "TZ": "UTC"])
            .merging(Self.sanitizers) { $1 }
        process.currentDirectoryURL = relative ? folder : FileManager.default.temporaryDirectory
        // Files, not pipes: nothing can be full
        let files = ["stdin", "stdout", "stderr"].map { folder.appendingPathComponent($0 + streams) }
        for (file, content) in zip(files, [input, "", ""]) { try Data(content.utf8).write(to: file) }
        let handles = (
            try FileHandle(forReadingFrom: files[0]),
            try FileHandle(forWritingTo: output.map { URL(fileURLWithPath: $0) } ?? files[1]),
            try FileHandle(forWritingTo: files[2])
        )
        (process.standardInput, process.standardOutput, process.standardError) = handles
        try process.run()
        return process
    }

    /// What `inspect --json` says.
    func inspect(_ bundle: String) throws -> [String: Any] {
        try run(["inspect", "@\(bundle)", "--json", "--verify"]).json()
    }
}
