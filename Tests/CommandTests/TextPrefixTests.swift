import Foundation
import Testing

/// A model's folder may say what stands before each text; then nobody needs to know it.
@Suite(.timeLimit(.minutes(5))) struct TextPrefixTests {
    @Test func theModelsOwnIsTheDefault() throws {
        let lab = try Lab()
        try lab.task("game", seed: 1)
        func train(_ out: String, _ arguments: [String]) throws -> Data {
            let run = try lab.run(
                ["train-adapter", "--model", "@tiny", "--task", "@game", "--out", "@\(out)", "--epochs", "1"]
                    + arguments)
            try #require(run.status == 0, "\(run.words)")
            return try lab.data(out)
        }
        let plain = try train("plain.h5", [])
        let given = try train("given.h5", ["--text-prefix", "ba be: "])
        #expect(plain != given)
        let settings = "tiny/config_sentence_transformers.json"
        try lab.write(settings, [#"{"prompts": {"q": "ba be: ", "p": "bo: "}, "default_prompt_name": "q"}"#])
        #expect(try train("own.h5", []) == given)
        #expect(try train("none.h5", ["--text-prefix", ""]) == plain)
        try lab.write(settings, [#"{"prompts": {}, "default_prompt_name": "q"}"#])
        let wrong = try lab.run(
            ["train-adapter", "--model", "@tiny", "--task", "@game", "--out", "@wrong.h5", "--epochs", "1"])
        #expect(wrong.status == 65, "\(wrong.words)")
        #expect(wrong.errors.contains("config_sentence_transformers.json: prompts: found no text named \"q\""))
    }
}
