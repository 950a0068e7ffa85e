/// What a user should know of a folder that was exported for another library.
enum ForeignWarnings {
    static func language(_ bundle: AdapterBundle) -> [String] {
        guard let language = bundle.language else { return [] }
        return [
            "it was trained on language adapter \(language.name), which it does not contain; export that adapter too, and "
                + "stack them in Python"
        ]
    }

    /// What AdapterHub's library computes otherwise where adapters have gates.
    /// - Throws: `AdapterError` for an adapter's configuration
    static func gates(_ bundle: AdapterBundle) throws -> [String] {
        let gated = try bundle.members.filter { try $0.configuration.makeMethod().mixesTokens }
        guard !gated.isEmpty else { return [] }
        return [
            "the gates of \(shown(gated.map(\.name))) take the mean over padding too, unless each text is run alone or all "
                + "texts of a batch are of one length"
        ]
    }

    static func textPrefix(_ bundle: AdapterBundle) -> [String] {
        bundle.heads.filter { !$0.head.textPrefix.isEmpty }.map {
            "head \($0.name): put \"\($0.head.textPrefix)\" before each text"
        }
    }

    /// That a head with one output was imported as a head of a number.
    static func oneOutput(_ head: NamedHead, folder: String) -> String? {
        guard head.head.numbers.count == 1 else { return nil }
        return
            "\(folder): the head \(head.name) has one output, which the library trains as a number, so it is imported as a "
            + "head for regression"
    }

    /// That a folder for `transformers` has only a part of the bundle.
    /// - Parameters:
    ///   - part: what it has, such as "adapter"
    ///   - names: those of the bundle's family
    ///   - reason: nil: it follows from the heads
    static func withoutHeads(
        _ bundle: AdapterBundle, part: String, names: TransformersNames?, reason: String? = nil
    ) -> String {
        let heads = bundle.heads.map { "\($0.name) (\($0.head.kind))" }
        let reason =
            reason
            ?? (names?.classifier == nil
                ? "transformers' own heads for \(bundle.base.shape.family) compute something else"
                : "only one classification head on the first token can be exported")
        return
            "the folder contains the \(part) without the head\(heads.count == 1 ? "" : "s") \(shown(heads)): \(reason); "
            + "load it with transformers.AutoModel"
    }

    /// Names in a message, such as labels.
    static func shown(_ names: [String]) -> String {
        names.prefix(5).joined(separator: ", ") + (names.count > 5 ? ", … (\(names.count))" : "")
    }
}
