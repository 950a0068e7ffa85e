extension ReportPage {
    /// The page as one HTML file: nothing is fetched, nothing runs; for phone, desk and paper, light and dark.
    package func html() -> String {
        var text = """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
            <title>\(Markup.escaped(title))</title>
            <style>
            \(ReportPage.style)
            \(SVGCanvas.style)
            </style>
            </head>
            <body>
            <header>

            """
        if !kicker.isEmpty { text += "<p class=\"kicker\">\(Markup.escaped(kicker))</p>\n" }
        text += "<h1>\(Markup.escaped(title))</h1>\n"
        for sentence in summary { text += "<p class=\"lead\">\(Markup.escapedLines(sentence))</p>\n" }
        let anchors = self.anchors()
        if sections.count > 2 {
            text += "<nav aria-label=\"Sections\">"
            for (section, anchor) in zip(sections, anchors) {
                text += "<a href=\"#\(anchor)\">\(Markup.escaped(section.title))</a> "
            }
            text += "</nav>\n"
        }
        text += "</header>\n<main>\n"
        for (section, anchor) in zip(sections, anchors) {
            text += "<section id=\"\(anchor)\">\n<h2>\(Markup.escaped(section.title))</h2>\n"
            text += section.blocks.map(html).joined() + "</section>\n"
        }
        text += "</main>\n"
        if !footer.isEmpty { text += "<footer>\(Markup.escapedLines(footer))</footer>\n" }
        return text + "</body>\n</html>\n"
    }

    /// One name a section, none twice.
    private func anchors() -> [String] {
        var seen: Set<String> = []
        return sections.map { section in
            let name = Markup.anchor(section.title)
            var unique = name
            var number = 2
            while !seen.insert(unique).inserted {
                unique = "\(name)-\(number)"
                number += 1
            }
            return unique
        }
    }

    private func html(_ block: Block) -> String {
        switch block {
        case .paragraph(let words): return "<p>\(Markup.escapedLines(words))</p>\n"
        case .note(let words): return "<p class=\"note\">\(Markup.escapedLines(words))</p>\n"
        case .verdicts(let verdicts):
            let items = verdicts.map { verdict in
                let mark = "<span aria-hidden=\"true\">\(verdict.kind.mark(unicode: true))</span>"
                return
                    "<li class=\"is-\(verdict.kind.rawValue)\">\(mark)<p>\(Markup.escapedLines(verdict.text))</p></li>\n"
            }
            return "<ul class=\"verdicts\">\n\(items.joined())</ul>\n"
        case .facts(let facts): return list(facts, style: "facts")
        case .settings(let settings): return list(settings, style: "settings")
        case .table(let table, let caption): return table.html(caption: caption)
        case .charts(let charts):
            let figures = charts.map { chart in
                let picture =
                    switch chart {
                    case .dots(let plot): plot.svg(standalone: false)
                    case .lines(let lines): lines.svg(standalone: false)
                    case .heat(let map): map.svg(standalone: false)
                    case .shares(let map): map.svg(standalone: false)
                    }
                return "<figure>\(picture)</figure>\n"
            }
            return "<div class=\"charts\">\n\(figures.joined())</div>\n"
        case .details(let title, let blocks):
            return "<details><summary>\(Markup.escaped(title))</summary>\n\(blocks.map(html).joined())</details>\n"
        }
    }

    private func list(_ settings: [Setting], style: String) -> String {
        let pairs = settings.map { setting in
            "<div><dt>\(Markup.escaped(setting.name))</dt><dd>\(Markup.escapedLines(setting.value))</dd></div>\n"
        }
        return "<dl class=\"\(style)\">\n\(pairs.joined())</dl>\n"
    }

    private static let style = """
        :root{--ink:#1c2530;--soft:#5b6776;--line:#dfe4ea;--paper:#fff;--tint:#f5f7f9;--accent:#1f6fc4;\
        --good:#1d8a5a;--bad:#c2410c}
        @media(prefers-color-scheme:dark){:root{--ink:#e6eaf0;--soft:#98a4b3;--line:#2c343f;--paper:#12161c;\
        --tint:#1a2028;--accent:#6cb0f5;--good:#5fc997;--bad:#f79a5c}}
        @media print{:root{--ink:#000;--soft:#444;--line:#ccc;--paper:#fff;--tint:#fff;--accent:#1f6fc4;\
        --good:#1d8a5a;--bad:#c2410c}}
        *{box-sizing:border-box}html{-webkit-text-size-adjust:100%;scroll-behavior:smooth}
        body{margin:0 auto;max-width:64rem;padding:2.5rem 1.25rem 4rem;background:var(--paper);color:var(--ink);\
        font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;\
        font-variant-numeric:tabular-nums}
        h1{font-size:clamp(1.6rem,1.1rem + 2.2vw,2.35rem);line-height:1.15;letter-spacing:-.015em;margin:.2rem 0 .9rem;\
        text-wrap:balance}
        h2{font-size:1.25rem;line-height:1.3;margin:3rem 0 .8rem;padding-top:.7rem;border-top:1px solid var(--line)}
        p{margin:.6rem 0;max-width:44rem;text-wrap:pretty;overflow-wrap:anywhere}
        .kicker{margin:0;color:var(--accent);font-size:.85rem;font-weight:650;letter-spacing:.04em}
        .lead{font-size:1.1rem}.note,caption,footer{color:var(--soft);font-size:.875rem}
        nav{display:flex;flex-wrap:wrap;gap:.25rem 1.1rem;margin-top:1.2rem;font-size:.9rem}
        a{color:var(--accent);text-underline-offset:.2em}
        nav a{text-decoration:none}nav a:hover{text-decoration:underline}
        .verdicts{list-style:none;margin:1rem 0;padding:0;display:grid;gap:.6rem}
        .verdicts li{display:flex;gap:.8rem;padding:.75rem 1rem;background:var(--tint);border-radius:.5rem;\
        border-left:4px solid var(--soft)}
        .verdicts p{margin:0}.verdicts span{flex:none;width:1.1em;text-align:center;color:var(--soft);font-weight:700}
        .verdicts .is-better{border-color:var(--good)}.verdicts .is-better span{color:var(--good)}
        .verdicts .is-worse{border-color:var(--bad)}.verdicts .is-worse span{color:var(--bad)}
        .verdicts .is-same{border-color:var(--accent)}.verdicts .is-same span{color:var(--accent)}
        .facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:1rem 1.5rem;margin:1.6rem 0 0}
        .facts div{display:flex;flex-direction:column-reverse;justify-content:flex-end}
        .facts dt{color:var(--soft);font-size:.85rem}.facts dd{margin:0;font-size:1.3rem;font-weight:650;line-height:1.25;\
        overflow-wrap:anywhere}
        .settings{margin:.5rem 0;font-size:.925rem}
        .settings div{display:grid;grid-template-columns:minmax(7rem,14rem) 1fr;gap:1rem;padding:.35rem 0;\
        border-bottom:1px solid var(--line)}
        .settings dt{color:var(--soft)}.settings dd{margin:0;overflow-wrap:anywhere}
        .charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,25rem),1fr));gap:2rem 2.5rem;\
        margin:1.2rem 0}
        figure{margin:0;break-inside:avoid}.chart{display:block;width:100%;height:auto;max-width:34rem;overflow:visible}
        .scroll{overflow-x:auto;margin:1rem 0 1.6rem}
        table{border-collapse:collapse;min-width:100%;font-size:.9rem;line-height:1.35}
        caption{caption-side:bottom;text-align:left;padding-top:.55rem}
        th,td{padding:.5rem .7rem;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
        th:first-child{padding-left:0;position:sticky;left:0;background:var(--paper)}
        td:last-child,th:last-child{padding-right:0}
        thead th{vertical-align:bottom;font-weight:600;color:var(--soft);font-size:.9em;line-height:1.25;\
        border-bottom:2px solid var(--line)}
        tbody th{font-weight:550;min-width:9.5rem}.n{text-align:right}td.n{white-space:nowrap}.m{text-align:center}
        td small{display:block;color:var(--soft);font-size:.85em}tbody th small{display:block;color:var(--soft);\
        font-weight:400;white-space:nowrap}td i{display:inline-block;width:.9em;text-align:right;font-style:normal;\
        color:var(--soft)}.dim{color:var(--soft)}.rule>*{border-top:2px solid var(--line)}
        details{border-bottom:1px solid var(--line);padding:.15rem 0}
        summary{cursor:pointer;padding:.55rem 0;font-weight:600}
        footer{margin-top:3rem;padding-top:1rem;border-top:1px solid var(--line)}
        :focus-visible{outline:2px solid var(--accent);outline-offset:3px;border-radius:2px}
        @media(max-width:34rem){body{padding-top:1.5rem}.settings div{grid-template-columns:1fr;gap:0}}
        @media print{html{font-size:10pt}body{max-width:none;padding:0;font-size:1rem}nav{display:none}h2{break-after:avoid;margin-top:1.6rem}\
        .scroll{overflow:visible}table{font-size:7.5pt}th,td{padding:.3rem .35rem}tbody th{min-width:0}tr,.verdicts li{break-inside:avoid}\
        .charts{grid-template-columns:1fr 1fr}details::details-content{content-visibility:visible;height:auto}}
        """
}
