import Foundation
import Testing

@testable import Tasks

struct TaskDefinitionTests {
    private static let folder = URL(fileURLWithPath: "/data/tasks")

    private func parse(_ yaml: String) throws(TaskError) -> TaskDefinition {
        try TaskDefinition.parse(yaml: yaml, file: "t.yaml", folder: Self.folder)
    }

    private func message(_ yaml: String) -> String {
        do {
            _ = try parse(yaml)
            return "no error"
        } catch { return "\(error)" }
    }

    @Test func readsEveryKey() throws {
        let definition = try parse(
            """
            # a comment
            name: reviews
            kind: text-classification
            description: "Film reviews: good or bad"
            language: en
            license: CC0-1.0
            data: {train: a/train.csv, dev: a/dev.tsv, test: /abs/test.jsonl}
            fields: {text: sentence, label: class}
            labels: [no, 1, yes]
            metric: macro_f1
            """)
        #expect(definition.name == "reviews")
        #expect(definition.kind == "text-classification")
        #expect(definition.description == "Film reviews: good or bad")
        #expect(definition.language == "en")
        #expect(definition.license == "CC0-1.0")
        #expect(definition.fields == ["text": "sentence", "label": "class"])
        #expect(definition.labels == ["no", "1", "yes"])
        #expect(definition.metric == "macro_f1")
        #expect(definition.url(of: .train)?.path == "/data/tasks/a/train.csv")
        #expect(definition.url(of: .test)?.path == "/abs/test.jsonl")
    }

    @Test func fillsInWhatIsNotSaid() throws {
        let definition = try parse("kind: text-pair-classification\ndata:\n  test: t.jsonl\nlabels: ~\n")
        #expect(definition.name == "t")
        #expect(definition.metric == "accuracy")
        #expect(definition.labels == nil)
        #expect(definition.url(of: .train) == nil)
    }

    @Test(arguments: [
        ("kind: text-classification\nlables: [a, b]\n", "t.yaml:2: unknown key 'lables'; did you mean 'labels'?"),
        (
            "kind: text-classification\nzzzzzzzzz: 1\n",
            "t.yaml:2: unknown key 'zzzzzzzzz'; known keys: name, kind, description, language, license, data, fields, "
                + "labels, metric"
        ),
        (
            "kind: text-classification\ndata: {train: a.csv, validation: b.csv}\n",
            "t.yaml:2: unknown key 'validation'; known keys: train, dev, test"
        ),
        (
            "kind: text-classification\ndata: {train: a.csv}\nfields: {txt: b}\n",
            "t.yaml:3: unknown key 'txt'; did you mean 'text'?"
        ),
        ("data: {train: a.csv}\n", "t.yaml: no 'kind'; expected one of text-classification, text-pair-classification"),
        (
            "name: x\nkind: text-clasification\n",
            "t.yaml:2: kind is 'text-clasification'; expected one of text-classification, text-pair-classification; "
                + "did you mean 'text-classification'?"
        ),
        (
            "kind: text-classification\ndata: {train: a.csv}\nmetric: f1\n",
            "t.yaml:3: metric is 'f1'; expected one of accuracy, macro_f1, micro_f1, weighted_f1, matthews"
        ),
        (
            "kind: text-classification\n",
            "t.yaml: no 'data'; expected data: {train: FILE, dev: FILE, test: FILE} or data: FOLDER"
        ),
        (
            "kind: text-classification\ndata: {train: a.parquet}\n",
            "t.yaml:2: data is 'a.parquet'; expected files that end with one of .jsonl, .csv, .tsv"
        ),
        (
            "kind: text-classification\ndata: {train: a.csv}\nlabels: a\n",
            "t.yaml:3: labels is 'a'; expected a list of strings or integers"
        ),
        (
            "kind: text-classification\ndata: {train: a.csv}\nlabels: [a, b, a]\n",
            "t.yaml:3: labels is a list with 'a' twice; expected different labels"
        ),
        (
            "kind: text-classification\ndata: {train: a.csv}\nlabels: [a]\n",
            "t.yaml: labels are 'a'; expected at least 2 different ones"
        ),
        ("- a\n- b\n", "t.yaml:1: the file is a list; expected a map"),
        ("", "t.yaml:1: empty; expected a YAML map with the keys kind and data"),
        (
            "kind: a\nkind: b\n",
            "t.yaml:1: not valid YAML: 'kind' stands twice; expected a YAML map with the keys kind and data"
        ),
    ])
    func saysWhatIsWrong(yaml: String, expected: String) {
        #expect(message(yaml) == expected)
    }

    @Test func namesTheLineOfBrokenYAML() {
        #expect(message("kind: x\nname: [a\ndata: b\n").hasPrefix("t.yaml:3: not valid YAML: "))
        let deep = message("name: " + String(repeating: "[", count: 100_000))
        #expect(
            deep == "t.yaml:1: nested more than 32 levels deep; expected a YAML map with the keys kind and data")
        let blocks = message(String(repeating: "- ", count: 100_000))
        #expect(blocks == deep)
    }

    @Test func takesAFolderForItsData() throws {
        let scratch = try ScratchFolder()
        try scratch.write("d/train.csv", "text,label\na,b\n")
        try scratch.write("d/test.jsonl", "{}\n")
        let yaml = try scratch.write("t.yaml", "kind: text-classification\ndata: d\n")
        let definition = try TaskDefinition.load(yaml)
        #expect(definition.data == [.train: "d/train.csv", .test: "d/test.jsonl"])
    }

    @Test func infersTheKindOfAFolder() throws {
        let scratch = try ScratchFolder()
        try scratch.write("one/train.jsonl", "\n{\"text\": \"a\", \"label\": 1}\n")
        try scratch.write("two/dev.csv", "text_a,label,text_b,id\nx,1,y,2\n")
        let one = try TaskDefinition.load(scratch.url.appendingPathComponent("one"))
        #expect(one.kind == "text-classification")
        #expect(one.name == "one")
        #expect(one.data == [.train: "train.jsonl"])
        #expect(
            try TaskDefinition.load(scratch.url.appendingPathComponent("two")).kind == "text-pair-classification")
    }

    @Test(arguments: [
        (
            "train.jsonl", "{\"tokens\": [\"a\"], \"tags\": [\"B\"]}\n",
            "d/train.jsonl: the fields say tagging, which this version cannot train yet; use a text classification task"
        ),
        (
            "train.jsonl", "{\"sentence\": \"a\", \"label\": 1}\n",
            "d/train.jsonl:1: columns 'label', 'sentence' fit no kind; expected text + label, "
                + "or text_a + text_b + label, or write a task YAML that maps them under fields"
        ),
        ("train.jsonl", "\n\n", "d/train.jsonl: no examples; expected one row an example"),
        ("notes.txt", "", "d: no train, dev or test file; expected train.jsonl, dev.jsonl and test.jsonl"),
    ])
    func saysWhyAFolderIsNoTask(name: String, content: String, expected: String) throws {
        let scratch = try ScratchFolder()
        try scratch.write("d/" + name, content)
        let found = scratch.message { _ = try TaskDefinition.load(scratch.url.appendingPathComponent("d")) }
        #expect(found == expected)
    }

    @Test func refusesWhatIsNotThereOrAmbiguous() throws {
        let scratch = try ScratchFolder()
        let absent = scratch.message { _ = try TaskDefinition.load(scratch.url.appendingPathComponent("no.yaml")) }
        #expect(absent == "no.yaml: no such file or folder; expected a task YAML, or a folder with train.jsonl")
        try scratch.write("d/train.jsonl", "")
        try scratch.write("d/train.csv", "")
        let twice = scratch.message { _ = try TaskDefinition.load(scratch.url.appendingPathComponent("d")) }
        #expect(twice == "d: both train.jsonl and train.csv; keep one, or name it in a task YAML")
    }

    @Test func refusesTwoKindsOrMetricsOfOneName() {
        #expect(throws: TaskError.duplicateName(registry: "task kinds", name: "text-classification")) {
            _ = try TaskKinds([TextClassification.self, TextPairClassification.self, TextClassification.self])
        }
        #expect(throws: TaskError.duplicateName(registry: "metrics", name: "accuracy")) {
            _ = try Metrics([Accuracy.self, Accuracy.self])
        }
    }

    /// Whatever strings a definition holds, write → load gives it back, and writing again equal bytes.
    @Test func writtenYAMLReadsBack() throws {
        let texts = [
            "plain", "no", "Yes", "007", "1.5", "~", "null", "- a", "a: b", "# c", "\"q\"", "'", "a\\b", "tab\there",
            "line\nbreak", "é", "e\u{301}", "日本語", "🙂", "\u{85}", "\u{2028}", "a\u{FEFF}", "\u{7F}", "\u{1}", " lead",
            "trail ", "*x", "&x", "!x", "@", "%", "{a}", "[a]", "|", ">", "0x1F", "1e5", "-1", "true", ".inf", "=",
            "<<",
        ]
        for seed in UInt64(1)...30 {
            var dice = Dice(seed)
            func pick() -> String { texts[Int(dice.next() % UInt64(texts.count))] + (dice.next() % 2 == 0 ? "x" : "") }
            var definition = TaskDefinition(
                name: pick(), kind: "text-classification", data: [.train: pick() + ".csv", .test: pick() + ".tsv"],
                fields: ["text": pick()], labels: Set(texts.shuffled(using: &dice).prefix(5)).sorted(),
                metric: "macro_f1", description: pick(), language: pick(), license: pick(), folder: Self.folder,
                source: "t.yaml")
            if dice.next() % 3 == 0 { (definition.labels, definition.description) = (nil, nil) }
            let back = try parse(definition.yaml)
            #expect(back == definition, "seed \(seed):\n\(definition.yaml)")
            #expect(back.yaml == definition.yaml, "seed \(seed)")
        }
    }
}
