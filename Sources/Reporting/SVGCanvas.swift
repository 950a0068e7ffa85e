import Foundation

/// Collects the elements of one picture. Only text and numbers go in; text is escaped here, once.
struct SVGCanvas {
    /// Where a text stands about its point.
    enum Anchor: String { case start, middle, end }

    let width: Double
    let height: Double
    private(set) var body = ""

    init(width: Double, height: Double) {
        self.width = width
        self.height = height
    }

    mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String) {
        add("line", "x1=\"\(n(x1))\" y1=\"\(n(y1))\" x2=\"\(n(x2))\" y2=\"\(n(y2))\" class=\"\(style)\"")
    }

    mutating func rectangle(_ x: Double, _ y: Double, _ width: Double, _ height: Double, _ style: String) {
        let size = "width=\"\(n(max(0, width)))\" height=\"\(n(max(0, height)))\""
        add("rect", "x=\"\(n(x))\" y=\"\(n(y))\" \(size) class=\"\(style)\"")
    }

    mutating func circle(_ x: Double, _ y: Double, _ radius: Double, _ style: String) {
        add("circle", "cx=\"\(n(x))\" cy=\"\(n(y))\" r=\"\(n(radius))\" class=\"\(style)\"")
    }

    mutating func diamond(_ x: Double, _ y: Double, _ radius: Double, _ style: String) {
        let path =
            "M\(n(x)) \(n(y - radius))L\(n(x + radius)) \(n(y))L\(n(x)) \(n(y + radius))L\(n(x - radius)) \(n(y))Z"
        add("path", "d=\"\(path)\" class=\"\(style)\"")
    }

    /// An arrow to the left: what it stands for lies beyond the picture.
    mutating func arrow(_ x: Double, _ y: Double, _ size: Double, _ style: String) {
        let path = "M\(n(x)) \(n(y))L\(n(x + size * 1.4)) \(n(y - size))V\(n(y + size))Z"
        add("path", "d=\"\(path)\" class=\"\(style)\"")
    }

    mutating func polyline(_ points: [(x: Double, y: Double)], _ style: String) {
        guard points.count > 1 else { return }
        let list = points.map { "\(n($0.x)),\(n($0.y))" }.joined(separator: " ")
        // fill stands here too: a viewer without CSS variables would fill the curve black.
        add("polyline", "points=\"\(list)\" fill=\"none\" class=\"\(style)\"")
    }

    mutating func text(_ x: Double, _ y: Double, _ text: String, _ anchor: Anchor = .start, _ style: String = "") {
        let mark = style.isEmpty ? "" : " class=\"\(style)\""
        let place = anchor == .start ? "" : " text-anchor=\"\(anchor.rawValue)\""
        body += "<text x=\"\(n(x))\" y=\"\(n(y))\"\(place)\(mark)>\(Markup.escaped(text))</text>\n"
    }

    /// A text that rises to the right from its point.
    mutating func slantedText(_ x: Double, _ y: Double, _ text: String, _ style: String) {
        let place = "x=\"\(n(x))\" y=\"\(n(y))\" transform=\"rotate(-50 \(n(x)) \(n(y)))\""
        body += "<text \(place) class=\"\(style)\">\(Markup.escaped(text))</text>\n"
    }

    /// The picture.
    /// - Parameters:
    ///   - description: what a screen reader says
    ///   - standalone: with its own style sheet and background, for a file; otherwise for a page that has both
    func svg(description: String, standalone: Bool) -> String {
        let size = "viewBox=\"0 0 \(n(width)) \(n(height))\""
        let fixed =
            standalone ? " width=\"\(n(width))\" height=\"\(n(height))\" xmlns=\"http://www.w3.org/2000/svg\"" : ""
        var text = "<svg class=\"chart\" role=\"img\" \(size)\(fixed)>\n<title>\(Markup.escaped(description))</title>\n"
        if standalone {
            text += "<style>\(SVGCanvas.style)</style>\n"
            text += "<rect width=\"\(n(width))\" height=\"\(n(height))\" class=\"paper\" fill=\"#ffffff\"/>\n"
        }
        return text + body + "</svg>\n"
    }

    /// About how wide a text is drawn, in the units of the picture.
    static func textWidth(_ text: String, size: Double) -> Double {
        text.reduce(0) { sum, character in
            let columns = DisplayWidth.of(character)
            let narrow = "iljtfr.,:;'|!()[]/ ".contains(character)
            return sum + (columns == 2 ? 1 : columns == 0 ? 0 : narrow ? 0.38 : character.isUppercase ? 0.7 : 0.6)
                * size
        }
    }

    private mutating func add(_ name: String, _ attributes: String) { body += "<\(name) \(attributes)/>\n" }

    private func n(_ value: Double) -> String {
        guard value.isFinite else { return "0" }
        let text = String(format: "%.1f", value)
        if text == "-0.0" { return "0" }
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    /// How many colours there are for series; numbers beyond begin again.
    static let colours = 8

    static func colour(_ index: Int) -> String { "c\(((index % colours) + colours) % colours)" }

    /// Light and dark; distinguishable for people who do not see all colors (blue, orange, green, violet first).
    static let style = """
        .chart{--ink:#1c2530;--soft:#5b6776;--grid:#e3e7ec;--paper:#fff;--c0:#1f6fc4;--c1:#d1540a;--c2:#1d8a5a;\
        --c3:#7b4fc9;--c4:#0e8296;--c5:#b98a00;--c6:#c23a6b;--c7:#7b8794;\
        font:13px/1 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;\
        font-variant-numeric:tabular-nums}
        @media(prefers-color-scheme:dark){.chart{--ink:#e6eaf0;--soft:#98a4b3;--grid:#2c343f;--paper:#12161c;\
        --c0:#6cb0f5;--c1:#f79a5c;--c2:#5fc997;--c3:#b79bf2;--c4:#56c3d6;--c5:#e6c04a;--c6:#f084a9;--c7:#8e9aa8}}
        @media print{.chart{--ink:#000;--soft:#444;--grid:#ddd;--paper:#fff;--c0:#1f6fc4;--c1:#d1540a;--c2:#1d8a5a;\
        --c3:#7b4fc9;--c4:#0e8296;--c5:#b98a00;--c6:#c23a6b;--c7:#7b8794}}
        .chart text{fill:var(--ink)}.chart .soft{fill:var(--soft)}.chart .small{font-size:11.5px}
        .chart .head{font-weight:650}.chart .grid{stroke:var(--grid);stroke-width:1}
        .chart .mark{stroke:var(--soft);stroke-width:1;stroke-dasharray:3 3}.chart .paper{fill:var(--paper)}
        .chart .c0{--c:var(--c0)}.chart .c1{--c:var(--c1)}.chart .c2{--c:var(--c2)}.chart .c3{--c:var(--c3)}
        .chart .c4{--c:var(--c4)}.chart .c5{--c:var(--c5)}.chart .c6{--c:var(--c6)}.chart .c7{--c:var(--c7)}
        .chart .fill{fill:var(--c)}.chart .open{fill:var(--paper);stroke:var(--c);stroke-width:2}
        .chart .bar{stroke:var(--c);stroke-width:2;opacity:.55}.chart .band{fill:var(--c);opacity:.1}
        .chart .curve{fill:none;stroke:var(--c);stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
        .chart .heat{fill:var(--c)}.chart .h0{fill:var(--grid);opacity:.45}.chart .h1{opacity:.16}.chart .h2{opacity:.27}\
        .chart .h3{opacity:.38}.chart .h4{opacity:.5}.chart .h5{opacity:.64}.chart .h6{opacity:.76}.chart .h7{opacity:.88}\
        .chart .on{fill:var(--paper)}
        .chart .dash1{stroke-dasharray:7 4}.chart .dash2{stroke-dasharray:2 4}.chart .dash3{stroke-dasharray:9 3 2 3}
        """
}
