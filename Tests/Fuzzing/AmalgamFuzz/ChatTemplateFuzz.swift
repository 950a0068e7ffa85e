import Files
import Foundation

@testable import Text

/// A chat template and, behind a NUL, what it is given as JSON: an object with `messages` and other values.
enum ChatTemplateFuzz: FuzzedReader {
    static let name = "chattemplate"
    static let files = [
        "TemplateLexer", "TemplateParser", "TemplateParser+Expressions", "TemplateInterpreter",
        "TemplateInterpreter+Expressions", "TemplateOperators", "TemplateFilters", "TemplateElements", "TemplateChecks",
        "TemplateMethods",
        "TemplateStrings", "TemplateFunctions", "TemplateText", "TemplateValue", "ChatTemplate",
    ].map { "Text/Templates/\($0).swift" }
    static let tokens = words(
        "{% if ", "{% elif ", "{% else %}", "{% endif %}", "{% for m in messages %}", "{% endfor %}", "{% set x = ",
        "{% set x %}", "{% endset %}", "{% macro m(a, b=1) %}", "{% endmacro %}", "{{ m(1) }}", "{% with a = 1 %}",
        "{% endwith %}", "{% raw %}", "{% endraw %}", "{% break %}", "{% continue %}", "{% generation %}",
        "{% endgeneration %}", "{#", "#}", "{{-", "-}}", "{%-", "-%}", "+%}", "namespace(x=1)", "ns.x", "loop.last",
        "loop.cycle(1, 2)", "messages[0]['role']", "[::-1]", "[1:2]", "| tojson(indent=2)", "| trim", "| join(',')",
        "| map(attribute='role')", "| selectattr('role', 'equalto', 'user')", "| sort", "| unique", "| dictsort",
        "| replace('a', 'bb')", "| indent(3)", "| list", "| int", "| default('x', true)", " is defined", " is not none",
        " is divisibleby 2", " in ", " not in ", " and ", " or ", "not ", " ~ ", " ** ", " // ", " % ",
        "9223372036854775807",
        ".split('a')", ".items()", ".strip()", ".rsplit(none, 1)", ".find('a')", ".title()", "range(3)",
        "raise_exception('x')",
        "strftime_now('%d %b %Y')", "{'a': [1, 2.5]}", "(1,)", "'\\u00e9'", "é", "e\u{301}", "\u{0}{\"messages\":[]}")
    static let memory = (constant: 1 << 22, perByte: 1024)

    private static var limits: TemplateLimits {
        var limits = TemplateLimits()
        limits.steps = 20_000
        limits.bytes = 1 << 14
        return limits
    }

    private static var usual: [JSONValue] {
        [
            .object([("role", .string("user")), ("content", .string(" a b\nA é "))]),
            .object([
                ("role", .string("assistant")), ("content", .array([.integer(3), .number(1.5), .null, .bool(true)])),
            ]),
        ]
    }

    static func read(_ bytes: [UInt8]) throws -> () throws -> Void {
        let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false).map { Array($0) }
        var values = ChatTemplate.Values()
        (values.first, values.last, values.asksForAnswer) = ("<s>", "</s>", true)
        values.date = TemplateDate(year: 2024, month: 2, day: 29)
        var messages = usual
        if parts.count > 1 {
            let given = try TextFile.object(parts[1], file: Invariants.file)
            messages = try given.array("messages") ?? usual
            values.others = given.members
        }
        do throws(TemplateError) {
            let template = try ChatTemplate(String(decoding: parts[0], as: UTF8.self), limits: limits)
            let text = try template.render(messages, values)
            Invariants.require(text.utf8.count <= limits.bytes, "\(text.utf8.count) bytes")
            return {
                Invariants.require(
                    try template.render(messages, values).utf8.elementsEqual(text.utf8), "another text the second time")
            }
        } catch {
            throw TextError.template(file: Invariants.file, error)
        }
    }
}
