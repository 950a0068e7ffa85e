/// The filters that choose, join and sort the elements of a list.
extension TemplateInterpreter {
    /// The part of an element that a filter's `attribute` names: `a`, `a.b` or an index; all of it without one.
    func part(
        _ attribute: TemplateValue?, of element: TemplateValue, _ place: Place
    ) throws(TemplateError) -> TemplateValue {
        guard let attribute else { return element }
        guard case .text(let path) = attribute else { return try item(attribute, of: element, place) }
        var value = element
        for name in path.split(separator: ".", omittingEmptySubsequences: false) {
            value = try item(Int(name).map { .integer($0) } ?? .text(String(name)), of: value, place)
        }
        return value
    }

    /// `map`, and the filters that keep elements by a test.
    func chosen(
        _ filter: String, _ value: TemplateValue, _ arguments: TemplateArguments, _ place: Place
    ) throws(TemplateError) -> TemplateValue {
        // Also of none, as Jinja has it
        let all = value.isTrue ? try elements(of: value, place) : []
        var rest = arguments
        var made: [TemplateValue] = []
        if filter == "map",
            let attribute = arguments.named.first(where: { $0.name == "attribute" })?.value
        {
            let fallback = arguments.named.first { $0.name == "default" }?.value
            for element in all {
                let found = try part(attribute, of: element, place)
                made.append(found.isUndefined ? fallback ?? found : found)
            }
            return try self.made(made, place)
        }
        let usesAttribute = filter.hasSuffix("attr")
        guard !rest.values.isEmpty || filter == "select" || filter == "reject" else {
            throw .value(place, "'\(filter)' needs a name")
        }
        let attribute = usesAttribute ? rest.values.removeFirst() : nil
        guard let first = rest.values.first else {
            for element in all
            where try part(attribute, of: element, place).isTrue == !filter.hasPrefix("reject") {
                made.append(element)
            }
            return try self.made(made, place)
        }
        guard case .text(let name) = first else {
            throw .value(place, "'\(filter)' needs a name, not \(first.kind)")
        }
        rest.values.removeFirst()
        if filter == "map" {
            guard TemplateFilters.names.contains(name) else {
                throw .unsupported(place, "the filter '\(name.prefix(40))'")
            }
            for element in all { made.append(try deeperFilter(name, element, rest, place)) }
        } else {
            guard TemplateChecks.names.contains(name) else {
                throw .unsupported(place, "the test '\(name.prefix(40))'")
            }
            for element in all {
                let holds = try check(name, try part(attribute, of: element, place), rest, place)
                if holds != filter.hasPrefix("reject") { made.append(element) }
            }
        }
        return try self.made(made, place)
    }

    private func deeperFilter(
        _ name: String, _ value: TemplateValue, _ arguments: TemplateArguments, _ place: Place
    ) throws(TemplateError) -> TemplateValue {
        guard name != "map" else { throw .unsupported(place, "the filter 'map' within 'map'") }
        try charge(1, place)
        return try filter(name, value, arguments, place)
    }

    func join(
        _ value: TemplateValue, by between: String, _ attribute: TemplateValue?, _ place: Place
    ) throws(TemplateError) -> TemplateValue {
        var text = ""
        for (i, element) in try elements(of: value, place).enumerated() {
            if i > 0 { text += between }
            text += try plain(try part(attribute, of: element, place), place)
            try charge(between.utf8.count / 16, place)
            guard text.utf8.count <= limits.bytes else {
                throw .limit(place, "a text of more than \(limits.bytes) bytes")
            }
        }
        return try made(text, place)
    }

    /// What an element is sorted by: texts without their case, unless it matters.
    private func key(
        _ element: TemplateValue, _ attribute: TemplateValue?, isCaseSensitive: Bool, _ place: Place
    ) throws(TemplateError) -> TemplateValue {
        let value = try part(attribute, of: element, place)
        guard !isCaseSensitive, case .text(let text) = value else { return value }
        return try cased("lower", text, place)
    }

    func sorted(
        _ value: TemplateValue, _ given: [TemplateValue?], _ place: Place
    ) throws(TemplateError) -> TemplateValue {
        var all: [(key: TemplateValue, value: TemplateValue)] = []
        for element in try elements(of: value, place) {
            all.append(
                (try key(element, given[2], isCaseSensitive: given[1]?.isTrue ?? false, place), element))
        }
        try sort(&all, isReversed: given[0]?.isTrue ?? false, place)
        return try made(all.map(\.value), place)
    }

    /// Keeps the order of equal keys, also when it is reversed, as Python does.
    private func sort(
        _ all: inout [(key: TemplateValue, value: TemplateValue)], isReversed: Bool, _ place: Place
    ) throws(TemplateError) {
        // Merges runs of two, four, …: the standard sort cannot throw typed errors from its comparison
        var width = 1
        while width < all.count {
            var next: [(key: TemplateValue, value: TemplateValue)] = []
            next.reserveCapacity(all.count)
            for start in stride(from: 0, to: all.count, by: 2 * width) {
                let (middle, end) = (min(start + width, all.count), min(start + 2 * width, all.count))
                var (i, j) = (start, middle)
                while i < middle, j < end {
                    let order = try order(all[i].key, all[j].key, place)
                    let takesSecond = isReversed ? order == .orderedAscending : order == .orderedDescending
                    if takesSecond {
                        next.append(all[j])
                        j += 1
                    } else {
                        next.append(all[i])
                        i += 1
                    }
                }
                next += all[i..<middle] + all[j..<end]
            }
            all = next
            width *= 2
        }
    }

    func sortedMembers(
        _ value: TemplateValue, _ given: [TemplateValue?], _ place: Place
    ) throws(TemplateError) -> TemplateValue {
        guard case .map(let map) = value else { throw .value(place, "'dictsort' of \(value.kind)") }
        var byValue = false
        if let by = given[1] {
            guard case .text(let word) = by, word == "key" || word == "value" else {
                throw .value(place, "'dictsort' by something else than 'key' or 'value'")
            }
            byValue = word == "value"
        }
        var all: [(key: TemplateValue, value: TemplateValue)] = []
        for entry in map.entries {
            let key = try key(
                byValue ? entry.value : entry.key, nil, isCaseSensitive: given[0]?.isTrue ?? false, place)
            all.append((key, try made([entry.key, entry.value], place, .tuple)))
        }
        try sort(&all, isReversed: given[2]?.isTrue ?? false, place)
        return try made(all.map(\.value), place)
    }

    func unique(
        _ value: TemplateValue, _ given: [TemplateValue?], _ place: Place
    ) throws(TemplateError) -> TemplateValue {
        var seen: [TemplateValue] = []
        var kept: [TemplateValue] = []
        for element in try elements(of: value, place) {
            let key = try key(element, given[1], isCaseSensitive: given[0]?.isTrue ?? false, place)
            var isNew = true
            for other in seen where try equal(other, key, place) {
                isNew = false
                break
            }
            guard isNew else { continue }
            seen.append(key)
            kept.append(element)
        }
        return try made(kept, place)
    }
}
