/// What a user should know of a folder that was exported for another library.
enum ForeignWarnings {
    static func language(_ bundle: AdapterBundle) -> [String] {
        guard let language = bundle.language else { return [] }
        return [
            "it was trained on language adapter \(language.name), which it does not contain; export that adapter too, and "
                + "stack them in Python"
        ]
    }

    static func textPrefix(_ bundle: AdapterBundle) -> [String] {
        bundle.heads.filter { !$0.head.textPrefix.isEmpty }.map {
            "head \($0.name): put \"\($0.head.textPrefix)\" before each text"
        }
    }

    /// Labels in a message.
    static func shown(_ labels: [String]) -> String {
        labels.prefix(5).joined(separator: ", ") + (labels.count > 5 ? ", … (\(labels.count))" : "")
    }
}
