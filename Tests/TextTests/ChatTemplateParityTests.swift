import Files
import Foundation
import Testing

@testable import Text

/// Chat templates against `transformers` (Tests/Golden/chat_template_golden.py).
@Suite struct ChatTemplateParityTests {
    static let golden = Golden.folder.deletingLastPathComponent().appendingPathComponent("chat_templates.json")

    private static func objects(_ value: JSONValue) throws -> [JSONValue] {
        guard case .array(let values) = value else { throw Golden.Malformed(file: "chat_templates.json") }
        return values
    }

    static func text(_ value: JSONValue) throws -> String {
        guard case .string(let text) = value else { throw Golden.Malformed(file: "chat_templates.json") }
        return text
    }

    /// SmolLM2's and ten others; what the reference refuses is refused here too.
    @Test func conversationsAreTheReferences() throws {
        let fields = try Golden.fields(at: Self.golden)
        let templates = try fields.requiredArray("templates").map { value in
            let pair = try Self.objects(value)
            return (name: try Self.text(pair[0]), template: try ChatTemplate(Self.text(pair[1])))
        }
        #expect(templates.count == 11)
        let cases = try fields.requiredArray("cases")
        var (refused, written) = (0, Set<String>())
        for value in cases {
            let parts = try Self.objects(value)
            guard case .integer(let index) = parts[0], case .object(let given) = parts[2] else {
                throw Golden.Malformed(file: "chat_templates.json")
            }
            let (name, template) = templates[index]
            var values = ChatTemplate.Values()
            (values.first, values.last) = ("<s>", "</s>")
            for (key, value) in given {
                switch (key, value) {
                case ("add_generation_prompt", .bool(let flag)): values.asksForAnswer = flag
                case ("tools", .array(let tools)): values.tools = tools
                default: values.others.append((key, value))
                }
            }
            let messages = try Self.objects(parts[1])
            if case .string(let expected) = parts[3] {
                let made = try template.render(messages, values)
                #expect(made.utf8.elementsEqual(expected.utf8), "\(name): \(parts[1].json)\n\(made)\n\(expected)")
                written.insert(name)
            } else {
                let error = #expect(throws: TemplateError.self, "\(name): \(parts[1].json)") {
                    _ = try template.render(messages, values)
                }
                #expect(error.map { !"\($0)".contains("\n") && "\($0)".contains("line ") } == true)
                refused += 1
            }
        }
        #expect(cases.count > 150 && refused > 5 && written.count == templates.count)
    }

    /// Some four hundred expressions and statements.
    @Test func partsOfTheLanguageAreTheReferences() throws {
        let fields = try Golden.fields(at: Self.golden)
        var values = ChatTemplate.Values()
        values.others = try fields.requiredObject("names").members
        let parts = try fields.requiredArray("parts")
        #expect(parts.count > 400)
        for value in parts {
            let pair = try Self.objects(value)
            let (source, expected) = (try Self.text(pair[0]), try Self.text(pair[1]))
            do {
                let made = try ChatTemplate(source).render([], values)
                #expect(
                    made.utf8.elementsEqual(expected.utf8),
                    "\(source): \(made.debugDescription), \(expected.debugDescription)")
            } catch {
                Issue.record("\(source): \(error), expected \(expected.debugDescription)")
            }
        }
    }
}
