import Files
import Foundation

/// Numbers as people read them. None of these look at the locale, so reports are the same bytes everywhere.
package enum Human {
    /// What stands for a number that is missing or not finite.
    package static let missing = "–"

    /// Stands before a negative number, as wide as a digit; a hyphen is neither.
    private static let minus = "−"

    /// What stands for a score that has no value, such as the correlation with a constant.
    package static let undefined = "undefined"

    /// A length of time.
    /// - Parameter seconds: seconds, 0 or more
    /// - Returns: "0.4 s", "42 s", "2 min 10 s", "3 h 5 min", "2 d 4 h"; "–" if negative or not finite
    package static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 0, seconds < 1e12 else { return missing }
        if seconds < 9.95 { return String(format: "%.1f s", seconds) }
        // Rounded once, before it is split: 119.7 s is 2 min, not 1 min 60 s.
        let whole = Int(seconds.rounded())
        func pair(_ large: Int, _ largeUnit: String, _ small: Int, _ smallUnit: String) -> String {
            small == 0 ? "\(large) \(largeUnit)" : "\(large) \(largeUnit) \(small) \(smallUnit)"
        }
        if whole < 60 { return "\(whole) s" }
        if whole < 3600 { return pair(whole / 60, "min", whole % 60, "s") }
        let minutes = Int((seconds / 60).rounded())
        if minutes < 24 * 60 { return pair(minutes / 60, "h", minutes % 60, "min") }
        let hours = Int((seconds / 3600).rounded())
        return pair(hours / 24, "d", hours % 24, "h")
    }

    /// A whole number with its thousands apart: "1,234,567".
    package static func count(_ value: Int) -> String {
        let digits = String(value.magnitude)
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { text.append(",") }
            text.append(digit)
        }
        return (value < 0 ? minus : "") + text
    }

    /// A count with its noun: "1 text", "1,234 texts"; see `counted`.
    package static func count(_ value: Int, _ one: String, _ many: String? = nil) -> String {
        counted(value, one, many, shown: count(value))
    }

    /// "1 of 1,234 texts is"; see `counted`.
    package static func count(
        _ value: Int, of all: Int, _ nouns: String, _ one: String, _ many: String
    ) -> String {
        counted(value, of: all, nouns, one, many) { count($0) }
    }

    /// A rounded count: "1,234"; "–" if not finite.
    package static func count(_ value: Double) -> String {
        guard value.isFinite, value.magnitude < 9e18 else { return missing }
        return count(Int(value.rounded()))
    }

    /// A count to about three digits: "950", "894 k", "22.7 M", "1.2 G".
    package static func compact(_ value: Int) -> String { scaled(Double(value), units: ["", "k", "M", "G", "T"]) }

    /// A size in decimal units: "512 B", "445 KB", "90.9 MB".
    package static func bytes(_ value: Int) -> String { scaled(Double(value), units: ["B", "KB", "MB", "GB", "TB"]) }

    /// A share of one with three decimals and no leading zero, as scores stand in papers: ".785", "1.000", "−.020".
    package static func score(_ value: Double) -> String {
        guard value.isFinite else { return missing }
        let text = String(format: "%.3f", value.magnitude)
        let digits = text.hasPrefix("0.") ? String(text.dropFirst()) : text
        return value < 0 && digits != ".000" ? minus + digits : digits
    }

    /// A metric's value, or "undefined" if it is NaN.
    package static func metric(_ value: Double) -> String { value.isNaN ? undefined : score(value) }

    /// A share of one as a whole percentage: "43 %".
    package static func percent(_ share: Double) -> String {
        share.isFinite ? String(format: "%.0f %%", share * 100) : missing
    }

    /// Three significant digits, for losses: "0.812", "12.3", "1.2e-05".
    package static func loss(_ value: Double) -> String {
        guard !value.isNaN else { return "NaN" }
        let size = value.magnitude
        guard value >= 0 else { return minus + loss(size) }
        guard value.isFinite else { return "∞" }
        if size == 0 || (size >= 0.001 && size < 10) { return String(format: "%.3f", value) }
        if size >= 10, size < 100_000 { return String(format: size < 100 ? "%.2f" : "%.0f", value) }
        return String(format: "%.1e", value)
    }

    private static func scaled(_ value: Double, units: [String]) -> String {
        var rest = value
        var unit = 0
        // 999.5 already rounds to four digits, so it moves on to the next unit.
        while rest.magnitude >= 999.5, unit < units.count - 1 {
            rest /= 1000
            unit += 1
        }
        let number = unit == 0 || rest.magnitude >= 99.95 ? "%.0f" : "%.1f"
        let text = String(format: number, rest)
        return units[unit].isEmpty ? text : "\(text) \(units[unit])"
    }
}

extension String {
    /// A metric's name as people write it: `macro_f1` is macro-F1.
    package var metricWords: String {
        switch self {
        case "macro_f1": "macro-F1"
        case "micro_f1": "micro-F1"
        case "weighted_f1": "weighted F1"
        case "matthews": "Matthews correlation"
        case "entity_f1": "entity F1"
        case "subset_accuracy": "subset accuracy"
        case "token_accuracy": "token accuracy"
        case "las": "LAS"
        case "uas": "UAS"
        case "pearson": "Pearson correlation"
        case "spearman": "Spearman correlation"
        case "mse": "mean squared error"
        case "mae": "mean absolute error"
        case "recall_at_10": "recall at 10"
        case "mrr": "mean reciprocal rank"
        case "ndcg_at_10": "nDCG at 10"
        case "accuracy_at_1": "accuracy at 1"
        case "expected_calibration_error": "expected calibration error"
        case "qa_f1": "F1 of answers"
        case "exact_match": "exact match"
        case "conll_f1": "CoNLL F1"
        case "muc_f1": "MUC F1"
        case "bcub_f1": "B³ F1"
        case "ceafe_f1": "CEAF-e F1"
        case "ceafm_f1": "CEAF-m F1"
        case "masked_accuracy": "accuracy of hidden tokens"
        default: self
        }
    }
}
