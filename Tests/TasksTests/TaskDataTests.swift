import Foundation
import Testing

@testable import Tasks

struct TaskDataTests {
    private let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    private func load(_ yaml: String, splits: Set<Split>? = nil, needsTargets: Bool = true) throws -> TaskData {
        let file = try scratch.write("t.yaml", yaml)
        return try TaskData.load(
            try TaskDefinition.load(file), splits: splits, needsTargets: needsTargets, unknownLabels: .refuse)
    }

    private func message(_ yaml: String, splits: Set<Split>? = nil) -> String {
        scratch.message { _ = try load(yaml, splits: splits) }
    }

    private static let single = "kind: text-classification\ndata: {train: a.jsonl, dev: b.jsonl}\n"

    @Test func readsAllFormatsAlike() throws {
        try scratch.write(
            "a.jsonl",
            #"{"text": "Größe, \"x\"", "label": 2}"# + "\r\n\n" + #"{"label": 10, "text": "tab\tand\nline", "id": [1]}"#
        )
        try scratch.write("b.csv", "label,text\r\n2,\"Größe, \"\"x\"\"\"\r\n\r\n10,\"tab\tand\nline\"")
        try scratch.write("c.tsv", "\u{FEFF}text\tlabel\n\"Größe, \"\"x\"\"\"\t2\n\n\"tab\tand\nline\"\t10\n")
        let data = try load("kind: text-classification\ndata: {train: a.jsonl, dev: b.csv, test: c.tsv}\n")
        #expect(data.labels == ["2", "10"])
        #expect(data.train.map(\.text) == ["Größe, \"x\"", "tab\tand\nline"])
        #expect(data.train.map(\.label) == [0, 1])
        #expect(data.train.map(\.id) == [0, 1])
        #expect(data.train.map(\.line) == [1, 3])
        #expect(data.dev.map(\.line) == [2, 4])
        #expect(data.files.mapValues(\.blankLines) == [.train: 1, .dev: 1, .test: 1])
        let bytes = Split.allCases.map { CanonicalData.bytes(of: data[$0], labels: data.labels) }
        #expect(bytes[0] == bytes[1] && bytes[1] == bytes[2])
    }

    @Test func mapsFieldsAndReadsPairs() throws {
        try scratch.write("p.csv", "q1,q2,same\na,b,true\nc,,false\n")
        let data = try load(
            "kind: text-pair-classification\ndata: {train: p.csv}\nfields: {text_a: q1, text_b: q2, label: same}\n")
        #expect(data.train.map(\.text) == ["a", "c"])
        #expect(data.train.map(\.pair) == ["b", ""])
        #expect(data.labels == ["false", "true"])
    }

    @Test func groupsAreReadWhereTheyAreNamed() throws {
        try scratch.write(
            "a.jsonl",
            #"{"text":"a","label":1,"group":7,"src":"x"}"# + "\n" + #"{"text":"b","label":2,"src":12}"#)
        let plain = try load("kind: text-classification\ndata: {train: a.jsonl}\n")
        #expect(plain.train.map(\.group) == [nil, nil])
        let yaml = "kind: text-classification\ndata: {train: a.jsonl}\nfields: {group: src}\n"
        let grouped = try load(yaml)
        #expect(grouped.train.map(\.group) == ["x", "12"])
        // They shape no training, so they are no other data
        #expect(
            CanonicalData.bytes(of: plain.train, labels: plain.labels)
                == CanonicalData.bytes(of: grouped.train, labels: grouped.labels))
        try scratch.write("a.jsonl", #"{"text":"a","label":1,"src":"x"}"# + "\n" + #"{"text":"b","label":2}"#)
        #expect(message(yaml).hasPrefix("a.jsonl:2: no 'src'"), "\(message(yaml))")
        // No row is skipped for its group, as one is for its label
        try scratch.write("a.jsonl", #"{"text":"a","label":1,"src":"x"}"# + "\n" + #"{"text":"b","label":2,"src":""}"#)
        #expect(message(yaml).hasPrefix("a.jsonl:2: 'src' is an empty string"), "\(message(yaml))")
        let lenient = scratch.message {
            _ = try TaskData.load(
                try TaskDefinition.load(try scratch.write("t.yaml", yaml)))
        }
        #expect(lenient.hasPrefix("a.jsonl:2: 'src' is an empty string"), "\(lenient)")
    }

    @Test func takesStringsIntegersAndBooleansForLabels() throws {
        try scratch.write(
            "a.jsonl",
            #"{"text":"","label":true}"# + "\n" + #"{"text":"","label":-3}"# + "\n" + #"{"text":"","label":"b c"}"#)
        #expect(try load("kind: text-classification\ndata: {train: a.jsonl}\n").labels == ["-3", "b c", "true"])
    }

    @Test func sortsLabelsByNumberOnlyIfAllAreNumbers() {
        #expect(LabelIndex.sorted(["10", "9", "-1"]) == ["-1", "9", "10"])
        #expect(LabelIndex.sorted(["10", "9", "x"]) == ["10", "9", "x"])
        #expect(LabelIndex.sorted(["é", "z", "Z", "a"]) == ["Z", "a", "z", "é"])
        #expect(LabelIndex.sorted(["1", "01", "0"]) == ["0", "01", "1"])
    }

    @Test func readsOnlyWhatIsAskedFor() throws {
        try scratch.write("a.jsonl", #"{"text":"x","label":1}"# + "\n" + #"{"text":"x","label":0}"#)
        try scratch.write("b.jsonl", #"{"text":"y","label":1}"#)
        let data = try load(Self.single, splits: [.dev])
        #expect(data.train.isEmpty)
        #expect(data.labels == ["0", "1"])
        #expect(data.dev.map(\.label) == [1])
        #expect(message(Self.single, splits: [.test]) == "t.yaml: no test split; add 'test: FILE' under data")
        let listed = try load(
            "kind: text-classification\ndata: {test: b.jsonl, train: no.csv}\nlabels: [0, 1]\n", splits: [.test])
        #expect(listed.test.map(\.label) == [1])
    }

    @Test func readsRowsWithoutLabelsWhereTheyAreToBePredicted() throws {
        try scratch.write("b.jsonl", #"{"text":"y"}"# + "\n" + #"{"text":"z","label":null}"#)
        let yaml = "kind: text-classification\ndata: {test: b.jsonl}\nlabels: [0, 1]\n"
        #expect(try load(yaml, needsTargets: false).test.map(\.label) == [nil, nil])
        #expect(
            message(yaml)
                == "b.jsonl:1: no 'label' (found 'text'); add it, or name its column in a task YAML: fields: {label: COLUMN}"
        )
    }

    private static let good = #"{"text":"x","label":"good"}"# + "\n" + #"{"text":"x","label":"bad"}"# + "\n"

    @Test(arguments: [
        (
            #"{"text":"y","label":"goood"}"#,
            "b.jsonl:1: label 'goood' does not occur in a.jsonl (nearest: 'good'); "
                + "fix it, or list all labels under labels in a task YAML"
        ),
        (
            "\n" + #"{"text":"y","label":"neutral"}"#,
            "b.jsonl:2: label 'neutral' does not occur in a.jsonl; "
                + "fix it, or list all labels under labels in a task YAML"
        ),
        (#"{"text":5,"label":"good"}"#, "b.jsonl:1: 'text' is an integer; expected a string"),
        (
            #"{"text":"y","label":["good"]}"#,
            "b.jsonl:1: 'label' is a list; expected a string, an integer or a boolean"
        ),
        (
            #"{"text":"y","label":0.5}"#,
            "b.jsonl:1: 'label' is a number; expected a string, an integer or a boolean"
        ),
        (
            #"{"text":"y","label":""}"#,
            "b.jsonl:1: 'label' is empty; expected a label; fill it in, or delete the row"
        ),
        (
            #"{"text":"y","label":"good""#,
            "b.jsonl:1: not valid JSON: the line ends at byte 26, expected ',' or '}'; expected one JSON object per line"
        ),
        (
            #"["y","good"]"#,
            "b.jsonl:1: a JSON array, not JSON Lines; write one object per line, or rename the file to .json if it is one array "
                + "of objects"
        ),
        ("", "b.jsonl: no rows; expected one row per example"),
    ])
    func saysWhatIsWrongWithJSONL(dev: String, expected: String) throws {
        try scratch.write("a.jsonl", Self.good)
        try scratch.write("b.jsonl", dev)
        #expect(message(Self.single) == expected)
    }

    @Test(arguments: [
        (
            "text,label\na,1\nb\n",
            "b.csv:3: 1 cell where the header has 2; put cells that contain ',' or a line break in double quotes"
        ),
        (
            "text,label\na,b,1\n",
            "b.csv:2: 3 cells where the header has 2; put cells that contain ',' or a line break in double quotes"
        ),
        (
            "text,label\na,1\n\"b,1\n",
            "b.csv:3: a quote opens here and never closes; close it, or set quoting: none in a task YAML if quotes are plain characters"
        ),
        (
            "text,label\n\"a\" b,1\n",
            "b.csv:2: text after a closing quote; double the quotes inside the cell, or set quoting: none in a task YAML if "
                + "quotes are plain characters"
        ),
        ("text,text\na,1\n", "b.csv:1: column 'text' appears twice in the header; rename one of them"),
        (
            "sentence,label\na,1\n",
            "b.csv:2: no 'text' (found 'label', 'sentence'); add it, or name its column in a task YAML: fields: {text: COLUMN}"
        ),
        (
            "text,label\na,2\n",
            "b.csv:2: label '2' is not one of the 2 labels in t.yaml; fix it, or add it to labels"
        ),
        ("text,label\n", "b.csv: no rows; expected one row per example"),
    ])
    func saysWhatIsWrongWithCSV(content: String, expected: String) throws {
        try scratch.write("b.csv", content)
        #expect(message("kind: text-classification\ndata: {test: b.csv}\nlabels: [0, 1]\n") == expected)
    }

    @Test func saysWhatIsWrongWithFiles() throws {
        let yaml = "kind: text-classification\ndata: {test: b.csv}\nlabels: [0, 1]\n"
        #expect(message(yaml) == "b.csv: no such file; check the path under data")
        try scratch.write("b.csv", bytes: Array("text,label\na,1\n\"x\n".utf8) + [0xFF] + Array("\",0\n".utf8))
        #expect(
            message(yaml)
                == "b.csv:4: not valid UTF-8; save the file as UTF-8, or set encoding: windows-1252 (or another) in a task YAML"
        )
        try scratch.write("b.csv", bytes: [0xFF, 0xFE, 0x61])
        #expect(message(yaml) == "b.csv:1: UTF-16 that ends within a character; save the file as UTF-8")
        #expect(
            message("kind: text-classification\ndata: {test: b.csv}\n")
                == "t.yaml: no 'labels'; without a train split, list the labels under labels")
        try scratch.write("a.jsonl", #"{"text":"x","label":1}"#)
        #expect(
            message("kind: text-classification\ndata: {train: a.jsonl}\n")
                == "a.jsonl: labels are '1'; expected at least 2 different ones")
        #expect(
            message("kind: text-classification\ndata: {train: a.jsonl}\nfields: {text: words}\n")
                == "a.jsonl: labels are '1'; expected at least 2 different ones")
        #expect(
            message("kind: text-classification\ndata: {test: a.jsonl}\nlabels: [0, 1]\nfields: {text: words}\n")
                == "a.jsonl:1: no 'words' (found 'label', 'text'); add it, or fix fields: {text: words} in the task YAML"
        )
    }

    @Test func canonicalBytesTellDataApart() {
        let base = [Example(id: 0, text: "ab", pair: "c", label: 0, line: 4), Example(id: 1, text: "d", label: nil)]
        let labels = ["x", "y"]
        let bytes = CanonicalData.bytes(of: base, labels: labels)
        var moved = base
        moved[0].line = 9
        #expect(CanonicalData.bytes(of: moved, labels: labels) == bytes)
        var others: [[Example]] = [base.reversed(), [base[0]], base + [base[1]]]
        for change in [
            {
                $0.text = "a"; $0.pair = "bc"
            }, { $0.pair = nil }, { $0.label = 1 }, { $0.label = nil }, { $0.pair = "" },
            {
                $0.label = nil; $0.unknownLabel = "z"
            },
        ] as [(inout Example) -> Void] {
            var other = base
            change(&other[0])
            others.append(other)
        }
        for other in others { #expect(CanonicalData.bytes(of: other, labels: labels) != bytes) }
        #expect(CanonicalData.bytes(of: base, labels: ["x", "z"]) != bytes)
    }

    @Test func aNewKindIsOneType() throws {
        let kinds = try TaskKinds(TaskKinds.builtIn + [Riddle.self])
        try scratch.write("d/train.jsonl", #"{"riddle": "a?", "hints": ["a", "b"], "solution": 1}"#)
        let definition = try TaskDefinition.load(scratch.url.appendingPathComponent("d"), kinds: kinds)
        #expect(definition.kind == "riddle")
        let data = try TaskData.load(definition, kinds: kinds)
        #expect(data.labels.isEmpty)
        #expect((data.train[0].payload as? Riddle.Hints)?.hints == ["a", "b"])
    }
}

/// An example of a kind that is not registered.
private enum Riddle: TaskKind {
    struct Hints: ExamplePayload {
        var hints: [String]
        var canonicalBytes: [UInt8] { hints.flatMap { Array($0.utf8) } }
    }

    static let name = "riddle"
    static let head = "riddle"
    static let inputs = ["riddle", "hints"]
    static let targets = ["solution"]
    static let metrics = [Accuracy.name]
    static let baselines = Baselines.classification
    static let minimumLabels = 0

    static func labels(in row: FieldRow) throws(TaskError) -> [String] { [] }

    static func example(
        from row: FieldRow, id: Int, labels: LabelIndex, needsTarget: Bool
    ) throws(TaskError) -> Example {
        Example(
            id: id, text: try row.text("riddle"), line: row.line, payload: Hints(hints: try row.texts("hints")))
    }
}
