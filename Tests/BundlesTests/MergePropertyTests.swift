import Adapters
import Files
import Foundation
import Models
import Numerics
import Testing

@testable import Bundles

/// What merging must do, whatever the adapters.
@Suite struct MergePropertyTests {
    private typealias Change = @Sendable (inout MergeOptions) -> Void

    /// A bundle of one adapter with random values, and a head for its name.
    static func bundle(
        _ name: String, _ preset: String = "lora", _ overrides: [String] = [], seed: UInt64? = nil, head: String? = nil
    ) throws -> AdapterBundle {
        var bundle = AdapterBundle(
            name: name,
            base: BaseIdentity(
                name: "small", fingerprint: String(repeating: "ab", count: 32),
                tokenizer: String(repeating: "cd", count: 32), shape: Sample.shape))
        bundle.members = [try Member(name: name, configuration: .resolve(preset, overrides: overrides)).saved()]
        bundle.composition = .leaf(name)
        bundle.heads = [
            NamedHead(
                head ?? name, ClassificationHead(labels: ["no", "yes"], pooling: .first),
                task: HeadTask(name: head ?? name, kind: "text-classification"))
        ]
        bundle.provenance.task = name
        bundle.provenance.settings = #"{"max_length":64}"#
        let own = seed ?? Randomness.hash(name)
        bundle.tensors = try bundle.specs().map { spec in
            // Two bundles of one seed have the same values, whatever their names
            let place = spec.name.split(separator: "/").dropFirst(2).joined(separator: "/")
            let key = Randomness.key(own, Randomness.hash(place))
            return NamedTensor(
                spec.name, spec.shape,
                (0..<spec.count).map { (spec.initializer == .ones ? 1 : 0) + 0.3 * Randomness.normal(key, $0) })
        }
        return bundle
    }

    static func merge(
        _ bundles: [AdapterBundle], _ method: String, _ change: (inout MergeOptions) -> Void = { _ in },
        force: Bool = false, name: String? = nil
    ) throws -> (bundle: AdapterBundle, warnings: [String]) {
        var options = MergeOptions()
        change(&options)
        return try BundleMerge(
            bundles.map { BundleMerge.Part($0, file: "\($0.name).h5") }, method: method, options: options, force: force
        ).run(name: name)
    }

    /// Methods of adapters and LoRA's forms.
    static let configurations: [[String]] = [
        ["lora"], ["lora", "rank=3", "rslora=true", "alpha=5", "targets=all"],
        ["lora", "targets=query,output", #"rank_pattern={"1":2,"query/0":0}"#, #"alpha_pattern={"output":5}"#],
        ["pissa", "rank=3"], ["lora_plus", "rank=2"], ["seq_bn", "reduction_factor=4"], ["ia3"], ["bitfit"],
        ["ln_tuning"], ["prefix_tuning", "prefix_length=3"], ["prompt_tuning", "prompt_length=3"],
    ]

    private static func isClose(_ a: [Float], _ b: [Float], _ tolerance: Float = 1e-5) -> Bool {
        let scale = b.map(abs).max() ?? 0
        return a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= tolerance * max(scale, 1e-6) }
    }

    private static func expectSame(_ a: AdapterBundle, _ b: AdapterBundle, _ words: Comment) throws {
        if a.members[0].configuration.method == LoRA.name {
            for site in try Architecture(Sample.shape).sites {
                let (ours, theirs) = (try a.change(at: site.site), try b.change(at: site.site))
                #expect((ours == nil) == (theirs == nil), words)
                if let ours, let theirs { #expect(isClose(ours, theirs), "\(words): \(site.site.name)") }
            }
        } else {
            let scope = (a.members[0].scope, b.members[0].scope)
            for tensor in b.tensors where tensor.name.hasPrefix(scope.1 + "/") {
                let name = scope.0 + tensor.name.dropFirst(scope.1.count)
                let own = try #require(a.tensors.first { $0.name == name })
                #expect(isClose(own.values, tensor.values, 1e-6), "\(words): \(name)")
            }
        }
    }

    /// Each method with which one bundle of weight 1 is that bundle, and two equal ones are it too.
    private static let keeping: [(String, Change)] = [
        ("average", { _ in }), ("ties", { $0.density = 1 }), ("dare_ties", { $0.density = 1 }),
        ("knots", { ($0.density, $0.combination) = (1, "ties") }),
    ]

    @Test(arguments: configurations) func oneBundleIsItself(_ configuration: [String]) throws {
        let one = try Self.bundle("a", configuration[0], Array(configuration.dropFirst()))
        let isLoRA = one.members[0].configuration.method == LoRA.name
        let exact: [(String, Change)] = [
            ("task_arithmetic", { _ in }), ("dare_linear", { $0.density = 1 }), ("cat", { _ in }), ("svd", { _ in }),
        ]
        for (method, change) in Self.keeping + exact where isLoRA || !["cat", "svd", "knots"].contains(method) {
            let merged = try Self.merge([one], method, change).bundle
            try Self.expectSame(merged, one, "\(method)")
            #expect(merged.heads == one.heads && merged.base == one.base)
        }
    }

    @Test(arguments: configurations) func theAverageOfEqualBundlesIsTheBundle(_ configuration: [String]) throws {
        let fields = Array(configuration.dropFirst())
        let two = try [
            Self.bundle("a", configuration[0], fields, seed: 3, head: "h"),
            Self.bundle("b", configuration[0], fields, seed: 3, head: "h"),
        ]
        let isLoRA = two[0].members[0].configuration.method == LoRA.name
        for (method, change) in Self.keeping where isLoRA || method != "knots" {
            let (merged, warnings) = try Self.merge(two, method, change, name: "a")
            try Self.expectSame(merged, two[0], "\(method)")
            // Equal heads of one name are one
            #expect(merged.heads.map(\.name) == ["h"])
            #expect(warnings == ["b.h5: the same adapter as in a.h5; it counts as often as it is given"])
            guard isLoRA else { continue }
            // No rank is spent on what is 0: both have the same number of parameters
            #expect(merged.bytes(under: "members") <= two[0].bytes(under: "members"))
        }
    }

    /// Unequal ranks, scales and targets; a missing projection counts as 0.
    @Test(arguments: ["cat", "task_arithmetic", "svd", "knots"]) func sumsAreSums(_ method: String) throws {
        for seed in UInt64(1)...4 {
            let a = try Self.bundle("a", "lora", ["rank=3", "rslora=true", "targets=query,value"], seed: seed)
            let b = try Self.bundle(
                "b", "lora", ["rank=2", "alpha=5", "targets=all", "leave_out=[1]"], seed: seed + 10)
            let merged = try Self.merge([a, b], method) {
                $0.weights = [1.5, -0.7]
                if method == "svd" { $0.rank = 8 }
                if method == "knots" { $0.combination = "task_arithmetic" }
            }.bundle
            var changed = 0
            for site in try Architecture(Sample.shape).sites.map(\.site) {
                let (one, two) = (try a.change(at: site), try b.change(at: site))
                guard let size = (one ?? two)?.count else {
                    #expect(try merged.change(at: site) == nil)
                    continue
                }
                changed += 1
                let zeros = [Float](repeating: 0, count: size)
                let sum = zip(one ?? zeros, two ?? zeros).map { 1.5 * $0 - 0.7 * $1 }
                let ours = try #require(try merged.change(at: site))
                #expect(Self.isClose(ours, sum), "seed \(seed), \(method), \(site.name)")
            }
            #expect(changed == 8)  // six projections of layer 0, two of layer 1
        }
    }

    /// A weighted sum in the common space is the weighted sum.
    @Test func knotsWithAnAverageIsTheAverage() throws {
        let two = try [Self.bundle("a", "lora", ["rank=3"]), Self.bundle("b", "lora", ["rank=2", "targets=all"])]
        let average = try Self.merge(two, "average") { $0.weights = [0.6, 0.4] }.bundle
        let knots = try Self.merge(two, "knots") { ($0.weights, $0.combination) = ([0.6, 0.4], "average") }.bundle
        try Self.expectSame(knots, average, "knots")
    }

    /// With a rank, what is kept are the largest singular values, and the warning says how much of the norm they are.
    @Test func ranksThatCutOff() throws {
        let two = try [Self.bundle("a", "lora", ["rank=3"]), Self.bundle("b", "lora", ["rank=3"])]
        let whole = try Self.merge(two, "task_arithmetic").bundle
        for rank in 1...6 {
            let (cut, warnings) = try Self.merge(two, "svd") { $0.rank = rank }
            var (lost, all) = (0.0, 0.0)
            for site in try Architecture(Sample.shape).sites.map(\.site) {
                guard let exact = try whole.change(at: site), let kept = try cut.change(at: site) else { continue }
                let values = SingularVectors(exact, rows: 8, columns: 8, count: 8).values
                let error = zip(exact, kept).reduce(0.0) { $0 + pow(Double($1.0) - Double($1.1), 2) }
                let rest = values.dropFirst(rank).reduce(0) { $0 + $1 * $1 }
                all += values.reduce(0) { $0 + $1 * $1 }
                lost += rest
                #expect(abs(error - rest) < 1e-5 * values.reduce(0) { $0 + $1 * $1 })
            }
            let percent = ((1 - lost / all) * 1000).rounded(.down) / 10
            #expect(
                warnings
                    == (rank == 6
                        ? []
                        : [
                            "the result's rank keeps \(percent) % of the merged change (of its squared norm); more with a larger --rank"
                        ]))
            guard case .map(let settings)? = ConfigurationValue(json: cut.provenance.settings),
                case .map(let record)? = settings["merge"], case .number(let kept)? = record["kept"]
            else {
                Issue.record("no record of the merge")
                return
            }
            #expect(abs(kept - (1 - lost / all)) < 1e-5)
        }
    }

    /// Factors of (IA)³ are differences from 1: a task that is taken away from itself leaves the model as it was.
    @Test func differencesFromOne() throws {
        let (a, b) = (try Self.bundle("a", "ia3", seed: 1), try Self.bundle("b", "ia3", seed: 1))
        let merged = try Self.merge([a, b], "task_arithmetic") { $0.weights = [1, -1] }.bundle
        for tensor in merged.tensors where tensor.name.hasPrefix("members/") {
            #expect(tensor.values.allSatisfy { $0 == 1 })
        }
    }

    /// What DARE drops follows from the seed: about as many as it says, others with another seed, the same with the same one.
    @Test func drops() throws {
        let one = try Self.bundle("a", "bitfit")
        func dropped(_ seed: Int) throws -> AdapterBundle {
            try Self.merge([one], "dare_linear") { ($0.density, $0.seed) = (0.25, seed) }.bundle
        }
        let (first, again, other) = (try dropped(1), try dropped(1), try dropped(2))
        #expect(first == again && first.tensors != other.tensors)
        let own = one.tensors.filter { $0.name.hasPrefix("members/") }
        let values = first.tensors.filter { $0.name.hasPrefix("members/") }
        var kept = 0
        for (before, after) in zip(own, values) {
            for (x, y) in zip(before.values, after.values) where y != 0 {
                #expect(y == Float(Double(x) / 0.25))
                kept += 1
            }
        }
        let all = own.reduce(0) { $0 + $1.values.count }
        #expect(abs(Double(kept) / Double(all) - 0.25) < 4 * (0.25 * 0.75 / Double(all)).squareRoot())
    }

    /// TIES by hand: the largest half of each, the sign of the larger sum, the mean of what agrees.
    @Test func tiesByHand() throws {
        let vectors: [[Float]] = [[4, -1, 0.5, 3], [-1, -2, 6, 0.1], [5, 3, 0, -2]]
        let source = TaskVectors(count: 3, tensors: [("x", 2), ("y", 2)]) { adapter, tensor in
            Array(vectors[adapter][2 * tensor..<2 * tensor + 2])
        }
        var options = MergeOptions()
        options.density = 0.5
        let rule = try TIES(options, count: 3).rule(for: source)
        // Trimmed: [4, 0, 0, 3], [0, -2, 6, 0], [5, 3, 0, 0]; signs +, +, +, +
        #expect(try rule(0) == [4.5, 3] && rule(1) == [6, 3])
        options.weights = [1, 1, -2]
        (options.scale, options.density) = (0.5, 1)
        let weighted = try TIES(options, count: 3).rule(for: source)
        // Weighted: [4, -1, 0.5, 3], [-1, -2, 6, 0.1], [-10, -6, 0, 4]; signs -, -, +, +
        #expect(try weighted(0) == [-11.0 / 3 / 2, -9.0 / 4 / 2])
        #expect(try weighted(1).map { Float($0) } == [6.5 / 2 / 2, Float(7.1 / 4 / 2)])
    }

    /// The same merge gives the same bytes, which say what was merged.
    @Test(arguments: MergeMethods.names) func bytes(_ method: String) throws {
        let two = try [Self.bundle("a", "lora", ["rank=3"]), Self.bundle("b", "lora", ["rank=2", "targets=all"])]
        func data() throws -> Data {
            try BundleFile.data(Self.merge(two, method) { $0.seed = 3 }.bundle)
        }
        let first = try data()
        #expect(try first == data())
        let read = try BundleFile.read(first, name: "merged")
        #expect(read.name == "a+b" && read.members.map(\.name) == ["a_b"] && read.heads.map(\.name) == ["a", "b"])
        #expect(read.provenance.task == "a+b" && read.kind == .adapter)
        guard case .map(let settings)? = ConfigurationValue(json: read.provenance.settings),
            case .map(let record)? = settings["merge"], case .list(let bundles)? = record["bundles"]
        else {
            Issue.record("no record of the merge")
            return
        }
        #expect(settings["max_length"] == .number(64) && record["method"] == .string(method))
        let weight = method == "average" ? 0.5 : 1
        #expect(
            bundles
                == two.map { bundle in
                    .map([
                        "name": .string(bundle.name), "adapter": .string(bundle.name), "weight": .number(weight),
                        "content": .string(
                            bundle.contentHash(
                                of: bundle.members[0].scope, configuration: bundle.members[0].configuration.json)),
                    ])
                })
    }

    /// Every method has a name and a line of its own.
    @Test func registry() {
        #expect(Set(MergeMethods.names).count == MergeMethods.builtIn.count)
        #expect(Set(MergeMethods.builtIn.map { $0.summary }).count == MergeMethods.builtIn.count)
    }
}
