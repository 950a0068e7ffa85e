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

    /// A definition says how many rows its data has; a file with another number is told of.
    @Test func expectedRows() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("rows-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try "text\tlabel\na\tx\nb\ty\n".write(
            to: folder.appendingPathComponent("t.tsv"), atomically: true, encoding: .utf8)
        func warnings(_ rows: Int) throws -> [String] {
            try TaskData.load(
                try TaskDefinition.parse(
                    yaml: "kind: text-classification\ndata: {test: t.tsv}\nlabels: [x, y]\nrows: {test: \(rows)}",
                    file: "t.yaml", folder: folder)
            ).warnings
        }
        #expect(try warnings(2) == [])
        let found = try #require(try warnings(3).first)
        #expect(found.hasPrefix("t: found 2 rows in "), "\(found)")
        #expect(found.contains("t.tsv, expected 3 (rows in t.yaml); this is a part of the data"), "\(found)")
    }

    @Test func fillsInWhatIsNotSaid() throws {
        let definition = try parse("kind: text-pair-classification\ndata:\n  test: t.jsonl\nlabels: ~\n")
        #expect(definition.name == "t")
        #expect(definition.metric == "accuracy")
        #expect(definition.labels == nil)
        #expect(definition.url(of: .train) == nil)
    }

    @Test(arguments: [
        (
            "kind: regression\ndata: {train: a.csv}\nrows: {test: 3}\n",
            "t.yaml:3: rows is the split test; expected splits that have a file under data"
        ),
        (
            "kind: regression\ndata: {train: a.csv}\nrows: {train: many}\n",
            "t.yaml:3: rows is train: many; expected numbers of rows, 1 or more"
        ),
        ("kind: text-classification\nlables: [a, b]\n", "t.yaml:2: unknown key 'lables'; did you mean 'labels'?"),
        (
            "kind: text-classification\nzzzzzzzzz: 1\n",
            "t.yaml:2: unknown key 'zzzzzzzzz'; known keys: name, kind, description, language, license, data, documents, rows, fields, "
                + "labels, metric, format, quoting, delimiter, encoding, header"
        ),
        (
            "kind: text-classification\ndata: {train: a.csv, holdout: b.csv}\n",
            "t.yaml:2: unknown key 'holdout'; known keys: train, dev, validation, valid, val, test"
        ),
        (
            "kind: text-classification\ndata: {train: a.csv}\nfields: {txt: b}\n",
            "t.yaml:3: unknown key 'txt'; did you mean 'text'?"
        ),
        (
            "data: {train: a.csv}\n",
            "t.yaml: no 'kind'; expected one of \(TaskKinds.standard.names.joined(separator: ", "))"
        ),
        (
            "name: x\nkind: text-clasification\n",
            "t.yaml:2: kind is 'text-clasification'; expected one of "
                + "\(TaskKinds.standard.names.joined(separator: ", ")); "
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
            "t.yaml:2: data is 'a.parquet'; expected files that end with one of .jsonl, .json, .csv, .tsv, .conll, "
                + ".conllu, .conll2012, .deb822, .txt, each also with .gz; or format, the format of all files"
        ),
        (
            "kind: text-classification\ndata: {train: a.csv}\nlabels: a\n",
            "t.yaml:3: labels is 'a'; expected a list of strings or integers"
        ),
        (
            "kind: text-classification\ndata: {train: a.csv}\nlabels: [a, b, a]\n",
            "t.yaml:3: labels is a list in which 'a' appears twice; expected different labels"
        ),
        (
            "kind: text-classification\ndata: {train: a.csv}\nlabels: [a]\n",
            "t.yaml: labels are 'a'; expected at least 2 different ones"
        ),
        ("- a\n- b\n", "t.yaml:1: the file is a list; expected a map"),
        ("", "t.yaml:1: empty; expected a YAML map with the keys kind and data"),
        (
            "kind: a\nkind: b\n",
            "t.yaml:1: not valid YAML: 'kind' appears twice; expected a YAML map with the keys kind and data"
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

    /// What a row may have, as a message lists it.
    private static let forms = TaskKinds.builtIn.flatMap { kind in
        kind.forms.map {
            "\($0.joined(separator: " + ")) "
                + (kind.isInferred ? "(\(kind.name))" : "(with kind: \(kind.name) in a task YAML)")
        }
    }.joined(separator: ", or ")

    @Test(arguments: [
        (
            "train.jsonl", "{\"words\": [\"a\"], \"tags\": [\"B\"]}\n",
            "d/train.jsonl:1: columns 'tags', 'words' do not match a kind of task; expected \(Self.forms); "
                + "write a task YAML that maps the columns under fields"
        ),
        (
            "train.jsonl", "{\"sentence\": \"a\", \"label\": 1}\n",
            "d/train.jsonl:1: columns 'label', 'sentence' do not match a kind of task; expected \(Self.forms); "
                + "write a task YAML that maps the columns under fields"
        ),
        ("train.jsonl", "\n\n", "d/train.jsonl: no rows; expected one row per example"),
        (
            "train.csv", "text;label\na;1\n",
            "d/train.csv:2: columns 'text;label' do not match a kind of task; expected \(Self.forms); "
                + "if that is the delimiter, set delimiter: ';' in a "
                + "task YAML, or write a task YAML that maps the columns under fields"
        ),
        (
            "notes.txt", "",
            "d: no train, dev or test file (found 'notes.txt'); expected train.jsonl, dev.jsonl (or validation.jsonl) and "
                + "test.jsonl; .json, .csv, .tsv, .conll and .conllu work too, each also with .gz"
        ),
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
        #expect(
            absent
                == "no.yaml: no such file or folder; expected a task YAML, or a folder with a train file, such as train.jsonl"
        )
        try scratch.write("d/train.jsonl", "")
        try scratch.write("d/train.csv", "")
        let twice = scratch.message { _ = try TaskDefinition.load(scratch.url.appendingPathComponent("d")) }
        #expect(
            twice
                == "d: both train.csv and train.jsonl are the train split; keep one, or name it under data in a task YAML"
        )
    }

    @Test(arguments: ["dev.csv", "validation.jsonl", "valid.tsv", "val.json", "Validation.CSV", "val.jsonl.gz"])
    func otherNamesOfTheDevSplit(name: String) throws {
        let scratch = try ScratchFolder()
        try scratch.write("d/train.jsonl", "{\"text\": \"a\", \"label\": 1}\n")
        try scratch.write("d/" + name, "")
        for other in ["train-2.jsonl", "notes.valid.jsonl", "devset.csv", "validation.txt"] {
            try scratch.write("d/" + other, "")
        }
        let definition = try TaskDefinition.load(scratch.url.appendingPathComponent("d"))
        #expect(definition.data == [.train: "train.jsonl", .dev: name])
        try scratch.write("d/dev.tsv", "")
        let twice = scratch.message { _ = try TaskDefinition.load(scratch.url.appendingPathComponent("d")) }
        #expect(twice.hasPrefix("d: both ") && twice.contains(name) && twice.contains("dev.tsv"), "\(twice)")
    }

    @Test func otherNamesOfTheDevSplitInAYAML() throws {
        let kind = "kind: text-classification\n"
        #expect(try parse(kind + "data: {train: a.csv, val: b.csv}\n").data == [.train: "a.csv", .dev: "b.csv"])
        #expect(
            message(kind + "data: {valid: a.csv, validation: b.csv}\n")
                == "t.yaml:2: data is two files of the dev split; expected one of dev, validation, valid, val")
    }

    @Test func aMapFromNumbersToNames() throws {
        let kind = "kind: text-classification\ndata: {train: a.csv}\n"
        let definition = try parse(kind + "labels: {1: pos, 0: neg, 2: pos}\n")
        #expect(definition.labels == ["neg", "pos"] && definition.labelNumbers == [0: "neg", 1: "pos", 2: "pos"])
        #expect(try parse(definition.yaml) == definition)
        #expect(
            message(kind + "labels: {a: neg, 1: pos}\n")
                == "t.yaml:3: labels is a map with 'a'; expected a map from different integers to names, such as "
                + "{0: neg, 1: pos}, or a list")
        #expect(message(kind + "labels: {1: neg, +1: pos}\n").contains("a map with '+1'"))
        #expect(message(kind + "labels: {0: neg, 1: [pos]}\n").contains("labels is a map with '1': a list"))
        #expect(message(kind + "labels: {0: neg, 1: neg}\n").contains("expected at least 2 different ones"))
    }

    @Test func howDataIsToBeRead() throws {
        let kind = "kind: text-classification\ndata: {train: a.csv, dev: b.jsonl}\n"
        let definition = try parse(
            kind + "quoting: none\ndelimiter: ';'\nencoding: ISO-8859-1\nheader: [id, text, label]\n")
        #expect(definition.reading.quoting == .none && definition.reading.delimiter == UInt8(ascii: ";"))
        #expect(definition.reading.encoding == .latin1 && definition.reading.header == .names(["id", "text", "label"]))
        #expect(try parse(definition.yaml) == definition)
        let tab = try parse(kind + "delimiter: tab\nheader: false\nquoting: standard\n")
        #expect(tab.reading.delimiter == 0x09 && tab.reading.header == .numbers && tab.reading.quoting == .standard)
        #expect(try parse(tab.yaml) == tab)
        #expect(try parse(kind + "header: true\n").reading == ReadingOptions())
        for (line, found) in [
            ("quoting: all", "quoting is 'all'; expected standard or none"),
            ("delimiter: ab", "delimiter is 'ab'; expected tab, or one ASCII character"),
            ("delimiter: x", "delimiter is 'x'; expected tab, or one ASCII character"),
            ("delimiter: '\"'", "delimiter is '\"'; expected tab, or one ASCII character"),
            ("encoding: ebcdic", "encoding is 'ebcdic'; expected one of utf-8, latin-1 (iso-8859-1), windows-1252"),
            ("header: maybe", "header is 'maybe'; expected true, false, or a list"),
            ("header: [a, a]", "header is a list in which 'a' appears twice"),
            ("header: []", "header is an empty list"),
        ] {
            #expect(message(kind + line + "\n").hasPrefix("t.yaml:3: " + found), "\(message(kind + line))")
        }
        #expect(
            message("kind: text-classification\ndata: {train: a.jsonl}\ndelimiter: ';'\n")
                == "t.yaml:3: delimiter is set; expected only .csv or .tsv files under data with this key")
    }

    @Test func aDataFileIsNoTask() throws {
        let scratch = try ScratchFolder()
        for name in ["train.jsonl", "x.csv", "y.json.gz"] {
            let file = try scratch.write(name, "{}")
            #expect(
                scratch.message { _ = try TaskDefinition.load(file) }
                    == "\(name): a data file, not a task; give its folder (with files named train, dev and test), or a YAML "
                    + "with kind: and data: {train: \(name)}")
        }
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
            if dice.next() % 3 == 0 {
                definition.reading.delimiter = Array(";|:\t #&*-!%@`".utf8).randomElement(using: &dice)
                definition.reading.header = .names(["a", pick() + "b"])
            }
            let back = try parse(definition.yaml)
            #expect(back == definition, "seed \(seed):\n\(definition.yaml)")
            #expect(back.yaml == definition.yaml, "seed \(seed)")
        }
    }
}
