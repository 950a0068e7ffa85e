import Testing

@testable import Reporting

struct TextTableTests {
    private var table: TextTable {
        var table = TextTable([.init("task"), .init("accuracy", .trailing), .init("what it says")])
        table.append(["使う", .init(".785", detail: "±.022", .strong), "plain words that are long enough to wrap"])
        table.append(["café", "1.000", "short"])
        return table
    }

    @Test func columnsLineUpWithWideCharacters() {
        let text = table.text()
        let expected = """
            task    accuracy  what it says
            ────  ──────────  ────────────────────────────────────────
            使う  .785 ±.022  plain words that are long enough to wrap
            café       1.000  short

            """
        #expect(text == expected)
    }

    @Test func boxOfEqualLines() {
        let lines = table.text(.box, on: Terminal(width: 50)).split(separator: "\n").map(String.init)
        #expect(Set(lines.map { DisplayWidth.of($0) }).count == 1)
        #expect(lines.allSatisfy { DisplayWidth.of($0) <= 50 })
        #expect(lines.first?.hasPrefix("┌") == true)
        let ascii = table.text(.box, on: Terminal(width: 50, unicode: false))
        #expect(ascii.hasPrefix("+--"))
        #expect(!ascii.contains("│"))
    }

    @Test func keepsWithinEveryWidthThatHasRoom() {
        for width in 17...70 {
            for style in [TextTable.Style.box, .columns] {
                let text = table.text(style, on: Terminal(width: width))
                let most = text.split(separator: "\n").map { DisplayWidth.of(String($0)) }.max() ?? 0
                #expect(most <= max(width, style == .box ? 19 : 13), "width \(width)")
            }
        }
    }

    @Test func numbersSurviveLongest() {
        let text = table.text(on: Terminal(width: 34))
        #expect(text.contains(".785 ±.022"))
        #expect(text.contains("1.000"))
    }

    @Test func emphasisOnlyWhereAllowed() {
        #expect(!table.text().contains("\u{1B}"))
        #expect(table.text(on: Terminal(ansi: true)).contains("\u{1B}[1m.785 ±.022\u{1B}[0m"))
    }

    @Test func escapeSequencesInDataAreHarmless() {
        var table = TextTable([.init("a")])
        table.append(["\u{1B}[31mred\u{202E}\u{7}"])
        #expect(!table.text().unicodeScalars.contains("\u{1B}"))
        #expect(!table.text().unicodeScalars.contains("\u{202E}"))
    }

    @Test func raggedAndEmpty() {
        #expect(TextTable([]).text() == "")
        #expect(TextTable([]).markdown() == "")
        var table = TextTable([.init("a"), .init("b")])
        table.append(["1"])
        table.append(["1", "2", "3"])
        table.rule()
        #expect(table.text(.box).contains("│ 1 │   │"))
        #expect(!table.text().contains("3"))
    }

    @Test func markdownEscapesAndAligns() {
        var table = TextTable([.init("name"), .init("n", .trailing)])
        table.append(["a|b <x> seq_bn *y*\nz", .init("1", .strong)])
        let lines = table.markdown().split(separator: "\n").map(String.init)
        #expect(lines.count == 3)
        #expect(lines[1].hasSuffix(":|") || lines[1].hasSuffix(": |"))
        #expect(lines[2].contains("a\\|b &lt;x&gt; seq_bn \\*y\\*<br>z"))
        #expect(lines[2].contains("**1**"))
    }

    @Test func transposedTwiceKeepsTheCells() {
        let turned = table.transposed()
        #expect(turned.columns.map(\.title) == ["task", "使う", "café"])
        #expect(turned.cell(0, 1).text == ".785")
        #expect(turned.transposed().cell(1, 1).text == "1.000")
    }
}

struct DisplayWidthTests {
    @Test func widths() {
        #expect(DisplayWidth.of("abc") == 3)
        #expect(DisplayWidth.of("日本") == 4)
        #expect(DisplayWidth.of("e\u{301}") == 1)
        #expect(DisplayWidth.of("👩‍👩‍👧") == 2)
        #expect(DisplayWidth.of("🇩🇪") == 2)
        #expect(DisplayWidth.of("❤\u{FE0F}") == 2)
        #expect(DisplayWidth.of("한") == 2)
        #expect(DisplayWidth.of("ﾊﾝ") == 2)
    }

    @Test func wrapping() {
        #expect(DisplayWidth.wrapped("one two three", to: 7) == ["one two", "three"])
        #expect(DisplayWidth.wrapped("abcdefgh ij", to: 3) == ["abc", "def", "gh", "ij"])
        #expect(DisplayWidth.wrapped("", to: 5) == [""])
        #expect(DisplayWidth.wrapped("日本語", to: 3) == ["日", "本", "語"])
        #expect(DisplayWidth.shortened("日本語です", to: 5) == "日本…")
        #expect(DisplayWidth.shortened("abc", to: 0) == "")
    }

    /// No width and no text may break the promise: every line fits, and no word is lost.
    @Test func wrappingProperty() {
        let seed: UInt64 = 20_261_124
        var state = seed
        func next(_ below: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % below
        }
        let alphabet: [Character] = ["a", "b", " ", "日", "é", "👍", "-", "\u{301}"]
        for _ in 0..<500 {
            let text = String((0..<next(40)).map { _ in alphabet[next(alphabet.count)] })
            let width = 2 + next(12)
            let lines = DisplayWidth.wrapped(text, to: width)
            #expect(lines.allSatisfy { DisplayWidth.of($0) <= width }, "seed \(seed): \(text)")
            let kept = lines.joined().filter { $0 != " " }
            #expect(kept == text.filter { $0 != " " }, "seed \(seed): \(text)")
        }
    }
}

struct TerminalTests {
    @Test func rules() {
        let plain = Terminal.of(isTerminal: false, columns: nil, environment: ["TERM": "xterm"])
        #expect(plain == Terminal(width: nil, ansi: false, unicode: true))
        let usual = Terminal.of(isTerminal: true, columns: 132, environment: ["TERM": "xterm", "LANG": "C"])
        #expect(usual == Terminal(width: 132, ansi: true, unicode: true))
        let quiet = Terminal.of(isTerminal: true, columns: nil, environment: ["TERM": "xterm", "NO_COLOR": "1"])
        #expect(quiet == Terminal(width: 80, ansi: false, unicode: true))
        let old = Terminal.of(
            isTerminal: true, columns: 80, environment: ["TERM": "dumb", "LC_ALL": "de_DE.ISO-8859-1"])
        #expect(old == Terminal(width: 80, ansi: false, unicode: false))
        #expect(Terminal.of(isTerminal: true, columns: 80, environment: ["COLUMNS": "-3"]).width == 80)
    }
}
