import Files
import Foundation
import Testing

@testable import Text

/// What chat templates are refused for, and what they may take.
@Suite struct ChatTemplateTests {
    private func render(_ source: String, limits: TemplateLimits = TemplateLimits()) throws(TemplateError) -> String {
        var values = ChatTemplate.Values()
        values.others = [("name", .string("value")), ("list", .array([.integer(1), .integer(2)]))]
        return try ChatTemplate(source, limits: limits).render([], values)
    }

    private func message(_ source: String, limits: TemplateLimits = TemplateLimits()) -> String {
        do throws(TemplateError) { return "no error: \(try render(source, limits: limits).prefix(80))" } catch {
            return error.description
        }
    }

    /// The place, by line and column, and the name of what is refused.
    @Test(arguments: [
        ("{% if name %}", "line 1, column 14: found the end of the template, expected 'elif' or 'else' or 'endif'"),
        ("a\n  {{ name", "line 2, column 10: found the end of the template, expected '}}'"),
        ("{{ name + }}", "line 1, column 11: found '}}', expected an expression"),
        ("{{ (name }}", "line 1, column 10: found '}', expected ')'"), ("{{ name) }}", "column 8: found ')'"),
        ("{{ 'text }}", "column 4: found a string"), ("{% %}", "found '%}', expected a name"),
        ("{% whatever %}", "found 'whatever', expected a statement"), ("{# never closed", "column 1: found '{#'"),
        ("{% raw %} never closed", "found 'raw'"), ("{% endif %}", "found 'endif', expected a statement"),
        ("{% for x in list %}{% endif %}", "found 'endif', expected a statement"),
        ("{% break %}", "found 'break' outside of a loop"), ("{% set none = 1 %}", "found 'none'"),
        ("{{ a b }}", "found 'b', expected '}}'"), ("{{ f(a=1, 2) }}", "an argument with a name"),
        ("{% macro m(a=1, b) %}{% endmacro %}", "'=' and a value"), ("{{ $ }}", "found '$'"),
        ("{% include 'x' %}", "column 1: {% include %} is not supported"), ("{% do x %}", "{% do %} is not supported"),
        ("{% call m() %}{% endcall %}", "{% call %} is not"), ("{% block b %}{% endblock %}", "{% block %} is not"),
        ("{% filter wordwrap %}{% endfilter %}", "column 11: the filter 'wordwrap' is not"),
        ("{% for x in list recursive %}{% endfor %}", "a recursive loop is not"),
        ("\n{{ name | wordwrap }}", "line 2, column 11: the filter 'wordwrap' is not supported"),
        ("{{ list | map('wordwrap') }}", "the filter 'wordwrap' is not"),
        ("{{ name is escaped }}", "the test 'escaped' is not"),
        ("{{ name.format(1) }}", "the method 'format' of a text is not"),
        ("{{ list.append(3) }}", "'append' of a list is not"),
        ("{{ {}.update(a=1) }}", "'update' of an object is not"), ("{{ '%s' % 1 }}", "formatting with '%' is not"),
        ("{{ name[1, 2] }}", "an index of several values is not"),
        ("{{ range(*list) }}", "an argument with '*' is not"),
        ("{{ '\\N{DASH}' }}", "the escape \\N in a string is not"), ("{{ 99999999999999999999 }}", "the number 9999"),
        ("{{ name | tojson(x=1) }}", "the argument 'x' of 'tojson' is not"),
        ("{{ range }}", "writing a function as text is not"),
        ("{% set n = namespace() %}{{ n }}", "writing a namespace as text is not"),
        ("{{ self }}", "'self' is not supported"),
        ("{{ loop.x.y }}", "column 8: 'loop', which is undefined has no 'x'"),
        ("{{ nothing.x }}", "'nothing', which is undefined has no 'x'"),
        ("{{ nothing() }}", "'nothing', which is undefined cannot"),
        ("{{ name() }}", "a text is no function"), ("{{ 1 + 'a' }}", "'+' of a number and a text"),
        ("{{ 1 / 0 }}", "a division by 0"), ("{{ 1 % 0 }}", "a division by 0"), ("{{ 1 < 'a' }}", "have no order"),
        ("{{ 9223372036854775807 + 1 }}", "a number over 2^63"), ("{{ 2 ** 64 }}", "a number over 2^63"),
        ("{{ 3 in 'abc' }}", "'in' of a number and a text"),
        ("{% for x in 3 %}{% endfor %}", "a number has no elements"),
        ("{% set a, b = [1] %}", "1 values for 2 names"), ("{% set name.x = 1 %}", "'name' is no namespace"),
        ("{{ 'a'.split('') }}", "an empty separator"), ("{{ nothing | tojson }}", "as JSON"),
        ("{{ {[]: 1} }}", "the key of an object"),
        ("{{ raise_exception('Only\nusers!') }}", "column 19: the template refuses the messages: Only\u{FFFD}users!"),
        ("{{ range(1, 2, 0) }}", "steps of 0"), ("{{ name[::0] }}", "steps of 0"),
        ("{{ strftime_now('%d') }}", "cannot be called"),
    ])
    func namesWhatIsRefused(_ source: String, _ expected: String) {
        let text = message(source)
        #expect(text.hasPrefix("chat template: line ") && text.contains(expected) && !text.contains("\n"), "\(text)")
    }

    @Test func theDateIsGiven() throws {
        var values = ChatTemplate.Values()
        values.date = TemplateDate(year: 2024, month: 2, day: 29, hour: 15, minute: 4, second: 5)
        let source = "{{ strftime_now('%d %b %Y|%B %A %a %j|%y-%m|%H:%M:%S %I %p|%%') }}{{ strftime_now is defined }}"
        #expect(
            try ChatTemplate(source).render([], values)
                == "29 Feb 2024|February Thursday Thu 060|24-02|15:04:05 03 PM|%True")
        #expect(try render("{{ strftime_now is defined }}") == "False")
    }

    /// Templates that want to take everything: one line, soon, and with little memory.
    @Test(arguments: [
        "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
        "{% for a in range(100000) %}{% for b in range(100000) %}x{% endfor %}{% endfor %}",
        "{% set n = namespace(t='xxxxxxxx') %}{% for a in range(64) %}{% set n.t = n.t ~ n.t %}{% endfor %}",
        "{% set n = namespace(t='xxxxxxxx') %}{% for a in range(64) %}{% set n.t = n.t * 1000 %}{% endfor %}",
        "{% set n = namespace(t=[1]) %}{% for a in range(64) %}{% set n.t = n.t + n.t %}{% endfor %}",
        "{% set n = namespace(t=[1]) %}{% for a in range(64) %}{% set n.t = [n.t, n.t] %}{% endfor %}{{ n.t }}",
        "{% set n = namespace(t=[1]) %}{% for a in range(65) %}{% set n.t = [n.t, n.t] %}{% endfor %}{{ n.t | tojson }}",
        "{% set n = namespace(t=1) %}{% for a in range(63) %}{% set n.t = {1: n.t, 2: n.t} %}{% endfor %}{{ n.t == n.t }}",
        "{% set x = ['\\u0001' * 1000000] %}{{ (x * 16) | tojson }}",
        "{{ ([1] * 100000) | tojson(separators=('x' * 1000000, ':')) }}",
        "{% set n = namespace(t=[1]) %}{% for a in range(99999) %}{% set n.t = [n.t] %}{% endfor %}",
        "{% set n = namespace(t={}) %}{% for a in range(99999) %}{% set n.t = {1: n.t} %}{% endfor %}",
        "{% set n = namespace(t='ab') %}{% for a in range(64) %}{% set n.t = n.t | replace('a', n.t) %}{% endfor %}",
        "{% set n = namespace(t='ab') %}{% for a in range(64) %}{% set n.t = n.t.join([n.t, n.t, n.t]) %}{% endfor %}",
        "{{ 'x' * 999999999999 }}", "{{ [1] * 999999999999 }}", "{{ 'x' * 9223372036854775807 }}",
        "{{ range(999999999999) }}", "{{ range(-9223372036854775807, 9223372036854775807) }}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
        "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(40) }}",
        "{% set a = 'a' * 4000000 %}{% set b = 'a' * 2000000 ~ 'b' %}{% for i in range(1000) %}{{ b in a }}{% endfor %}",
        "{% set l = range(20000) | list %}{% for i in l %}{{ i in l }}{% endfor %}",
        "{{ range(90000) | unique | list | length }}",
        "{{ [range(50000) | list] * 1000 | length }}{{ ([range(50000) | list] * 1000) | tojson }}",
        "{{ ('x\\n' * 1000000) | indent(100000) }}",
        "{% for i in range(100000) %}{{ range(100000) | sort | first }}{% endfor %}",
        "{% set n = namespace(t='') %}{% for a in range(99999) %}{% set n.t = n.t ~ 'xxxxxxxxxxxxxxxx' %}{% endfor %}{% for a in range(99999) %}{{ n.t }}{% endfor %}",
    ])
    func takesNoMoreThanAllowed(_ source: String) {
        // Of this thread alone: the others have work of their own
        let start = Self.processorSeconds()
        let text = message(source)
        #expect(text.hasPrefix("chat template: line 1, column "), "\(text)")
        #expect(Self.processorSeconds() - start < 10, "\(Self.processorSeconds() - start) s: \(source)")
    }

    private static func processorSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    /// Deep sources, on the small stack of a thread.
    @Test func deepSourcesAreRefused() {
        let deep: [String] = [
            String(repeating: "(", count: 200) + "1" + String(repeating: ")", count: 200),
            String(repeating: "[", count: 250) + String(repeating: "]", count: 250),
            String(repeating: "not ", count: 10_000) + "1", String(repeating: "-", count: 10_000) + "1",
            "1" + String(repeating: " + 1", count: 100_000), "a" + String(repeating: ".b", count: 100_000),
            "a" + String(repeating: "[0]", count: 100_000), "a" + String(repeating: "()", count: 100_000),
            "1" + String(repeating: " | abs", count: 100_000), "1" + String(repeating: " if 1 else 1", count: 10_000),
            "1" + String(repeating: " is defined", count: 10_000), "1" + String(repeating: " or 1", count: 100_000),
        ]
        var sources = deep.map { "{{ \($0) }}" }
        sources.append(String(repeating: "{% if 1 %}", count: 10_000))
        sources.append(String(repeating: "{% for a in b %}", count: 10_000))
        sources.append("{% set " + String(repeating: "(", count: 250) + "a %}")
        for source in sources { #expect(message(source).hasPrefix("chat template: line 1"), "\(source.prefix(60))") }
        var limits = TemplateLimits()
        limits.source = 100
        #expect(message(String(repeating: " ", count: 101), limits: limits).contains("101 bytes of template, over 100"))
        // As deep as is allowed works, and on a small stack
        let allowed =
            "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{% endif %}{{ " + String(repeating: "(1 + ", count: 30) + "1"
            + String(repeating: ")", count: 30) + " }}{% endmacro %}{{ m(20) | length }}"
        let box = Box()
        let thread = Thread { box.set(message(allowed)) }
        // A third of it is used; sanitizers need more
        thread.stackSize = 1 << 20
        thread.start()
        #expect(box.wait() == "no error: 42")
    }

    private final class Box: @unchecked Sendable {
        // @unchecked: the condition guards the value
        private let condition = NSCondition()
        private var value: String?

        func set(_ value: String) {
            condition.withLock { self.value = value }
            condition.signal()
        }

        func wait() -> String {
            condition.lock()
            defer { condition.unlock() }
            while value == nil { condition.wait() }
            return value ?? ""
        }
    }

    /// Every beginning of a template, and changed bytes: text or one line.
    @Test func survivesChangedTemplates() throws {
        let fields = try Golden.fields(at: ChatTemplateParityTests.golden)
        var state: UInt64 = 7
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let telling = Array("{}%#-+|()[]'\"\\.,:=~*/ \nabx01é".unicodeScalars)
        let words = [
            "{% if a %}", "{% endif %}", "{{ a }}", "| tojson", "loop.", "is not ", "in ", "namespace(", "{% else %}",
            "[::-1]",
        ]
        var limits = TemplateLimits()
        limits.steps = 20_000
        limits.bytes = 1 << 16
        var values = ChatTemplate.Values()
        values.asksForAnswer = true
        let messages: [JSONValue] = [
            .object([("role", .string("user")), ("content", .string("a b"))]),
            .object([("role", .string("assistant")), ("content", .string("x"))]),
        ]
        var (taken, refused) = (0, 0)
        for value in try fields.requiredArray("templates") {
            guard case .array(let pair) = value else { continue }
            let source = Array(try ChatTemplateParityTests.text(pair[1]).unicodeScalars)
            for round in 0..<400 {
                var changed = source
                if round % 4 == 0 { changed = Array(changed.prefix(next(changed.count + 1))) }
                for _ in 0..<next(4) where !changed.isEmpty {
                    let at = next(changed.count)
                    switch next(4) {
                    case 0: changed[at] = telling[next(telling.count)]
                    case 1: changed.remove(at: at)
                    case 2: changed.insert(contentsOf: words[next(words.count)].unicodeScalars, at: at)
                    default: changed.insert(telling[next(telling.count)], at: at)
                    }
                }
                let text = String(String.UnicodeScalarView(changed))
                do throws(TemplateError) {
                    let made = try ChatTemplate(text, limits: limits).render(messages, values)
                    #expect(made.utf8.count <= limits.bytes)
                    taken += 1
                } catch {
                    #expect(!error.description.contains { $0.isNewline }, "\(error)")
                    refused += 1
                }
            }
        }
        #expect(taken > 500 && refused > 500, "\(taken) taken, \(refused) refused")
    }
}
