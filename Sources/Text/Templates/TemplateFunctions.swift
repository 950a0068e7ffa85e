/// The functions that chat templates find by their names.
extension TemplateInterpreter {
    /// Elements that `range` gives at most, as in Jinja's sandbox.
    private static let longestRange = 100_000

    func call(
        function name: String, _ arguments: TemplateArguments, _ place: Place
    ) throws(TemplateError) -> TemplateValue {
        switch name {
        case "range": return try range(arguments, place)
        case "namespace":
            var values: [String: TemplateValue] = [:]
            for (key, value) in try members(name, arguments, place) { values[key] = value }
            try charge(values.count * 4, place)
            namespaces.append(values)
            return .namespace(namespaces.count - 1)
        case "dict":
            return try made(map: try members(name, arguments, place).map { (.text($0), $1) }, place)
        case "raise_exception":
            let message = try arguments.bound(to: ["message"], name, place)[0]
            throw .raised(
                place, try message.map { (m) throws(TemplateError) in try plain(m, place) } ?? "")
        case "strftime_now":
            guard case .text(let format)? = try arguments.bound(to: ["format"], name, place)[0], let date
            else {
                throw .value(place, "'strftime_now' needs a format")
            }
            return try made(try date.written(format, place), place)
        default: throw .unsupported(place, "the function '\(name)'")
        }
    }

    /// Members by name, after those of an object.
    private func members(
        _ name: String, _ arguments: TemplateArguments, _ place: Place
    ) throws(TemplateError) -> [(String, TemplateValue)] {
        var members: [(String, TemplateValue)] = []
        for value in arguments.values {
            guard case .map(let map) = value else {
                throw .unsupported(place, "'\(name)' of \(value.kind)")
            }
            for entry in map.entries {
                guard case .text(let key) = entry.key else {
                    throw .unsupported(place, "'\(name)' with \(entry.key.kind) as a key")
                }
                members.append((key, entry.value))
            }
        }
        return members + arguments.named.map { ($0.name, $0.value) }
    }

    private func range(_ arguments: TemplateArguments, _ place: Place) throws(TemplateError)
        -> TemplateValue
    {
        var numbers: [Int] = []
        for value in arguments.values {
            guard let number = value.asInteger else { throw .value(place, "a range to \(value.kind)") }
            numbers.append(number)
        }
        guard 1...3 ~= numbers.count, arguments.named.isEmpty else {
            throw .value(place, "a range of other than 1 to 3 numbers")
        }
        let start = numbers.count > 1 ? numbers[0] : 0
        let stop = numbers.count > 1 ? numbers[1] : numbers[0]
        let step = numbers.count > 2 ? numbers[2] : 1
        guard step != 0 else { throw .value(place, "a range with steps of 0") }
        let (distance, overflow) = stop.subtractingReportingOverflow(start)
        guard !overflow, distance.magnitude / step.magnitude <= UInt(Self.longestRange) else {
            throw .limit(place, "a range of more than \(Self.longestRange) numbers")
        }
        return try made(stride(from: start, to: stop, by: step).map { .integer($0) }, place)
    }
}

/// A moment as a calendar and a clock show it.
package struct TemplateDate: Equatable, Sendable {
    package var year, month, day, hour, minute, second: Int

    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September",
        "October", "November", "December",
    ]
    private static let days = [
        "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
    ]

    /// - Parameters:
    ///   - month: 1 to 12; days and hours are taken as they are
    package init(year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0) {
        (self.year, self.month, self.day) = (year, min(max(month, 1), 12), day)
        (self.hour, self.minute, self.second) = (hour, minute, second)
    }

    /// 0 is Sunday (Sakamoto's method).
    private var weekday: Int {
        let shift = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4][month - 1]
        let year = month < 3 ? self.year - 1 : self.year
        let sum = year + year / 4 - year / 100 + year / 400 + shift + day
        return (sum % 7 + 7) % 7
    }

    private var dayOfYear: Int {
        let before = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334][month - 1]
        let isLeap = year % 4 == 0 && year % 100 != 0 || year % 400 == 0
        return before + day + (isLeap && month > 2 ? 1 : 0)
    }

    /// C's `strftime` in English.
    func written(_ format: String, _ place: TemplateError.Place) throws(TemplateError) -> String {
        func padded(_ number: Int, _ count: Int = 2) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, count - digits.count)) + digits
        }
        var made = ""
        var isField = false
        for scalar in format.unicodeScalars {
            guard isField else {
                if scalar == "%" { isField = true } else { made.unicodeScalars.append(scalar) }
                continue
            }
            isField = false
            switch scalar {
            case "Y": made += padded(year, 4)
            case "y": made += padded(year % 100)
            case "m": made += padded(month)
            case "d": made += padded(day)
            case "B": made += Self.months[month - 1]
            case "b": made += String(Self.months[month - 1].prefix(3))
            case "A": made += Self.days[weekday]
            case "a": made += String(Self.days[weekday].prefix(3))
            case "H": made += padded(hour)
            case "I": made += padded((hour + 11) % 12 + 1)
            case "M": made += padded(minute)
            case "S": made += padded(second)
            case "p": made += hour < 12 ? "AM" : "PM"
            case "j": made += padded(dayOfYear, 3)
            case "%": made += "%"
            default: throw .unsupported(place, "'%\(scalar)' in a date")
            }
        }
        if isField { made += "%" }
        return made
    }
}
