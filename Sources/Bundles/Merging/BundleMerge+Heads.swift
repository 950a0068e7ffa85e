import Adapters
import Files
import Models

/// What becomes of heads, and where the result came from.
extension BundleMerge {
    /// All heads by the names of their tasks. Equal ones are one; others of one name are refused, renamed or averaged.
    func mergedHeads(_ warnings: inout [String]) throws -> (heads: [NamedHead], tensors: [NamedTensor]) {
        var groups: [(name: String, owners: [(part: Int, head: NamedHead)])] = []
        for (i, part) in parts.enumerated() {
            for head in part.bundle.heads {
                if let place = groups.firstIndex(where: { $0.name == head.name }) {
                    groups[place].owners.append((i, head))
                } else {
                    groups.append((head.name, [(i, head)]))
                }
            }
        }
        var taken = Set(groups.map(\.name))
        var heads: [NamedHead] = []
        var tensors: [NamedTensor] = []
        func add(_ head: NamedHead, as name: String, _ own: [NamedTensor]) {
            var named = head
            named.name = name
            heads.append(named)
            tensors += own.map { NamedTensor(named.scope + $0.name.dropFirst(head.scope.count), $0.shape, $0.values) }
        }
        for (name, owners) in groups {
            let different = distinct(owners)
            let (first, own) = (different[0].head, content(of: different[0]))
            guard different.count > 1 else {
                add(first, as: name, own)
                continue
            }
            switch options.heads {
            case .keep: throw collision(name, different)
            case .rename:
                add(first, as: name, own)
                for other in different.dropFirst() {
                    let free = (2...taken.count + 2).lazy.map { "\(name)_\($0)" }.first { !taken.contains($0) } ?? name
                    taken.insert(free)
                    add(other.head, as: free, content(of: other))
                    warnings.append(
                        "head \(name) is that of \(parts[different[0].part].file); choose --head \(free) for that of "
                            + parts[other.part].file)
                }
            case .average: add(first, as: name, try average(different))
            }
        }
        return (heads.sorted { $0.name < $1.name }, tensors)
    }

    private func content(of owner: (part: Int, head: NamedHead)) -> [NamedTensor] {
        parts[owner.part].bundle.tensors.filter { $0.name.hasPrefix(owner.head.scope + "/") }
    }

    private func distinct(_ owners: [(part: Int, head: NamedHead)]) -> [(part: Int, head: NamedHead)] {
        var kept: [(part: Int, head: NamedHead)] = []
        for owner in owners
        where !kept.contains(where: { $0.head == owner.head && content(of: $0) == content(of: owner) }) {
            kept.append(owner)
        }
        return kept
    }

    private func collision(_ name: String, _ owners: [(part: Int, head: NamedHead)]) -> BundleError {
        .merge(
            file: parts[owners[1].part].file, field: "head \(name)",
            found: "another head of that name in \(parts[owners[0].part].file)", expected: "heads of different names",
            fix: "keep both with --heads rename, or use their mean with --heads average")
    }

    /// The mean of heads that give the same things in the same order.
    private func average(_ owners: [(part: Int, head: NamedHead)]) throws -> [NamedTensor] {
        let first = owners[0]
        var sums = content(of: first).map { ($0, $0.values.map { Double($0) }) }
        for other in owners.dropFirst() {
            let own = content(of: other)
            guard other.head.head.equals(first.head.head), own.map(\.shape) == sums.map({ $0.0.shape }) else {
                throw BundleError.merge(
                    file: parts[other.part].file, field: "head \(other.head.name)",
                    found: "another kind, other settings or other labels than in \(parts[first.part].file)",
                    expected: "the same for an average", fix: "keep both with --heads rename")
            }
            for i in sums.indices {
                for (j, value) in own[i].values.enumerated() { sums[i].1[j] += Double(value) }
            }
        }
        return sums.map { tensor, sum in
            NamedTensor(tensor.name, tensor.shape, sum.map { Float($0 / Double(owners.count)) })
        }
    }

    /// What was merged, by content and weight, and how: no paths, so that the same merge gives the same bytes.
    func provenance(_ record: [String: ConfigurationValue], _ warnings: inout [String]) -> Provenance {
        var provenance = Provenance()
        let all = parts.map(\.bundle.provenance)
        provenance.task = Self.unique(all.flatMap { $0.task.components(separatedBy: "+") }).joined(separator: "+")
        provenance.license = Self.unique(all.flatMap { $0.license.components(separatedBy: "; ") }).sorted()
            .joined(separator: "; ")
        provenance.texts = TextSketch.union(all.map(\.texts))
        if case .number(let seed)? = record["seed"] { provenance.seed = Int(seed) }
        let bundles: [ConfigurationValue] = zip(zip(parts, members), zip(hashes, method.weights)).map { part, merged in
            .map([
                "name": .string(part.0.bundle.name), "adapter": .string(part.1.name), "content": .string(merged.0),
                "weight": .number(merged.1),
            ])
        }
        var merge = record.merging(["method": .string(type(of: method).name), "bundles": .list(bundles)]) { $1 }
        if options.heads != .keep { merge["heads"] = .string(options.heads.rawValue) }
        var settings: [String: ConfigurationValue] = ["merge": .map(merge)]
        let lengths = Self.unique(
            parts.compactMap { part -> Int? in
                guard !part.bundle.heads.isEmpty,
                    case .map(let map)? = ConfigurationValue(json: part.bundle.provenance.settings),
                    case .number(let length)? = map["max_length"]
                else { return nil }
                return Int(exactly: length)
            })
        if let longest = lengths.max() {
            settings["max_length"] = .init(longest)
            if lengths.count > 1 {
                warnings.append(
                    "the bundles were trained with a maximum length of "
                        + lengths.map { "\($0)" }.joined(separator: " and ")
                        + "; the merged one uses \(longest) unless --max-length is given")
            }
        }
        provenance.settings = ConfigurationValue.map(settings).json
        return provenance
    }

    private static func unique<Value: Hashable>(_ values: [Value]) -> [Value] {
        var seen: Set<Value> = []
        return values.filter { ($0 as? String) != "" && seen.insert($0).inserted }
    }
}
