/// Special tokens by template, one for a text and one for a pair: `[CLS] A [SEP] B:1 [SEP]:1`.
struct TemplateProcessing: PostProcessor {
    enum Item: Sendable, Equatable {
        case special(ids: [Int32], type: Int32)
        /// The text (0) or its pair (1).
        case sequence(Int, type: Int32)
    }

    var single: [Item]
    var pair: [Item]

    /// No special tokens: `"post_processor": null`.
    static let none = TemplateProcessing(
        single: [.sequence(0, type: 0)], pair: [.sequence(0, type: 0), .sequence(1, type: 1)])

    /// BERT's own: `[CLS] A [SEP]`, and for pairs `B [SEP]` of type 1 after it.
    static func bert(cls: Int32, sep: Int32) -> TemplateProcessing {
        let single: [Item] = [
            .special(ids: [cls], type: 0), .sequence(0, type: 0), .special(ids: [sep], type: 0),
        ]
        return TemplateProcessing(
            single: single, pair: single + [.sequence(1, type: 1), .special(ids: [sep], type: 1)])
    }

    /// RoBERTa's own: `<s> A </s>`, and for pairs `</s> B </s>` after it; all of type 0.
    static func roberta(cls: Int32, sep: Int32) -> TemplateProcessing {
        let single: [Item] = [
            .special(ids: [cls], type: 0), .sequence(0, type: 0), .special(ids: [sep], type: 0),
        ]
        return TemplateProcessing(
            single: single,
            pair: single + [.special(ids: [sep], type: 0), .sequence(1, type: 0), .special(ids: [sep], type: 0)])
    }

    func addedCount(isPair: Bool) -> Int {
        (isPair ? pair : single).reduce(0) { count, item in
            if case .special(let ids, _) = item { return count + ids.count }
            return count
        }
    }

    func write(to identity: inout TokenizerIdentity) {
        for items in [single, pair] {
            identity.add("template")
            for item in items {
                switch item {
                case .special(let ids, let type):
                    for id in ids {
                        identity.add("special")
                        identity.add(Int(id))
                        identity.add(Int(type))
                    }
                case .sequence(let index, let type):
                    identity.add("text")
                    identity.add(index)
                    identity.add(Int(type))
                }
            }
        }
    }

    func assemble(_ first: TokenRun, _ second: TokenRun?) -> Encoding {
        let items = second == nil ? single : pair
        var encoding = Encoding()
        let count = first.ids.count + (second?.ids.count ?? 0) + addedCount(isPair: second != nil)
        encoding.ids.reserveCapacity(count)
        encoding.typeIDs.reserveCapacity(count)
        encoding.offsets.reserveCapacity(count)
        encoding.sequence.reserveCapacity(count)
        for item in items {
            switch item {
            case .special(let ids, let type):
                encoding.ids += ids
                encoding.typeIDs += repeatElement(type, count: ids.count)
                encoding.offsets += repeatElement(0..<0, count: ids.count)
                encoding.sequence += repeatElement(Encoding.special, count: ids.count)
            case .sequence(let index, let type):
                let run = index == 0 ? first : second ?? TokenRun()
                encoding.ids += run.ids
                encoding.typeIDs += repeatElement(type, count: run.ids.count)
                encoding.offsets += run.offsets
                encoding.sequence += repeatElement(UInt8(index), count: run.ids.count)
            }
        }
        return encoding
    }
}
