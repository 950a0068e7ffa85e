import Files

/// A value of a template, with the behavior of Python's: what is true, what is equal, how it is written.
indirect enum TemplateValue {
    /// Nothing has this name; what messages call it.
    case undefined(String)
    case none
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case text(String)
    case list(TemplateList)
    case map(TemplateMap)
    /// The interpreter holds these, by their index.
    case namespace(Int)
    case macro(Int)
    /// A function that templates find by its name.
    case function(String)
    /// A method of a value: `text.strip`.
    case method(TemplateValue, String)
    case loop(TemplateLoop)

    /// From JSON, as the messages come. `JSONReader` has limited its depth.
    init(_ json: JSONValue) {
        switch json {
        case .null: self = .none
        case .bool(let value): self = .bool(value)
        case .integer(let value): self = .integer(value)
        case .number(let value): self = .number(value)
        case .string(let text): self = .text(text)
        case .array(let values): self = .list(TemplateList(values.map { TemplateValue($0) }))
        case .object(let members):
            self = .map(TemplateMap(members.map { (.text($0.key), TemplateValue($0.value)) }))
        }
    }

    /// How deep values lie in this one; 0 for one without any.
    var depth: Int {
        switch self {
        case .list(let list): list.depth
        case .map(let map): map.depth
        case .method(let value, _): value.depth + 1
        default: 0
        }
    }

    var isUndefined: Bool { if case .undefined = self { true } else { false } }

    var isTrue: Bool {
        switch self {
        case .undefined, .none: false
        case .bool(let value): value
        case .integer(let value): value != 0
        case .number(let value): value != 0
        case .text(let text): !text.isEmpty
        case .list(let list): !list.elements.isEmpty
        case .map(let map): !map.entries.isEmpty
        case .namespace, .macro, .function, .method, .loop: true
        }
    }

    /// The number of a number, true and false among them.
    var asNumber: Double? {
        switch self {
        case .bool(let value): value ? 1 : 0
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    var asInteger: Int? {
        switch self {
        case .bool(let value): value ? 1 : 0
        case .integer(let value): value
        default: nil
        }
    }

    /// What it is, for messages.
    var kind: String {
        switch self {
        case .undefined(let name): name.isEmpty ? "an undefined value" : "'\(name)', which is undefined"
        case .none: "none"
        case .bool: "true or false"
        case .integer, .number: "a number"
        case .text: "a text"
        case .list: "a list"
        case .map: "an object"
        case .namespace: "a namespace"
        case .macro, .function, .method: "a function"
        case .loop: "a loop"
        }
    }

    /// Python's `==`.
    func equals(_ other: TemplateValue) -> Bool {
        if let a = asInteger, let b = other.asInteger { return a == b }
        if let a = asNumber, let b = other.asNumber { return a == b }
        switch (self, other) {
        case (.none, .none): return true
        case (.undefined, .undefined): return true
        case (.text(let a), .text(let b)): return a.utf8.elementsEqual(b.utf8)
        case (.list(let a), .list(let b)):
            return a.form == b.form && a.elements.count == b.elements.count
                && zip(a.elements, b.elements).allSatisfy { $0.equals($1) }
        case (.map(let a), .map(let b)):
            return a.entries.count == b.entries.count
                && a.entries.allSatisfy { entry in b[entry.key].map { $0.equals(entry.value) } ?? false }
        case (.namespace(let a), .namespace(let b)), (.macro(let a), .macro(let b)): return a == b
        case (.function(let a), .function(let b)): return a == b
        default: return false
        }
    }

    /// About how many values and bytes are looked at when it is written or compared.
    var size: Int {
        switch self {
        case .text(let text): text.utf8.count / 16 + 1
        case .list(let list): list.size
        case .map(let map): map.size
        default: 1
        }
    }
}

/// A sum of sizes, or the largest number: a value that holds another twice, and so on, is soon larger than all numbers.
private func sum(_ a: Int, _ b: Int) -> Int {
    let (sum, overflow) = a.addingReportingOverflow(b)
    return overflow ? .max : sum
}

/// A list, a tuple, or what an object's methods give; never changed.
struct TemplateList {
    enum Form: String {
        case list, tuple
        case keys = "dict_keys"
        case values = "dict_values"
        case items = "dict_items"
    }

    let elements: [TemplateValue]
    let form: Form
    let depth: Int
    let size: Int

    init(_ elements: [TemplateValue], _ form: Form = .list) {
        self.elements = elements
        self.form = form
        depth = (elements.lazy.map(\.depth).max() ?? 0) + 1
        size = elements.reduce(1) { sum($0, $1.size) }
    }
}

/// An object, with its members in their order; never changed.
struct TemplateMap {
    let entries: [(key: TemplateValue, value: TemplateValue)]
    let depth: Int
    let size: Int

    /// - Parameter entries: of two with one key, the later value stands in the place of the first
    init(_ entries: [(key: TemplateValue, value: TemplateValue)]) {
        var unique: [(key: TemplateValue, value: TemplateValue)] = []
        unique.reserveCapacity(entries.count)
        var places: [String: Int] = [:]
        for entry in entries {
            if case .text(let text) = entry.key {
                // Equal in Unicode is not the same here
                let key =
                    text.utf8.count == text.unicodeScalars.count
                    ? text : "\u{0}" + Array(text.utf8).description
                if let place = places.updateValue(unique.count, forKey: key) {
                    places[key] = place
                    unique[place].value = entry.value
                    continue
                }
            } else if let place = unique.firstIndex(where: { $0.key.equals(entry.key) }) {
                unique[place].value = entry.value
                continue
            }
            unique.append(entry)
        }
        self.entries = unique
        depth = (unique.lazy.map { max($0.key.depth, $0.value.depth) }.max() ?? 0) + 1
        size = unique.reduce(1) { sum($0, sum($1.key.size, $1.value.size)) }
    }

    subscript(key: TemplateValue) -> TemplateValue? {
        entries.first { $0.key.equals(key) }?.value
    }

    subscript(key: String) -> TemplateValue? { self[.text(key)] }
}

/// What `loop` stands for.
final class TemplateLoop {
    let elements: [TemplateValue]
    /// From 0.
    var index = 0

    init(_ elements: [TemplateValue]) { self.elements = elements }
}
