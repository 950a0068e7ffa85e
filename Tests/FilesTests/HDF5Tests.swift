import Foundation
import Testing

@testable import Files

struct HDF5PropertyTests {
    @Test func roundTrip() throws {
        let data = try HDF5.encode(HDF5Trees.sample)
        #expect(try HDF5.decode(data, name: "x") == HDF5Trees.sample)
        let empty = HDF5Group()
        #expect(try HDF5.decode(HDF5.encode(empty), name: "x") == empty)
    }

    @Test func orderDoesNotMatter() throws {
        let data = try HDF5.encode(HDF5Trees.sample)
        #expect(try HDF5.encode(HDF5Trees.sample) == data)
        #expect(try HDF5.encode(HDF5Trees.reversed(HDF5Trees.sample)) == data)
    }

    /// save → load → save gives equal bytes, also while other threads write.
    @Test func randomTrees() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for seed in UInt64(1)...20 {
                group.addTask {
                    var random = SeededRandom(seed: seed)
                    let tree = HDF5Trees.random(&random)
                    let data = try HDF5.encode(tree)
                    let back = try HDF5.decode(data, name: "x")
                    #expect(back == HDF5Trees.sorted(tree), "seed \(seed)")
                    #expect(try HDF5.encode(back) == data, "seed \(seed)")
                }
            }
            try await group.waitForAll()
        }
    }

    @Test func manyChildrenAndLongText() throws {
        var tree = HDF5Group(attributes: [("config", .string(String(repeating: "x", count: 1_000_000)))])
        for index in 0..<3000 {
            tree.datasets.append(("tensor \(index)", HDF5Dataset(shape: [1], value: .float32([Float(index)]))))
        }
        let data = try HDF5.encode(tree)
        #expect(try HDF5.decode(data, name: "x") == HDF5Trees.sorted(tree))
    }

    @Test func refusesWhatItCannotHold() {
        let one = HDF5Dataset(shape: [1], value: .uint8([1]))
        let trees: [HDF5Group] = [
            HDF5Group(datasets: [("a", one)], groups: [("a", HDF5Group())]),
            HDF5Group(datasets: [("a", one), ("a", one)]),
            HDF5Group(datasets: [("a/b", one)]), HDF5Group(datasets: [("", one)]), HDF5Group(datasets: [(".", one)]),
            HDF5Group(datasets: [("a\0b", one)]),
            HDF5Group(datasets: [("a", HDF5Dataset(shape: [2], value: .uint8([1])))]),
            HDF5Group(datasets: [("a", HDF5Dataset(shape: [-1], value: .uint8([1])))]),
            HDF5Group(datasets: [("a", HDF5Dataset(shape: [.max, .max], value: .uint8([1])))]),
            HDF5Group(attributes: [("a", .string("x\0y"))]),
            HDF5Group(attributes: [("a", .integers([Int64](repeating: 0, count: 9000)))]),
            HDF5Group(attributes: [("a", .integer(1)), ("a", .integer(2))]),
            (0..<40).reduce(HDF5Group()) { tree, _ in HDF5Group(groups: [("g", tree)]) },
        ]
        for (index, tree) in trees.enumerated() {
            let error = #expect(throws: FileError.self, "tree \(index)") { try HDF5.encode(tree) }
            if case .notWritable = error {} else { #expect(Bool(false), "tree \(index): \(String(describing: error))") }
        }
    }
}

/// Against the HDF5 library's other users.
struct HDF5ParityTests {
    @Test func readsWhatH5pyWrites() throws {
        let expected = try Golden.expected()
        let root = try HDF5.decode(try Golden.data("plain.hdf5"), name: "plain.hdf5")
        #expect(root.attribute("text") == .string("größer"))
        #expect(root.attribute("bytes") == .string("fixed"))
        #expect(root.attribute("texts") == .strings(["a", "", String(repeating: "c", count: 300)]))
        #expect(root.attribute("one") == .integer(1))
        #expect(root.attribute("small") == .integer(-3))
        #expect(root.attribute("list") == .integers([1, 2, 3]))
        #expect(root.attribute("half") == .float(0.5))
        #expect(root.attribute("floats") == .floats([1.5, -2]))
        let one = try #require(root.group("members")?.group("one"))
        #expect(one.datasets.map(\.0) == ["A", "bits", "empty", "scalar"])
        #expect(one.dataset("A")?.shape == [3, 5])
        #expect(one.dataset("A")?.value == .float32(expected.hdf5.A))
        #expect(one.dataset("A")?.attribute("site") == .string("afterFeedForward"))
        #expect(one.dataset("bits")?.value == .float16bits(expected.hdf5.bits))
        #expect(one.dataset("empty") == HDF5Dataset(shape: [0, 3], value: .float32([])))
        #expect(one.dataset("scalar") == HDF5Dataset(shape: [], value: .int64([7])))
        let many = try #require(root.group("many"))
        #expect(many.datasets.count == 300 && many.attributes.count == 30)
        #expect(many.dataset("t299")?.value == .uint8([43]))
    }

    /// Each file has one thing that is refused, and the error says which.
    @Test(arguments: [
        ("soft-link", "soft link"), ("external-link", "links as messages"), ("hard-link", "second link"),
        ("circle", "circle"), ("gzip", "filtered"), ("chunked", "chunked"), ("external-data", "other files"),
        ("big-endian", "floating-point type"), ("float64", "float64"), ("compound", "class 6"),
        ("reference", "class 7"), ("named-type", "dataspace"), ("newest", "version"),
        ("never-written", "never written"),
    ])
    func refuses(name: String, word: String) throws {
        let file = "refused-\(name).hdf5"
        let data = try Golden.data(file)
        let error = #expect(throws: FileError.self) { try HDF5.decode(data, name: file) }
        error?.checkMessage(naming: file)
        #expect(error?.description.contains(word) == true, "\(String(describing: error))")
    }

    @Test(.enabled(if: Tool.find("h5dump") != nil, "h5dump (hdf5-tools) is not installed"))
    func h5dumpReadsABundle() throws {
        let folder = try TemporaryFolder()
        let url = try folder.file("b.hdf5")
        try AtomicFile.replace(url, with: try BundleContainer.seal(HDF5Trees.sample))
        let (status, output) = try Tool.run(try #require(Tool.find("h5dump")), [url.path])
        #expect(status == 0, "\(output)")
        for word in ["learning rate", "GROUP \"members\"", "H5T_IEEE_F32LE", "DATASET \"ids\"", "-9223372036854775808"]
        {
            #expect(output.contains(word), "\(word) not in:\n\(output)")
        }
    }

    @Test(.enabled(if: Tool.python(has: "h5py"), "Python with h5py is not installed"))
    func h5pyReadsAndChangesABundle() throws {
        let folder = try TemporaryFolder()
        let url = try folder.file("b.hdf5")
        try AtomicFile.replace(url, with: try BundleContainer.seal(HDF5Trees.sample))
        let script = """
            import h5py, sys
            with h5py.File(sys.argv[1]) as f:
                assert f.attrs["creator"] == "größer 🙂" and f.attrs["steps"] == -7, dict(f.attrs)
                assert list(f.attrs["texts"]) == ["a", "", "ccc"] and f.userblock_size == 512
                assert f["w"].shape == (2, 3) and f["w"][0, 2] == 3 and f["w"].dtype == "<f4"
                assert f["half"].dtype == "<u2" and f["members/a.b c/ids"][()] == -2**63
            with h5py.File(sys.argv[1], "r+") as f:
                f["w"][0, 0] = 9
                f.attrs["note"] = "by hand"
            """
        let (status, output) = try Tool.run(try #require(Tool.find("python3")), ["-c", script, url.path])
        #expect(status == 0, "\(output)")
        let error = #expect(throws: FileError.self) { try BundleContainer.open(url) }
        #expect(error?.description.contains("changed after it was written") == true)
        let (root, _) = try BundleContainer.open(url, allowChanged: true)
        #expect(root.attribute("note") == .string("by hand"))
        #expect(root.dataset("w")?.value == .float32([9, -0.0, 3, .infinity, 5, 6]))
    }
}
