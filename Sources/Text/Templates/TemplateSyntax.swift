/// A template as a tree. Every expression knows its place and how deep it is, so that no tree is deeper than the limit.
struct TemplateExpression {
    typealias Place = TemplateError.Place

    indirect enum Kind {
        case literal(TemplateValue)
        case name(String)
        case list([TemplateExpression], isTuple: Bool)
        case map([(key: TemplateExpression, value: TemplateExpression)])
        /// `a.b`
        case attribute(TemplateExpression, String)
        /// `a[b]`
        case item(TemplateExpression, TemplateExpression)
        case slice(
            TemplateExpression, start: TemplateExpression?, stop: TemplateExpression?,
            step: TemplateExpression?)
        case call(TemplateExpression, Arguments)
        case filter(TemplateExpression, String, Arguments)
        /// `a is b`
        case test(TemplateExpression, String, Arguments)
        case not(TemplateExpression)
        case negative(TemplateExpression)
        case positive(TemplateExpression)
        case and(TemplateExpression, TemplateExpression)
        case or(TemplateExpression, TemplateExpression)
        case binary(Operator, TemplateExpression, TemplateExpression)
        /// `a ~ b ~ c`
        case joined([TemplateExpression])
        /// `a < b < c`
        case comparison(TemplateExpression, [(Comparison, TemplateExpression)])
        case conditional(TemplateExpression, if: TemplateExpression, else: TemplateExpression?)
    }

    enum Operator: String {
        case add = "+"
        case subtract = "-"
        case multiply = "*"
        case divide = "/"
        case floorDivide = "//"
        case remainder = "%"
        case power = "**"
    }

    enum Comparison: String {
        case equal = "=="
        case unequal = "!="
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
        case isIn = "in"
        case isNotIn = "not in"
    }

    struct Arguments {
        var values: [TemplateExpression] = []
        var named: [(name: String, value: TemplateExpression)] = []

        var all: [TemplateExpression] { values + named.map(\.value) }
    }

    let kind: Kind
    let place: Place
    /// 1 for an expression without others in it.
    let depth: Int
}

/// What stands between texts.
indirect enum TemplateStatement {
    typealias Place = TemplateError.Place

    /// What `set` and `for` give values to.
    enum Target {
        case name(String)
        /// `a, b`
        case names([Target])
        /// `namespace.a`
        case attribute(String, String)
    }

    struct Loop {
        var target: Target
        var sequence: TemplateExpression
        var condition: TemplateExpression?
        var body: [TemplateStatement]
        /// Where the sequence is empty.
        var otherwise: [TemplateStatement]
    }

    struct Macro {
        var name: String
        var parameters: [(name: String, value: TemplateExpression?)]
        var body: [TemplateStatement]
    }

    /// A name that no template can write.
    static let captured = ""

    case text(String, Place)
    case output(TemplateExpression)
    case choice(
        [(condition: TemplateExpression, body: [TemplateStatement])], otherwise: [TemplateStatement],
        Place)
    case loop(Loop, Place)
    case set(Target, TemplateExpression, Place)
    /// What a body writes gets a name, or is written after filters: they take it from the name `captured`.
    case capture(Target?, TemplateExpression?, [TemplateStatement], Place)
    case macro(Macro, Place)
    case with([(Target, TemplateExpression)], [TemplateStatement], Place)
    case `break`(Place)
    case `continue`(Place)
}
