import Foundation
import Testing

/// Products of another library: other bytes, named in the provenance, and a model that is as good.
@Suite(.serialized, .timeLimit(.minutes(10))) struct OtherKernelsTests {
    private static func environment(_ more: [String: String]) -> [String: String] {
        ["PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "AMALGAM_PRODUCTS": "openblas"].merging(more) { $1 }
    }

    private static func train(
        _ lab: Lab, to out: String, threads: Int = 2, environment: [String: String]? = nil, more: [String] = []
    ) throws -> Lab.Run {
        try lab.run(
            [
                "train-adapter", "--model", "@tiny", "--task", "@game", "--out", "@\(out)", "--epochs", "12", "--lr",
                "5e-3",
                "--threads", "\(threads)", "--json", "--quiet",
            ] + more, environment: environment)
    }

    /// Whether OpenBLAS is on this machine, as the command itself finds it.
    static let hasOpenBLAS: Bool = {
        guard let lab = try? Lab(), (try? lab.task("game", seed: 1, train: 10, dev: 5)) != nil else { return false }
        let run = try? train(lab, to: "probe.h5", environment: environment([:]), more: ["--epochs", "1"])
        return run?.status != 69
    }()

    /// The sets that this processor has kernels for, as the command itself lists them.
    static let instructionSets: [String] = {
        guard let lab = try? Lab(), (try? lab.task("game", seed: 1, train: 10, dev: 5)) != nil else { return [] }
        let run = try? train(lab, to: "probe.h5", environment: environment(["AMALGAM_PRODUCTS": "?"]))
        return run?.words.split { $0.isWhitespace || $0 == "," }.map(String.init) ?? []
    }()

    private func accuracy(_ run: Lab.Run) throws -> Double {
        try #require(run.status == 0, "\(run.words)")
        let json = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
        return try #require((json["dev"] as? [String: Any])?["accuracy"] as? Double)
    }

    @Test(.enabled(if: hasOpenBLAS, "OpenBLAS is not on this machine"))
    func otherBytesAsGoodAndNamed() throws {
        let lab = try Lab()
        try lab.task("game", seed: 1, train: 300, dev: 400)
        let ours = try accuracy(Self.train(lab, to: "ours.h5"))
        let theirs = try accuracy(Self.train(lab, to: "theirs.h5", environment: Self.environment([:])))
        #expect(ours > 0.6, "the task must be learnt for the comparison to say something")
        #expect(abs(ours - theirs) <= 0.005, "dev accuracy \(ours) with ours, \(theirs) with OpenBLAS")
        #expect(try lab.data("ours.h5") != lab.data("theirs.h5"))
        let names = try ["ours.h5", "theirs.h5"].map { try #require(try lab.inspect($0)["kernels"] as? String) }
        #expect(names[0].hasPrefix("amalgam "))
        #expect(names[1].hasPrefix("OpenBLAS "))
        // Its threads are ours: the number of them changes nothing
        let environment = Self.environment(["OPENBLAS_NUM_THREADS": "4", "OMP_NUM_THREADS": "4"])
        _ = try accuracy(Self.train(lab, to: "again.h5", threads: 1, environment: environment))
        #expect(try lab.data("again.h5") == lab.data("theirs.h5"))
    }

    /// A library's kernels chosen by hand are a setting: the bundle names them.
    @Test(.enabled(if: hasOpenBLAS, "OpenBLAS is not on this machine"))
    func kernelsChosenByHandAreNamed() throws {
        let lab = try Lab()
        try lab.task("game", seed: 1)
        var names: [String] = []
        for core in ["Nehalem", "Haswell"] {
            _ = try accuracy(
                Self.train(
                    lab, to: "\(core).h5", environment: Self.environment(["OPENBLAS_CORETYPE": core]),
                    more: ["--epochs", "1"]))
            names.append(try #require(try lab.inspect("\(core).h5")["kernels"] as? String))
        }
        #expect(Set(names).count == 2, "\(names)")
    }

    /// An older instruction set by hand: the bytes of machines that have no newer one, and bfloat16 is off.
    @Test(.enabled(if: instructionSets.contains("avx512"), "this processor has no newer instruction set than AVX2"))
    func anOlderInstructionSet() throws {
        let lab = try Lab()
        try lab.task("game", seed: 1, train: 300, dev: 400)
        let set = ["PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "AMALGAM_PRODUCTS": "avx2"]
        let newest = try accuracy(Self.train(lab, to: "newest.h5"))
        let older = try accuracy(Self.train(lab, to: "older.h5", environment: set))
        #expect(abs(newest - older) <= 0.005, "dev accuracy \(newest) with AVX-512, \(older) with AVX2")
        #expect(try lab.inspect("older.h5")["kernels"] as? String == "amalgam avx2")
        let narrow = try Self.train(lab, to: "narrow.h5", environment: set, more: ["--precision", "bf16"])
        #expect(narrow.status == 64 && narrow.words.contains("products here: amalgam avx2"), "\(narrow.words)")
    }

    @Test func unknownKernelsAreRefused() throws {
        let lab = try Lab()
        try lab.task("game", seed: 1)
        let run = try Self.train(lab, to: "none.h5", environment: Self.environment(["AMALGAM_PRODUCTS": "avx9"]))
        #expect(run.status == 64)
        #expect(
            run.words.contains("AMALGAM_PRODUCTS: found avx9, expected openblas"), "\(run.words)")
    }
}
