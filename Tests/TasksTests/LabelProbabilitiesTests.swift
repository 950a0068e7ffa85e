import Foundation
import Testing

@testable import Tasks

/// Rows with a distribution over the labels, and rows with a weight.
struct LabelProbabilitiesTests {
    private let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    private func load(_ train: String, file: String = "jsonl", yaml: String? = nil) throws -> TaskData {
        try scratch.write("d/train.\(file)", train)
        if let yaml { try scratch.write("d/task.yaml", yaml) }
        return try TaskData.load(
            try TaskDefinition.load(scratch.url.appendingPathComponent(yaml == nil ? "d" : "d/task.yaml")))
    }

    private static let yaml = "kind: text-classification\ndata: {train: train.jsonl}\nlabels: [neg, pos, mixed]\n"

    @Test func readsObjectsAndLists() throws {
        let data = try load(
            """
            {"text": "a", "label_probabilities": {"pos": 0.75, "neg": 0.25}, "weight": 2}
            {"text": "b", "label": "neg"}
            {"text": "c", "label": null, "label_probabilities": {"mixed": 1}, "weight": 0.5}
            """)
        #expect(data.definition.kind == "text-classification" && data.labels == ["mixed", "neg", "pos"])
        #expect(data.train.map(\.label) == [2, 1, 0])
        #expect(data.train.map(\.labelProbabilities) == [[0, 0.25, 0.75], nil, [1, 0, 0]])
        #expect(data.train.map(\.weight) == [2, 1, 0.5])
        // A list is in the order of the YAML; of equal shares the first label is the row's
        let list = try load(
            #"{"text": "a", "label_probabilities": [0.4, 0.4, 0.2]}"#, yaml: Self.yaml)
        #expect(list.train[0].label == 0 && list.train[0].labelProbabilities == [0.4, 0.4, 0.2])
        // Sums that are nearly 1 are made 1
        let rounded = try load(
            #"{"text": "a", "label_probabilities": [0.3333, 0.3333, 0.3333]}"#, yaml: Self.yaml)
        #expect(rounded.train[0].labelProbabilities == [Float](repeating: Float(1.0 / 3), count: 3))
    }

    /// CSV and JSON give what JSON Lines gives.
    @Test func allFormatsAgree() throws {
        let lines = try load(
            """
            {"text": "a", "label_probabilities": {"x": 0.9, "y": 0.1}, "weight": 3}
            {"text": "b", "label": "y"}
            """)
        func clear() throws { try FileManager.default.removeItem(at: scratch.url.appendingPathComponent("d")) }
        try clear()
        let csv = try load(
            "text,label,label_probabilities,weight\na,,\"{\"\"x\"\": 0.9, \"\"y\"\": 0.1}\",3\nb,y,,\n", file: "csv")
        try clear()
        let array = try load(
            """
            [{"text": "a", "label_probabilities": {"x": 0.9, "y": 0.1}, "weight": 3}, {"text": "b", "label": "y"}]
            """, file: "json")
        #expect(lines.train[0].labelProbabilities == [0.9, 0.1] && lines.train[0].weight == 3)
        for other in [csv, array] {
            #expect(
                CanonicalData.bytes(of: other.train, labels: other.labels)
                    == CanonicalData.bytes(of: lines.train, labels: lines.labels))
        }
    }

    /// Labels of a bundle's head have an order of their own: names count, and lists follow the YAML.
    @Test func theOrderOfAHead() throws {
        try scratch.write("d/task.yaml", Self.yaml)
        try scratch.write(
            "d/train.jsonl",
            #"{"text": "a", "label_probabilities": [0.7, 0.2, 0.1]}"# + "\n" + #"{"text": "b", "label": "pos"}"#)
        let definition = try TaskDefinition.load(scratch.url.appendingPathComponent("d/task.yaml"))
        let known = KnownLabels(["pos", "mixed", "neg"], source: .bundle(file: "b.h5"))
        let data = try TaskData.load(definition, labels: known)
        #expect(data.train[0].labelProbabilities == [0.2, 0.1, 0.7] && data.train[0].label == 2)
        // A label that the head does not know: the row is as wrong as with that label alone
        let fewer = KnownLabels(["pos", "mixed"], source: .bundle(file: "b.h5"))
        let scored = try TaskData.load(
            TaskDefinition.load(scratch.url.appendingPathComponent("d/task.yaml")), splits: [.train], labels: fewer,
            unknownLabels: .count)
        #expect(scored.train[0].unknownLabel == "neg" && scored.train[0].labelProbabilities == nil)
    }

    @Test func refusesWhatIsNoDistribution() {
        func message(_ fields: String, _ yaml: String? = Self.yaml) -> String {
            scratch.message { _ = try load("{\"text\": \"a\", \(fields)}", yaml: yaml) }
        }
        let place = "d/train.jsonl:1: 'label_probabilities' is"
        #expect(
            message(#""label_probabilities": [0.5, 0.4, 0]"#)
                == "\(place) probabilities with the sum 0.9; expected a sum of 1 (within 0.001); divide each by the sum"
        )
        #expect(
            message(#""label_probabilities": [0.5, 0.5]"#)
                == "\(place) a list of 2 numbers; expected 3, one for each of the task's labels")
        #expect(
            message(#""label_probabilities": [1.5, -0.5, 0]"#)
                == "\(place) a probability of 1.5; expected probabilities from 0 to 1")
        #expect(
            message(#""label_probabilities": {"pos": "much"}"#)
                == "\(place) a probability that is a string; expected probabilities from 0 to 1")
        #expect(
            message(#""label_probabilities": {"pos": 1}, "label": "neg""#)
                == "\(place) given together with 'label'; expected one of the two; remove the other, or set it to null")
        #expect(message(#""label_probabilities": "pos""#).hasPrefix("\(place) 'pos'; expected an object with a"))
        #expect(message(#""label_probabilities": {"pos": [1]}"#).hasPrefix("\(place) an object or a nested list; "))
        #expect(message(#""label_probabilities": {"post": 1}"#).contains("label 'post' is not one of the 3 labels"))
        try? FileManager.default.removeItem(at: scratch.url.appendingPathComponent("d"))
        #expect(message(#""label_probabilities": [0.5, 0.5]"#, nil).contains("labels are none; expected at least 2"))
    }

    @Test func weights() throws {
        func message(_ weight: String) -> String {
            scratch.message { _ = try load("{\"text\": \"a\", \"score\": 1, \"weight\": \(weight)}") }
        }
        let rest =
            "expected a number of 0 or more, the row's weight in training; if the column has another meaning, set fields: "
            + "{weight: none} in a task YAML"
        #expect(message("-1") == "d/train.jsonl:1: 'weight' is -1.0; \(rest)")
        #expect(message("\"2 kg\"") == "d/train.jsonl:1: 'weight' is '2 kg'; \(rest)")
        #expect(message("true") == "d/train.jsonl:1: 'weight' is a boolean; \(rest)")
        #expect(
            message("0")
                == "d/train.jsonl: weight is 0 in every training row; expected a number above 0 in at least one")
        let data = try load(
            #"{"text": "a", "score": 1, "weight": 0}"# + "\n" + #"{"text": "b", "score": 2, "weight": "1.5"}"#)
        #expect(data.train.map(\.weight) == [0, 1.5])
        // A column of another meaning
        let yaml = "kind: regression\ndata: {train: train.jsonl}\nfields: {weight: none}\n"
        #expect(try load(#"{"text": "a", "score": 1, "weight": "2 kg"}"#, yaml: yaml).train[0].weight == 1)
    }

    /// Distributions and weights change a data set's bytes; data without them have the bytes that they always had.
    @Test func canonicalBytes() {
        func bytes(_ change: (inout Example) -> Void) -> [UInt8] {
            var example = Example(id: 0, text: "a", label: 1)
            change(&example)
            return CanonicalData.bytes(of: [example, Example(id: 1, text: "b", label: 0)], labels: ["x", "y"])
        }
        let plain = bytes { _ in }
        var expected = Array("amalgam examples 1\n".utf8)
        func add(_ count: Int) { withUnsafeBytes(of: Int64(count).littleEndian) { expected += $0 } }
        func add(_ text: String) {
            add(text.utf8.count)
            expected += text.utf8
        }
        add(2)
        add("x")
        add("y")
        add(2)
        for (text, label) in [("a", "y"), ("b", "x")] {
            add(text)
            add(-1)
            add(label)
            add(0)
        }
        #expect(plain == expected)
        let changed = [
            bytes { $0.weight = 2 }, bytes { $0.weight = 0 }, bytes { $0.labelProbabilities = [0, 1] },
            bytes { $0.labelProbabilities = [0.25, 0.75] },
        ]
        #expect(Set(changed + [plain]).count == 5)
    }

    /// Rows of a sample are drawn by the most probable label.
    @Test func samplesAreStratified() throws {
        let rows = (0..<40).map { i in
            let label = i % 4 == 0 ? #"{"x": 0.6, "y": 0.4}"# : #"{"x": 0.3, "y": 0.7}"#
            return "{\"text\": \"t\(i)\", \"label_probabilities\": \(label)}"
        }
        let sample = try load(rows.joined(separator: "\n")).limited([.train: 8], seed: 1).train
        #expect(sample.count { $0.label == 0 } == 2)
    }
}
