/// A report as a value: sections of words, tables and charts. HTML and Markdown are made from it.
package struct ReportPage: Sendable, Equatable {
    /// One thing on the page.
    package indirect enum Block: Sendable, Equatable {
        case paragraph(String)
        /// Smaller words below something: how to read it.
        case note(String)
        case verdicts([Verdict])
        /// Numbers to see first.
        case facts([Setting])
        case table(TextTable, caption: String)
        /// Charts side by side where there is room.
        case charts([Chart])
        /// Names and values.
        case settings([Setting])
        /// Folded away in HTML until asked for.
        case details(String, [Block])
    }

    /// A chart of any kind.
    package enum Chart: Sendable, Equatable {
        case dots(DotPlot)
        case lines(LineChart)
        case heat(HeatMap)
        case shares(ShareMap)
    }

    /// A part of the page with a heading.
    package struct Section: Sendable, Equatable {
        package var title: String
        package var blocks: [Block]

        package init(_ title: String, _ blocks: [Block]) {
            self.title = title
            self.blocks = blocks
        }
    }

    /// A small line above the title.
    package var kicker: String
    package var title: String
    /// Sentences under the title.
    package var summary: [String]
    package var sections: [Section]
    /// The last line of the page.
    package var footer: String

    package init(
        kicker: String = "", title: String, summary: [String] = [], sections: [Section] = [], footer: String = ""
    ) {
        self.kicker = kicker
        self.title = title
        self.summary = summary
        self.sections = sections
        self.footer = footer
    }
}

/// A name and its value, both as text.
package struct Setting: Sendable, Equatable, Codable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// A finding in words.
package struct Verdict: Sendable, Equatable, Codable {
    /// What kind of finding it is, for the mark before it.
    package enum Kind: String, Sendable, Codable {
        /// Something is better beyond the noise.
        case better
        /// The two are not distinguishable.
        case same
        /// Something is worse beyond the noise, or a claim did not hold.
        case worse
        /// Neither: a remark.
        case note

        func mark(unicode: Bool) -> String {
            switch self {
            case .better: unicode ? "▲" : "+"
            case .same: unicode ? "≈" : "="
            case .worse: unicode ? "▼" : "-"
            case .note: unicode ? "•" : "*"
            }
        }
    }

    package var kind: Kind
    package var text: String

    package init(_ kind: Kind, _ text: String) {
        self.kind = kind
        self.text = text
    }
}
