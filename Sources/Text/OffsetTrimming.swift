/// Takes the spaces at a token's ends out of its offsets, as byte-level tokenizers do: ` cat` covers only `cat`.
struct OffsetTrimming: Sendable {
    /// Whether the tokenizer puts a space before a text. The first token keeps one leading space then: it is not part of the
    /// original text.
    var addsPrefixSpace: Bool
}

/// The special tokens of another post-processor, around tokens whose offsets are trimmed.
///
/// With the template of `TemplateProcessing.roberta`, this is `"type": "RobertaProcessing"`; without special tokens,
/// `"type": "ByteLevel"`. Offsets change no ids, so the identity is that of the other post-processor.
struct TrimmingProcessor: PostProcessor {
    var trimming: OffsetTrimming?
    var next: any PostProcessor

    func addedCount(isPair: Bool) -> Int { next.addedCount(isPair: isPair) }
    func assemble(_ first: TokenRun, _ second: TokenRun?) -> Encoding { next.assemble(first, second) }
    func write(to identity: inout TokenizerIdentity) { next.write(to: &identity) }
}

/// How many spaces a token begins and ends with.
struct TokenEnds: Sendable, Equatable {
    var leading: Int32
    var trailing: Int32

    /// Spaces are white space and `Ġ`.
    /// - Returns: nil for a token without spaces at its ends
    init?(_ scalars: some BidirectionalCollection<UInt32>) {
        func isSpace(_ scalar: UInt32) -> Bool {
            scalar == ByteLevel.space || ScalarTable.shared.flags[Int(scalar)].contains(.space)
        }
        leading = Int32(clamping: scalars.prefix(while: isSpace).count)
        trailing = Int32(clamping: scalars.reversed().prefix(while: isSpace).count)
        if leading + trailing == 0 { return nil }
    }
}

extension OffsetTrimming {
    /// - Parameters:
    ///   - offset: what the token covers
    ///   - index: of the token among those of its text
    func trimmed(_ offset: Range<Int32>, _ ends: TokenEnds, index: Int) -> Range<Int32> {
        var start = offset.lowerBound
        var end = offset.upperBound
        let isFirst = index == 0 || start == 0
        if !(isFirst && addsPrefixSpace && ends.leading == 1) { start = min(start + ends.leading, end) }
        if end >= ends.trailing { end = max(end - ends.trailing, start) }
        return start..<end
    }
}
