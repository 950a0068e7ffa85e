/// Byte pair encoding (Sennrich et al. 2016): a word starts as its characters; the neighbors whose merge ranks first become
/// one token, until no merge applies.
///
/// Of merges of one rank the leftmost comes first. A merge that waits is dropped if its two tokens no longer give the token
/// that it was to give; this is `tokenizers`' order, which the ids follow where two pairs give the same token.
struct BPE: SubwordModel {
    static let name = "BPE"

    /// What a model does beside its vocabulary and merges.
    struct Options: Sendable, Equatable {
        /// The token for characters outside the vocabulary; nil: they are skipped.
        var unknown: Int32?
        /// What tokens inside a word begin with in the vocabulary: `##`.
        var prefix = ""
        /// What the last token of a word ends with in the vocabulary: `</w>`.
        var suffix = ""
        /// Whether neighboring unknown characters are one token.
        var fusesUnknown = false
        /// Whether a word that is in the vocabulary is one token, whatever the merges give.
        var ignoresMerges = false
    }

    let vocabulary: Vocabulary
    private let merges: MergeTable
    private let options: Options
    private let suffix: [UInt32]
    /// Where characters after a word's first one begin in the vocabulary; nil if no token has the prefix.
    private let inside: Int32?
    /// The tokens of the scalars below U+0200, which are all that a byte-level text has; −1 for none. Empty if the model has a
    /// prefix or a suffix.
    private let direct: [Int32]

    init(vocabulary: Vocabulary, merges: MergeTable, options: Options) {
        self.vocabulary = vocabulary
        self.merges = merges
        self.options = options
        suffix = options.suffix.unicodeScalars.map(\.value)
        inside = vocabulary.trie.node(of: options.prefix.unicodeScalars)
        guard options.prefix.isEmpty, options.suffix.isEmpty else {
            direct = []
            return
        }
        direct = (UInt32(0)..<0x200).map { scalar in
            vocabulary.trie.next(ScalarTrie.root, scalar).flatMap { vocabulary.trie.value($0) } ?? -1
        }
    }

    func write(to identity: inout TokenizerIdentity) {
        identity.add(Self.name)
        identity.add(options.unknown.map { Int($0) } ?? -1)
        identity.add(options.prefix)
        identity.add(options.suffix)
        identity.add(options.fusesUnknown)
        identity.add(options.ignoresMerges)
        vocabulary.write(to: &identity)
        merges.write(to: &identity)
    }

    /// A token of the word on the way, in a linked list; −1 ends it.
    private struct Symbol {
        var id: Int32
        var previous: Int32
        var next: Int32
        /// In bytes of the normalized word's UTF-8 form; 0 if it was merged into the one before.
        var length: Int
    }

    func appendTokens(of units: [NormalizedText.Unit], _ range: Range<Int>, to tokens: inout [SubwordToken]) {
        if options.ignoresMerges, let id = wholeWord(units, range) {
            tokens.append(SubwordToken(id: id, range: range))
            return
        }
        withUnsafeTemporaryAllocation(of: Symbol.self, capacity: range.count) { symbols in
            let count = fill(symbols, units, range)
            guard count > 0 else { return }
            merge(symbols, count)
            // Ranges follow from the lengths: characters that were skipped shift them, as in `tokenizers`
            var unit = range.lowerBound
            var unitEnd = Self.width(units[unit].scalar)
            func advance(to byte: Int) {
                while unitEnd <= byte, unit + 1 < range.upperBound {
                    unit += 1
                    unitEnd += Self.width(units[unit].scalar)
                }
            }
            var start = 0
            var index = 0
            while index >= 0 {
                let symbol = symbols[index]
                advance(to: start)
                let first = unit
                start += symbol.length
                advance(to: start - 1)
                tokens.append(SubwordToken(id: symbol.id, range: first..<unit + 1))
                index = Int(symbol.next)
            }
        }
    }

    /// The token that is the word itself.
    private func wholeWord(_ units: [NormalizedText.Unit], _ range: Range<Int>) -> Int32? {
        var node = ScalarTrie.root
        for unit in units[range] {
            guard let next = vocabulary.trie.next(node, unit.scalar) else { return nil }
            node = next
        }
        return vocabulary.trie.value(node)
    }

    // MARK: Characters

    /// The token of one character of the word.
    @inline(__always)
    private func character(_ scalar: UInt32, isFirst: Bool, isLast: Bool) -> Int32? {
        if scalar < 0x200, !direct.isEmpty {
            let id = direct[Int(scalar)]
            return id < 0 ? nil : id
        }
        guard let start = isFirst ? ScalarTrie.root : inside else { return nil }
        var node = vocabulary.trie.next(start, scalar)
        if isLast {
            for scalar in suffix {
                guard let from = node else { return nil }
                node = vocabulary.trie.next(from, scalar)
            }
        }
        return node.flatMap { vocabulary.trie.value($0) }
    }

    /// Fills `symbols` with the word's characters.
    /// - Returns: their number, at most `range.count`
    private func fill(
        _ symbols: UnsafeMutableBufferPointer<Symbol>, _ units: [NormalizedText.Unit], _ range: Range<Int>
    ) -> Int {
        var count = 0
        func add(_ id: Int32, _ length: Int) {
            symbols.initializeElement(
                at: count, to: Symbol(id: id, previous: Int32(count - 1), next: Int32(count + 1), length: length))
            count += 1
        }
        /// The length of unknown characters that no symbol has yet.
        var unknown = 0
        for index in range {
            let scalar = units[index].scalar
            let width = Self.width(scalar)
            let id = character(
                scalar, isFirst: index == range.lowerBound, isLast: index == range.upperBound - 1)
            if let id {
                if unknown > 0, let token = options.unknown { add(token, unknown) }
                unknown = 0
                add(id, width)
            } else if let token = options.unknown {
                if unknown > 0, !options.fusesUnknown {
                    add(token, unknown)
                    unknown = 0
                }
                unknown += width
            }
        }
        if unknown > 0, let token = options.unknown { add(token, unknown) }
        if count > 0 { symbols[count - 1].next = -1 }
        return count
    }

    /// The length of a scalar's UTF-8 form.
    @inline(__always)
    private static func width(_ scalar: UInt32) -> Int {
        scalar < 0x80 ? 1 : scalar < 0x800 ? 2 : scalar < 0x10000 ? 3 : 4
    }

    // MARK: Merges

    private func merge(_ symbols: UnsafeMutableBufferPointer<Symbol>, _ count: Int) {
        guard count > 1 else { return }
        // At most one candidate per pair of neighbors, and two more after each of at most count - 1 merges
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 3 * count) { storage in
            var queue = MergeQueue(storage)
            func push(_ position: Int, _ next: Int) {
                if let rank = merges.rank(symbols[position].id, symbols[next].id) {
                    queue.push(UInt64(rank) << 32 | UInt64(position))
                }
            }
            for position in 0..<count - 1 { push(position, position + 1) }
            while let candidate = queue.pop() {
                let position = Int(candidate & 0xFFFF_FFFF)
                let result = merges.result(UInt32(candidate >> 32))
                guard symbols[position].length > 0, symbols[position].next >= 0 else { continue }
                let next = Int(symbols[position].next)
                guard let rank = merges.rank(symbols[position].id, symbols[next].id), merges.result(rank) == result
                else { continue }
                symbols[position].id = result
                symbols[position].length += symbols[next].length
                symbols[position].next = symbols[next].next
                symbols[next].length = 0
                let after = Int(symbols[position].next)
                if after >= 0 { symbols[after].previous = Int32(position) }
                let before = Int(symbols[position].previous)
                if before >= 0 { push(before, position) }
                if after >= 0 { push(position, after) }
            }
        }
    }
}

/// A heap of candidates for merges in memory of the caller; the smallest comes first.
private struct MergeQueue {
    private let storage: UnsafeMutableBufferPointer<UInt64>
    private var count = 0

    init(_ storage: UnsafeMutableBufferPointer<UInt64>) { self.storage = storage }

    mutating func push(_ value: UInt64) {
        var place = count
        count += 1
        storage.initializeElement(at: place, to: value)
        while place > 0 {
            let parent = (place - 1) / 2
            guard value < storage[parent] else { break }
            storage[place] = storage[parent]
            place = parent
        }
        storage[place] = value
    }

    mutating func pop() -> UInt64? {
        guard count > 0 else { return nil }
        let top = storage[0]
        count -= 1
        let value = storage[count]
        var place = 0
        while true {
            var child = 2 * place + 1
            guard child < count else { break }
            if child + 1 < count, storage[child + 1] < storage[child] { child += 1 }
            guard storage[child] < value else { break }
            storage[place] = storage[child]
            place = child
        }
        storage[place] = value
        return top
    }
}
