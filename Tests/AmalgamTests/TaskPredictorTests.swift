import Amalgam
import Foundation
import Testing

/// The heads of a bundle, each for the records of its task.
@Suite struct TaskPredictorTests {
    private let fixture: Fixture

    init() throws { fixture = try Fixture() }

    private func predictor() async throws -> (predictor: TaskPredictor, alone: [Predictor]) {
        let model = try fixture.model()
        let (a, b) = (try await fixture.adapter("a"), try await fixture.adapter("b", .lora, labels: ["b", "a"]))
        let bundle = try AdapterBundle(composing: .multitask([.bundle(a), .bundle(b)]))
        return (try TaskPredictor(model, bundle), [try Predictor(model, a), try Predictor(model, b)])
    }

    private func lines(
        _ predictor: TaskPredictor, _ records: String, field: String = "task",
        _ options: RecordOptions = RecordOptions()
    ) async throws -> [[String: Any]] {
        let lines = Lines()
        try await predictor.predict(RecordSource(data: Data(records.utf8)), taskField: field, options: options) {
            lines.add($0)
        }
        return try lines.text.split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
    }

    /// Each record is answered by its own head, with its own adapter, as by that adapter alone.
    @Test func recordsGoToTheirHeads() async throws {
        let (predictor, alone) = try await predictor()
        #expect(predictor.heads.map(\.name) == ["a", "b"])
        let texts = ["a b c m x", "z", "o n z x", "c"]
        let routes = [1, 0, 1, 1]
        let records = zip(texts, routes).map { "{\"text\":\"\($0)\",\"kind\":\"\(["a", "b"][$1])\"}\n" }.joined()
        let found = try await lines(predictor, records, field: "kind")
        #expect(found.count == texts.count)
        for (i, json) in found.enumerated() {
            let own = try await alone[routes[i]].classes(of: [texts[i]])[0]
            #expect(json["line"] as? Int == i + 1 && json["head"] as? String == ["a", "b"][routes[i]])
            #expect(json["label"] as? String == own.label)
            let probabilities = try #require(json["probabilities"] as? [String: Double])
            #expect(abs(try #require(probabilities[own.label]) - Double(own.probability)) < 1e-5)
        }
    }

    @Test(arguments: [
        (#"{"text":"a"}"#, "no 'task', which names the head of a record (one of a, b)"),
        (#"{"text":"a","task":"c"}"#, "'task' is 'c', and no head has this name"),
        (#"{"text":"a","task":1}"#, "; expected the name of a head: a, b"), ("a b", "no 'task'"),
    ]) func recordsWithoutAHead(_ record: String, _ message: String) async throws {
        let (predictor, _) = try await predictor()
        let error = await AmalgamError.thrown { _ = try await lines(predictor, record) }
        #expect(error?.kind == .invalidContent && "\(error.map { "\($0)" } ?? "")".contains(message), "\(error as Any)")
        var options = RecordOptions()
        options.onError = .skip
        let found = try await lines(predictor, record + "\n" + record, options)
        #expect(found.count == 2 && found.allSatisfy { ($0["error"] as? String)?.contains(message) == true })
    }

    @Test func refusesCSV() async throws {
        let (predictor, _) = try await predictor()
        var options = RecordOptions()
        options.outputFormat = .csv
        let error = await AmalgamError.thrown { _ = try await lines(predictor, "{}", options) }
        #expect(error?.kind == .option)
    }
}
