import Adapters
import Files
import Foundation
import Models
import Testing

@testable import Bundles

/// The README.md of exported folders.
@Suite struct ModelCardTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func card(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: folder.file(name).appendingPathComponent("README.md")), as: UTF8.self)
    }

    private func bundle() throws -> AdapterBundle {
        var bundle = try AdapterHubImport.read(folder: Golden.url(try #require(Golden.cases.first)))
        bundle.provenance.task = "re|views\n<b>"
        bundle.provenance.steps = 12
        bundle.provenance.license = "CC BY 4.0: see \"LICENSE\""
        bundle.provenance.metrics = #"{"reviews":{"accuracy":0.75,"examples":40,"metric":"accuracy"}}"#
        return bundle
    }

    @Test func tellsContentScoresAndLoading() throws {
        let bundle = try bundle()
        try AdapterHubExport.write(bundle, to: folder.file("out"))
        let text = try card("out")
        #expect(text.hasPrefix("---\nlibrary_name: adapter-transformers\ntags:\n- amalgam\n"), "\(text)")
        #expect(text.contains("\nlicense_name: \"CC BY 4.0: see \\\"LICENSE\\\"\"\n---\n"), "\(text)")
        #expect(text.contains("| trained on | re\\|views &lt;b> |"), "\(text)")
        #expect(text.contains("| reviews: accuracy | 0.75 |") && !text.contains("reviews: metric"))
        #expect(text.contains("| base model | \(bundle.base.name): bert, "))
        #expect(text.contains("model.load_adapter(\".\", use_safetensors=True"))
        for member in bundle.members { #expect(text.contains("| adapter \(member.name) | {")) }
        // The same bundle gives the same card
        try AdapterHubExport.write(bundle, to: folder.file("again"))
        #expect(try card("again") == text)
    }

    /// A card is replaced; what a person wrote stays.
    @Test func aPersonsReadmeStays() throws {
        var bundle = try bundle()
        try AdapterHubExport.write(bundle, to: folder.file("out"))
        bundle.provenance.steps = 13
        try AdapterHubExport.write(bundle, to: folder.file("out"))
        #expect(try card("out").contains("| 13, "))
        try Data("# Mine\n".utf8).write(to: folder.file("out").appendingPathComponent("README.md"))
        try AdapterHubExport.write(bundle, to: folder.file("out"))
        #expect(try card("out") == "# Mine\n")
    }

    @Test func peft() throws {
        let bundle = try ForeignImport.read(
            folder: PEFTTests.golden.appendingPathComponent("peft_all"), name: nil, model: nil
        ).bundle
        let warnings = try PEFTExport.write(bundle, to: folder.file("out"))
        let text = try card("out")
        #expect(text.contains("library_name: peft\n") && text.contains("- lora\n"))
        #expect(text.contains("model = peft.PeftModel.from_pretrained(model, \".\")\n"))
        #expect(!warnings.isEmpty && text.contains("## Notes\n\n- load it with transformers."), "\(text)")
    }
}
