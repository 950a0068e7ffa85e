import Adapters
import Files
import Foundation
import Models
import Testing

@testable import Bundles

/// What merging refuses, each with one line, and what becomes of heads.
@Suite struct MergeRefusalTests {
    private func bundle(
        _ name: String, _ preset: String = "lora", _ overrides: [String] = [], seed: UInt64? = nil, head: String? = nil
    ) throws -> AdapterBundle {
        try MergePropertyTests.bundle(name, preset, overrides, seed: seed, head: head)
    }

    private func refused(
        _ bundles: [AdapterBundle], _ method: String = "average", _ change: (inout MergeOptions) -> Void = { _ in }
    ) -> String {
        problem { try MergePropertyTests.merge(bundles, method, change).bundle.name }
    }

    @Test func otherBases() throws {
        let a = try bundle("a")
        var b = try bundle("b")
        b.base.fingerprint = String(repeating: "ee", count: 32)
        #expect(
            refused([a, b])
                == "b.h5: base fingerprint: found eeeeeeeeeeee (small), expected abababababab (small), as in a.h5; merge bundles of "
                + "one base model")
        let forced = try MergePropertyTests.merge([a, b], "average", force: true)
        #expect(forced.bundle.base == a.base)
        #expect(
            forced.warnings == [
                "b.h5: trained on another base model than a.h5; merged because --force was given"
            ])
        b.base = a.base
        b.base.tokenizer = String(repeating: "ee", count: 32)
        #expect(
            refused([a, b]).hasPrefix("b.h5: base tokenizer: found eeeeeeeeeeee, expected cdcdcdcdcdcd, as in a.h5"))
        b.base = a.base
        b.base.shape.hidden = 12
        b.base.fingerprint = nil
        #expect(refused([a, b]).hasPrefix("b.h5: base hidden size: found 12, expected 8, as in a.h5; merge bundles"))
        b.base.shape.hidden = 8
        let imported = try MergePropertyTests.merge([b, a], "average")
        #expect(imported.bundle.base == a.base)
        #expect(
            imported.warnings == [
                "b.h5: its base model is not recorded (an imported adapter); only the shapes were checked"
            ])
    }

    @Test func otherMethodsAndFields() throws {
        #expect(
            refused([try bundle("a", "ia3"), try bundle("b", "bitfit")])
                == "b.h5: adapter b: method: found bitfit, expected ia3, as in a.h5; compose them instead: --compose 'average(…)'"
        )
        #expect(
            refused([
                try bundle("a", "seq_bn", ["reduction_factor=4"]), try bundle("b", "seq_bn", ["reduction_factor=2"]),
            ])
                == "b.h5: adapter b: reduction_factor: found 2, expected 4, as in a.h5, since values are merged one by one; compose "
                + "them instead: --compose 'average(…)'")
        #expect(
            refused([try bundle("a", "bitfit"), try bundle("b", "bitfit", ["targets=query"])])
                .hasPrefix("b.h5: adapter b: targets: found \"query\", expected \"all\", as in a.h5"))
        // What shapes only the training may differ
        let other = try bundle("b", "seq_bn", ["reduction_factor=4", "init_weights=mam_adapter"])
        #expect(
            try MergePropertyTests.merge([bundle("a", "seq_bn", ["reduction_factor=4"]), other], "average").bundle.kind
                == .adapter)
    }

    @Test func configurationsThatDoNotAddUp() throws {
        let a = try bundle("a")
        #expect(
            refused([a, try bundle("b", "dora")])
                == "b.h5: adapter b: use_dora: found true, expected false: DoRA scales the rows of W + ΔW, so changes do not add up; "
                + "compose them instead: --compose 'average(…)'")
        #expect(
            refused([try bundle("b", "seq_bn_inv", ["reduction_factor=4"])])
                .hasPrefix(
                    "b.h5: adapter b: inv_adapter: found nice, expected none: the mean of two invertible adapters is not the mean"
                ))
        #expect(
            refused([try bundle("b", "ia3")], "cat")
                == "b.h5: adapter b: method: found ia3, expected lora, since --method cat works on its factors; use --method average, "
                + "task_arithmetic, ties, dare_linear, dare_ties")
        #expect(
            refused([try bundle("b", "ia3")]) { $0.rank = 4 }
                == "b.h5: --rank: found 4 for adapters of ia3, expected none: only LoRA has a rank to choose")
    }

    @Test(arguments: AdapterBundle.Kind.allCases.filter { $0 != .adapter }) func otherKinds(_ kind: AdapterBundle.Kind)
        throws
    {
        var other = try Sample.bundle(kind)
        other.name = "b"
        #expect(
            refused([try bundle("a"), other]).hasPrefix("b.h5: kind: found \(kind.rawValue)"))
        #expect(refused([other]).hasSuffix("expected adapter; give bundles of one adapter each"))
    }

    @Test func otherLanguages() throws {
        let a = try bundle("a")
        var b = try bundle("b")
        b.language = LanguageReference(name: "de", hash: String(repeating: "12", count: 32))
        #expect(
            refused([a, b])
                == "b.h5: language adapter: found de (121212121212), expected none, as in a.h5; merge adapters that were trained on the "
                + "same language adapter, or all without one")
        var c = b
        c.name = "c"
        c.heads = []
        c.tensors.removeAll { $0.name.hasPrefix("heads/") }
        #expect(try MergePropertyTests.merge([b, c], "average").bundle.language == b.language)
    }

    @Test(arguments: [
        (
            "mean",
            "--method: found 'mean', expected one of average, task_arithmetic, ties, dare_linear, dare_ties, cat, svd, knots"
        ),
        ("average weights=1", "--weights: found 1 number, expected 2, one for each bundle"),
        (
            "average weights=1,3",
            "--weights: found a sum of 4, expected a sum of 1, such as 0.25 0.75; use method task_arithmetic for other sums"
        ),
        ("ties weights=1,0", "--weights: found 0, expected finite numbers other than 0"),
        ("cat weights=1,nan", "expected finite numbers other than 0"),
        ("ties density=0", "--density: found 0.0, expected a share over 0 and at most 1, such as 0.2"),
        ("dare_ties density=1.5", "--density: found 1.5, expected a share over 0"),
        ("ties scale=inf", "--scale: found inf, expected a finite number other than 0"),
        ("svd rank=0", "--rank: found 0, expected 1 or more"),
        (
            "cat rank=4",
            "--rank: found 4, expected none with method cat; it is an option of average, task_arithmetic, ties"
        ),
        ("average density=0.5", "--density: found 0.5, expected none with method average; it is an option of ties"),
        (
            "knots combination=svd",
            "--combination: found 'svd', expected one of average, task_arithmetic, ties, dare_linear"
        ),
        ("knots combination=average density=0.5", "--density: found 0.5, expected none with method average"),
        (
            "ties combination=ties",
            "--combination: found ties, expected none with method ties; it is an option of knots"
        ),
    ]) func options(_ words: String, _ message: String) throws {
        let words = words.split(separator: " ")
        let text = refused([try bundle("a"), try bundle("b")], String(words[0])) { options in
            for word in words.dropFirst() {
                let parts = word.split(separator: "=").map(String.init)
                switch parts[0] {
                case "weights": options.weights = parts[1].split(separator: ",").compactMap { Double($0) }
                case "density": options.density = Double(parts[1])
                case "scale": options.scale = Double(parts[1])
                case "rank": options.rank = Int(parts[1])
                default: options.combination = parts[1]
                }
            }
        }
        #expect(text.contains(message) && !text.contains("\n"), "\(text)")
    }

    @Test func nothingAndTooMuch() throws {
        #expect(refused([]) == "--bundles: found none, expected at least one")
        #expect(refused([try bundle("a")], "dare_linear") { $0.seed = -1 } == "--seed: found -1, expected 0 or more")
        for (preset, method) in [
            ("ia3", "task_arithmetic"), ("lora", "task_arithmetic"), ("lora", "cat"), ("lora", "knots"),
        ] {
            let text = refused([try bundle("a", preset), try bundle("b", preset)], method) {
                $0.weights = [1e300, 1]
                if method == "knots" { $0.combination = "task_arithmetic" }
            }
            #expect(text.contains("found numbers too large for float32"), "\(preset) \(method): \(text)")
        }
    }

    @Test func headsOfOneName() throws {
        let (a, b) = (try bundle("a", seed: 1, head: "h"), try bundle("b", seed: 2, head: "h"))
        #expect(
            refused([a, b])
                == "b.h5: head h: found another head of that name in a.h5, expected heads of different names; keep both with --heads "
                + "rename, or use their mean with --heads average")
        let renamed = try MergePropertyTests.merge([a, b], "average") { $0.heads = .rename }
        #expect(renamed.bundle.heads.map(\.name) == ["h", "h_2"])
        #expect(renamed.warnings == ["head h is that of a.h5; choose --head h_2 for that of b.h5"])
        func values(_ bundle: AdapterBundle, _ head: String) -> [Float] {
            bundle.tensors.filter { $0.name.hasPrefix("heads/\(head)/") }.flatMap(\.values)
        }
        #expect(values(renamed.bundle, "h") == values(a, "h") && values(renamed.bundle, "h_2") == values(b, "h"))
        let mean = try MergePropertyTests.merge([a, b], "average") { $0.heads = .average }.bundle
        #expect(mean.heads.map(\.name) == ["h"])
        #expect(values(mean, "h") == zip(values(a, "h"), values(b, "h")).map { Float((Double($0) + Double($1)) / 2) })
        var c = b
        c.heads[0].head = ClassificationHead(labels: ["yes", "no"], pooling: .first)
        #expect(
            refused([a, c]) { $0.heads = .average }
                == "b.h5: head h: found another kind, other settings or other labels than in a.h5, expected the same for an average; "
                + "keep both with --heads rename")
    }

    /// Values that began at other random numbers have nothing in common; LoRA's changes need not.
    @Test func differentStarts() throws {
        let fields = ["reduction_factor=2"]
        let warnings = try MergePropertyTests.merge(
            [bundle("a", "seq_bn", fields, seed: 1), bundle("b", "seq_bn", fields, seed: 2)], "average"
        ).warnings
        #expect(
            warnings.count == 1 && warnings[0].hasPrefix("b.h5: its values have nothing in common with those of a.h5"))
        var near = try bundle("b", "seq_bn", fields, seed: 1)
        for i in near.tensors.indices {
            for j in near.tensors[i].values.indices { near.tensors[i].values[j] += j % 2 == 0 ? 0.1 : -0.1 }
        }
        #expect(try MergePropertyTests.merge([bundle("a", "seq_bn", fields, seed: 1), near], "average").warnings == [])
        #expect(try MergePropertyTests.merge([bundle("a", seed: 1), bundle("b", seed: 2)], "average").warnings == [])
    }

    @Test func maximumLengths() throws {
        var b = try bundle("b")
        b.provenance.settings = #"{"max_length":128}"#
        let merged = try MergePropertyTests.merge([bundle("a"), b], "average")
        #expect(merged.bundle.provenance.settings.contains(#""max_length":128"#))
        #expect(
            merged.warnings == [
                "the bundles were trained with a maximum length of 64 and 128; the merged one uses 128 unless --max-length is given"
            ])
    }
}
