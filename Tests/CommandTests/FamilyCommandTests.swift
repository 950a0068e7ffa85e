import Foundation
import Testing

/// Folders of all families through the commands: XLM-R and RoBERTa, whose position table has two rows that no text reaches and
/// whose table of token types has one; DistilBERT, which has no such table; RoBERTa with vocab.json and merges.txt.
@Suite(.timeLimit(.minutes(10))) struct FamilyCommandTests {
    /// As XLM-R's tokenizer.json, with few tokens.
    private static let tokenizer: String = {
        let special = ["<s>", "<pad>", "</s>", "<unk>"]
        let letters = "abcdefghijklmnopqrstuvwxyz".map { String($0) }
        let tokens = special + ["▁", "▁gi", "▁lo", "▁ma"] + letters
        let vocabulary = tokens.enumerated().map { i, token in "[\"\(token)\", \(i < 4 ? 0 : i < 8 ? -2 : -4)]" }
        let added = special.enumerated().map { i, token in
            #"{"id": \#(i), "content": "\#(token)", "single_word": false, "lstrip": false, "rstrip": false, "#
                + #""normalized": false, "special": true}"#
        }
        func token(_ text: String) -> String { #"{"SpecialToken": {"id": "\#(text)", "type_id": 0}}"# }
        func sequence(_ name: String) -> String { #"{"Sequence": {"id": "\#(name)", "type_id": 0}}"# }
        let single = [token("<s>"), sequence("A"), token("</s>")].joined(separator: ", ")
        let pair = [single, token("</s>"), sequence("B"), token("</s>")].joined(separator: ", ")
        let specials = ["<s>": 0, "</s>": 2].sorted { $0.key < $1.key }.map {
            #""\#($0)": {"id": "\#($0)", "ids": [\#($1)], "tokens": ["\#($0)"]}"#
        }
        return #"""
            {"version": "1.0", "truncation": null, "padding": null, "added_tokens": [\#(added.joined(separator: ", "))],
             "normalizer": null, "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "add_prefix_space": true},
             "post_processor": {"type": "TemplateProcessing", "single": [\#(single)], "pair": [\#(pair)],
               "special_tokens": {\#(specials.joined(separator: ", "))}},
             "model": {"type": "Unigram", "unk_id": 3, "vocab": [\#(vocabulary.joined(separator: ", "))]}}
            """#
    }()

    @Test(arguments: ["xlm-roberta", "roberta", "distilbert", "roberta-bpe"]) func trainsAndPredicts(_ kind: String)
        throws
    {
        let lab = try Lab()
        let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Golden/families/\(kind)")
        try FileManager.default.copyItem(at: source, to: lab.folder.appendingPathComponent("model"))
        if kind != "roberta-bpe" { try lab.write("model/tokenizer.json", [Self.tokenizer]) }
        let texts = (0..<96).map { i in
            Lab.row(
                ["gi", "lo", "ma"][i % 3] + (i % 2 == 0 ? " \(Character("b")) zu" : " da \(i) ré"), Lab.labels[i % 3])
        }
        try lab.task("game", train: texts, dev: Array(texts.prefix(30)), test: Array(texts.suffix(30)))
        func run(_ words: [String], input: String = "") throws -> String {
            let run = try lab.run(words + ["--model", "@model"], input: input)
            try #require(run.status == 0, "\(words[0]): \(run.words)")
            return run.output
        }
        func accuracy(_ text: String) throws -> Double {
            let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
            let scores = (object?["dev"] ?? object?["metrics"]) as? [String: Any]
            return try #require(scores?["accuracy"] as? Double, "\(text)")
        }
        // Two thirds are what an adapter two wide makes of random weights; a third would be chance
        for (command, rate, least) in [("train-adapter", "3e-2", 0.5), ("finetune", "2e-3", 0.9)] {
            let trained = try run([
                command, "--task", "@game", "--epochs", "15", "--lr", rate, "--json", "--out", "@\(command).h5",
            ])
            #expect(try accuracy(trained) > least, "\(command): \(trained)")
            let tested = try run(["evaluate", "--task", "@game", "--bundle", "@\(command).h5", "--json"])
            #expect(try accuracy(tested) > least)
        }
        let long = "gi " + Array(repeating: "b", count: 300).joined(separator: " ")
        let labels = try run(["predict", "--bundle", "@finetune.h5"], input: "lo b zu\n\(long)\n\n")
        #expect(labels.split(separator: "\n").count == 3 && labels.contains(Lab.labels[1]), "\(labels)")
    }
}
