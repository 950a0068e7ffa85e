import Amalgam
import Foundation
import Testing

/// Streams of records: sources, results, ends.
@Suite struct RecordTests {
    private let fixture: Fixture

    init() throws { fixture = try Fixture() }

    /// What a call hands out.
    private final class Lines: @unchecked Sendable {  // all of it behind the lock
        private let lock = NSLock()
        private var texts: [String] = []

        func take(_ text: String) { lock.withLock { texts.append(text) } }

        var portions: [String] { lock.withLock { texts } }

        var objects: [[String: Any]] {
            portions.joined().split(separator: "\n").compactMap {
                try? JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
            }
        }
    }

    private func predictor() async throws -> Predictor { try await Predictor(fixture.model(), fixture.adapter()) }

    @Test func filesAndFields() async throws {
        let predictor = try await predictor()
        try fixture.write("in.csv", ["id,text,label", "7,\"a, x\",old", "8,b z,\"a\"\"b\""])
        var options = RecordOptions()
        options.keeps = .named(["id", "label", "id"])
        options.topK = 2
        options.threshold = 1
        let lines = Lines()
        let source = try RecordSource(contentsOf: fixture.url("in.csv"))
        let summary = try await predictor.predict(source, options: options) { text in
            lines.take(text)
            return true
        }
        #expect(summary.predicted == 2 && summary.skipped == 0 && summary.truncated == 0 && summary.warnings.isEmpty)
        let rows = lines.objects
        #expect(rows.map { $0["line"] as? Int } == [2, 3] && rows[1]["input_label"] as? String == "a\"b")
        #expect(rows[0]["abstained"] as? Bool == true && (rows[0]["top"] as? [Any])?.count == 2)
        let alone = try await predictor.classes(of: ["a, x"])[0]
        #expect(rows[0]["label"] as? String == alone.label)

        options.outputFormat = .csv
        options.keeps = .all
        let csv = Lines()
        try await predictor.predict(RecordSource(contentsOf: fixture.url("in.csv")), options: options) { text in
            csv.take(text)
            return true
        }
        #expect(csv.portions.joined().hasPrefix("line,label,probability,abstained,top_2,top_2_probability,"))
        // A source is read once
        let again = await AmalgamError.thrown { try await predictor.predict(source) { _ in true } }
        #expect(again?.kind == .option && again?.field == "source", "\(again as Any)")
    }

    @Test func mistakesAreErrors() async throws {
        let predictor = try await predictor()
        func error(_ body: () async throws -> Void) async -> AmalgamError? { await AmalgamError.thrown(body) }
        #expect(await error { _ = try RecordSource(contentsOf: fixture.url("no.jsonl")) }?.kind == .missingFile)
        #expect(await error { _ = try RecordSource(contentsOf: fixture.folder) }?.kind == .unreadableFile)
        try fixture.write("in.xml", ["x"])
        let format = await error { _ = try RecordSource(contentsOf: fixture.url("in.xml")) }
        #expect(format?.kind == .invalidContent && format?.description.contains("--") == false, "\(format as Any)")
        var options = RecordOptions()
        options.topK = 0
        #expect(await error { try options.validate() }?.field == "topK")

        let bad = Data("{\"text\": \"a\"}\n{\"txt\": \"b\"}\n{\"text\": \"c\"}\n".utf8)
        let lines = Lines()
        let stopped = await error {
            try await predictor.predict(RecordSource(data: bad, name: "mine")) { text in
                lines.take(text)
                return true
            }
        }
        #expect(stopped?.line == 2 && stopped?.description.hasPrefix("mine:2: no 'text'") == true, "\(stopped as Any)")
        #expect(stopped?.description.contains("textColumn") == true && lines.objects.count == 1)
        options = RecordOptions()
        options.onError = .skip
        let skipped = try await predictor.predict(RecordSource(data: bad, name: "mine"), options: options) { _ in true }
        #expect(skipped.predicted == 2 && skipped.skipped == 1 && skipped.warnings.map(\.kind) == [.data])
        // A number of classes has no meaning for tags
        let model = try fixture.model()
        let tags = try TextTask.tagging(
            name: "t", train: (0..<8).map { TaggingExample(["a", "x"], tags: ["O", $0 % 2 == 0 ? "O" : "B-T"]) })
        let tagger = try await Predictor(model, model.train(.head, on: tags, options: Fixture.options).result.bundle)
        options.topK = 2
        let wanted = options
        let refused = await error { try await tagger.predict(RecordSource(data: bad), options: wanted) { _ in true } }
        #expect(refused?.kind == .option && refused?.field == "topK")
    }

    @Test func aReaderStopsIt() async throws {
        let predictor = try await predictor()
        let lines = Lines()
        let text = Data(String(repeating: "a b x\n", count: 10_000).utf8)
        let summary = try await predictor.predict(RecordSource(data: text)) { text in
            lines.take(text)
            return false
        }
        #expect(lines.portions.count == 1 && summary.predicted == 4096)
    }

    /// A line is answered while the pipe stays open; other calls go on, and a cancelled call ends without another line.
    @Test func aPipeIsAnsweredAsItComes() async throws {
        let predictor = try await predictor()
        let pipe = Pipe()
        let source = try RecordSource(pipe.fileHandleForReading, name: "pipe")
        let (answers, continuation) = AsyncStream<String>.makeStream()
        let task = Task {
            try await predictor.predict(source) { text in
                continuation.yield(text)
                return true
            }
        }
        var iterator = answers.makeAsyncIterator()
        for text in ["a x", "b z"] {
            try pipe.fileHandleForWriting.write(contentsOf: Data((text + "\n").utf8))
            let answer = try #require(await iterator.next())
            #expect(answer.hasSuffix("}\n"))
            #expect(try await predictor.classes(of: [text]).count == 1)
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
    }
}
