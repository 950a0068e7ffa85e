import Adapters
import Files
import Foundation
import Models
import Testing

@testable import Bundles

/// Bundles of strangers, sealed as anybody can seal them.
@Suite struct BundleHostileTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Golden/hostile")

    private func tiny() throws -> AdapterBundle {
        let shape = ModelConfiguration(
            family: "bert", hidden: 2, layers: 1, heads: 0, intermediate: 0, vocabulary: 0, positions: 0, types: 0
        )
        var bundle = AdapterBundle(
            name: "t", base: BaseIdentity(name: "b", fingerprint: nil, shape: shape))
        bundle.members = [try Sample.member("a", more: ["reduction_factor=2"])]
        bundle.composition = .leaf("a")
        try Sample.fill(&bundle)
        return bundle
    }

    /// A sealed file has no byte that does not matter: reserved ones are under the hash too.
    @Test func everyFlippedBitIsFound() throws {
        var data = try BundleFile.data(tiny())
        #expect(try BundleFile.read(data, name: "b.h5") == tiny())
        var unseen: [String] = []
        for index in data.indices {
            for bit in 0..<8 {
                data[index] ^= 1 << UInt8(bit)
                if (try? BundleFile.read(data, name: "b.h5")) != nil { unseen.append("\(index).\(bit)") }
                data[index] ^= 1 << UInt8(bit)
            }
        }
        #expect(unseen.isEmpty, "bits that nobody misses: \(unseen.prefix(20)) of \(data.count) bytes")
    }

    /// Whoever seals a file anew still has to know the members' hashes.
    @Test func aMembersContentIsHeldToItsHash() throws {
        let folder = try TemporaryFolder()
        let url = folder.file("a.h5")
        var (root, _) = try BundleContainer.open(BundleFile.data(tiny()), name: "sample")
        let good = try BundleContainer.seal(root)
        root["members/a/afterFeedForward/0/down.bias"] = HDF5Dataset(shape: [1], value: .float32([9]))
        try BundleContainer.seal(root).write(to: url)
        let text = problem { try BundleFile.read(url) }
        #expect(text.hasPrefix("\(url.path): /members/a@hash: "), "\(text)")
        #expect(try BundleFile.read(url, allowChanged: true).members.count == 1)
        let changes = try BundleFile.changes(url)
        #expect(changes.count == 1 && changes[0].hasPrefix("/members/a: content "), "\(changes)")

        try good.write(to: url)
        #expect(try BundleFile.changes(url).isEmpty)
        var cut = good
        cut[cut.count - 1] ^= 1
        try cut.write(to: url)
        #expect(try BundleFile.changes(url).first?.contains("changed after it was written") == true)

        var (bare, _) = try BundleContainer.open(good, name: "sample")
        bare.set("members/a", "hash", nil)
        #expect(problem { try BundleFile.read(try BundleContainer.seal(bare), name: "b") }.contains("/members/a@hash"))
    }

    /// What HDF5 allows and a bundle does not: made by h5py, sealed here. Each is refused in one line for its own reason.
    @Test(arguments: [
        ("external-link", "/: header message: links as messages (external or user-defined"),
        ("external-data", "/a: header message: data in other files"),
        ("soft-loop", "/: symbol node: 'a' is a soft link"),
        ("group-loop", "a second link to the same object, or a circle"),
        ("hard-link", "a second link to the same object, or a circle"), ("virtual", "/a"),
        ("unknown-filter", "/a: header message: compressed or otherwise filtered data"),
        ("gzip", "/a: header message: compressed or otherwise filtered data"), ("promises-2-60", "/a"),
        ("overflowing-shape", "/a: dataspace: shape"), ("deep", "expected at most 32"), ("object-reference", "@r"),
        ("list-of-lists", "@l"),
    ])
    func refusesWhatABundleHasNot(name: String, word: String) throws {
        var image = try Data(contentsOf: Self.folder.appendingPathComponent("\(name).hdf5"))
        // The seal, as BundleContainer writes it: label, version, length; the hash is what `allowChanged` passes over.
        image.replaceSubrange(0..<16, with: Data("amalgam.bundle".utf8) + [0, 0])
        image.replaceSubrange(16..<20, with: [1, 0, 0, 0])
        let text = problem { try BundleFile.read(image, name: "b.h5", allowChanged: true) }
        #expect(text.hasPrefix("b.h5: ") && text.contains(word) && !text.contains("\n"), "\(text)")
        for part in [", expected ", "; "] { #expect(text.contains(part), "\(text)") }
    }

    /// Names become folders when a bundle is exported, and a path in a name would lead out of them.
    @Test(arguments: ["..", "a\nb"]) func refusesNamesThatAreNone(name: String) throws {
        for place in ["members", "heads"] {
            var (root, _) = try BundleContainer.open(BundleFile.data(Sample.bundle(.adapter)), name: "sample")
            for index in root.groups.indices where root.groups[index].0 == place {
                root.groups[index].1.groups[0].0 = name
            }
            let text = problem { try BundleFile.read(try BundleContainer.seal(root), name: "b") }
            #expect(text.hasPrefix("b: /\(place): the name ") && !text.contains("\n"), "\(text)")
        }
    }

    @Test func refusesDamagedCompositions() throws {
        var (root, _) = try BundleContainer.open(BundleFile.data(Sample.bundle(.fusion)), name: "sample")
        let config = #""config":{"regularization":0.01,"temperature":1,"value":true}"#
        for (composition, word) in [
            (#"{"block":"fuse","children":["a","q"],\#(config),"id":"fuse"}"#, "/@composition: q"),
            (#"{"block":"fuse","children":["a"],"children":["b"],\#(config),"id":"fuse"}"#, "/@composition: "),
            (#"{"block":"fuse","children":["a"],\#(config),"id":"../base"}"#, "/@composition: id: ../base"),
            (#"{"block":"fuse","children":[],\#(config),"id":"fuse"}"#, "/@composition: children: none"),
            (#"{"block":"mix","children":["a"],\#(config),"id":"mix"}"#, "/@composition: block: mix"),
            (#"{"block":"average","children":["a"],"config":{"weights":[2]},"id":"average"}"#, "weights: a sum of 2"),
            (#"{"block":"stack","children":["a"],"config":{"x":1},"id":"stack"}"#, "x: an unknown option"),
            (String(repeating: #"{"block":"stack","children":["#, count: 200), "/@composition: "),
        ] {
            root.set("", "composition", .string(composition))
            let text = problem { try BundleFile.read(try BundleContainer.seal(root), name: "b") }
            #expect(text.contains(word), "\(text)")
        }
    }

    /// A schema of a thousand layers was made for a file of one (found by Tests/fuzz).
    @Test func layersAreHeldToTheTensors() throws {
        for (layers, word) in [
            (2000, "/base@layers: integer(2000)"), (1024, "missing"), (64, "missing"),
        ] {
            var (root, _) = try BundleContainer.open(BundleFile.data(tiny()), name: "sample")
            root.set("base", "layers", .integer(Int64(layers)))
            let text = problem { try BundleFile.read(try BundleContainer.seal(root), name: "b") }
            #expect(text.contains(word), "\(text)")
        }
    }

    /// A head without tensors that says that its rows are wider than the base's: they would be read past their end.
    @Test func widthsAreThoseOfTheBase() throws {
        for (width, isRight) in [(2, true), (384, false)] {
            for head in [
                RankingHead(HeadRequest(pooling: .mean, hidden: width)),
                SimilarityHead(HeadRequest(pooling: .mean, hidden: width)),
            ] as [any Head] {
                var bundle = try tiny()
                bundle.heads = [NamedHead("h", head)]
                let data = try BundleFile.data(bundle)
                guard !isRight else {
                    #expect(try BundleFile.read(data, name: "b") == bundle)
                    continue
                }
                let text = problem { try BundleFile.read(data, name: "b") }
                #expect(text.contains("/heads/h@width: 384") && text.contains("2, as the base's hidden"), "\(text)")
            }
        }
    }

    /// What a value holds must not break the message's line.
    @Test func messagesStayOnOneLine() throws {
        var (root, _) = try BundleContainer.open(BundleFile.data(tiny()), name: "sample")
        root.set("", "kind", .string("a\nb\u{1B}[31m\u{2028}" + String(repeating: "x", count: 100_000)))
        let text = problem { try BundleFile.read(try BundleContainer.seal(root), name: "b") }
        #expect(!text.contains { $0.isNewline } && !text.contains("\u{1B}") && text.count < 2100)
    }

    /// Damage that is sealed again: an error of one line, or a bundle that is written and read back as the same.
    @Test func sealedDamage() throws {
        let data = try BundleFile.data(tiny())
        var random = SplitMix(state: 11)
        let hostile: [UInt64] = [.max, 1 << 63, 1 << 60, 1 << 32, 0, 1, 8, 512, UInt64(data.count)]
        var (refused, taken) = (0, 0)
        for round in 0..<3000 {
            var changed = data
            for _ in 0...Int(random.next() % 2) {
                let index = 512 + Int(random.next() % UInt64(data.count - 520))
                if random.next() % 2 == 0 {
                    changed[index] = UInt8(truncatingIfNeeded: random.next())
                } else {
                    let number = hostile[Int(random.next() % UInt64(hostile.count))]
                    withUnsafeBytes(of: number.littleEndian) {
                        changed.replaceSubrange(index & ~7..<(index & ~7) + 8, with: Data($0))
                    }
                }
            }
            changed = Self.sealed(changed)
            do {
                let bundle = try BundleFile.read(changed, name: "b.h5")
                taken += 1
                if round % 8 == 0 {
                    #expect(try BundleFile.read(BundleFile.data(bundle), name: "again") == bundle)
                }
            } catch {
                refused += 1
                let text = "\(error)"
                if !text.hasPrefix("b.h5: ") || text.contains(where: \.isNewline) { Issue.record("\(round): \(text)") }
            }
        }
        #expect(refused > 300 && taken > 300, "\(refused) refused, \(taken) taken: the test does not bite")
    }

    private static func sealed(_ image: Data) -> Data {
        var data = image
        data.replaceSubrange(32..<64, with: Data(count: 32))
        var digest = Digest.Incremental()
        digest.update(data)
        data.replaceSubrange(32..<64, with: digest.rawDigest())
        return data
    }
}
