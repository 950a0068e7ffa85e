import Adapters
import Files
import Foundation
import Models
import Testing

@testable import Bundles

/// Version 2 of the file, and what is left of version 1.
@Suite struct BundleVersionTests {
    /// Written by amalgam 0.1 at version 1, from Tests/Golden/seed1/seq_bn/adapter.
    private static let old = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Golden/bundles/version1.bundle")

    @Test func version1IsRead() throws {
        let bundle = try BundleFile.read(Self.old)
        #expect(bundle.kind == .adapter && bundle.members.count == 1 && bundle.base.tokenizer == nil)
        // Written again it is of version 2, with the same content
        let again = try BundleFile.read(BundleFile.data(bundle), name: "again")
        #expect(again == bundle)
    }

    /// Version 1 has one fusion, with its configuration and its tensors in places of their own.
    @Test func fusionsOfVersion1AreRead() throws {
        let bundle = try Sample.bundle(.fusion)
        var (root, _) = try BundleContainer.open(BundleFile.data(bundle), name: "sample")
        root.set("", "version", .integer(1))
        root.set("", "composition", .string(#"{"fuse":["b","a","é"]}"#))
        root.set("", "fusion", .string(#"{"regularization":0.01,"temperature":1,"value":true}"#))
        let blocks = try #require(root.groups.firstIndex { $0.0 == "blocks" })
        let fuse = try #require(root.groups[blocks].1.group("fuse"))
        root.groups[blocks] = ("fusion", fuse)
        for head in bundle.heads {
            root.set("heads/\(head.name)", "pooling", .string("first"))
            root.set("heads/\(head.name)", "text_prefix", .string(""))
        }
        let read = try BundleFile.read(try BundleContainer.seal(root), name: "old")
        #expect(read.composition == bundle.composition && read.tensors == bundle.tensors)
        root.set("", "fusion", .string(#"{"value":1}"#))
        #expect(problem { try BundleFile.read(try BundleContainer.seal(root), name: "b") }.hasPrefix("b: /@fusion: "))
    }

    @Test func unfinishedFormsAreRefused() throws {
        for value in [HDF5Attribute.integer(0), .integer(2)] {
            var (root, _) = try BundleContainer.open(BundleFile.data(Sample.bundle(.adapter)), name: "sample")
            root.set("", "draft", value)
            let text = problem { try BundleFile.read(try BundleContainer.seal(root), name: "b") }
            #expect(text.hasPrefix("b: /@draft: ") && text.contains("train it again"), "\(text)")
        }
        var (root, _) = try BundleContainer.open(BundleFile.data(Sample.bundle(.adapter)), name: "sample")
        root.set("", "version", .integer(3))
        #expect(problem { try BundleFile.read(try BundleContainer.seal(root), name: "b") }.contains("expected 1 to 2"))
    }

    @Test func aHeadKnowsItsTaskAndTheBaseItsTokenizer() throws {
        var bundle = try Sample.bundle(.adapter)
        bundle.base.tokenizer = String(repeating: "cd", count: 32)
        bundle.heads[0].task = HeadTask(name: "reviews / 2024", kind: "text-pair-classification")
        let read = try BundleFile.read(BundleFile.data(bundle), name: "b")
        #expect(read == bundle)
        #expect(read.heads[0].task?.name == "reviews / 2024")

        var (root, _) = try BundleContainer.open(BundleFile.data(bundle), name: "sample")
        root.set("heads/task", "task", nil)
        #expect(
            problem { try BundleFile.read(try BundleContainer.seal(root), name: "b") }.hasPrefix("b: /heads/task@task"))
    }

    @Test func manyLabels() throws {
        var bundle = try Sample.bundle(.head)
        bundle.heads = [
            NamedHead("task", ClassificationHead(labels: (0..<5000).map { "label \($0)" }, pooling: .first))
        ]
        try Sample.fill(&bundle)
        #expect(try BundleFile.read(BundleFile.data(bundle), name: "b") == bundle)
        var (root, _) = try BundleContainer.open(BundleFile.data(bundle), name: "sample")
        for wrong in [#"[1]"#, "{}", "x", #"["a","a"]"#, "[]"] {
            root.set("heads/task", "labels", .string(wrong))
            let text = problem { try BundleFile.read(try BundleContainer.seal(root), name: "b") }
            #expect(text.hasPrefix("b: /heads/task@labels"), "\(text)")
        }
    }

    /// What `data` would refuse after hours, `check` refuses before, from the configuration alone.
    @Test func whatCannotBeWrittenIsRefusedBefore() throws {
        var bundle = try Sample.bundle(.adapter)
        bundle.tensors = []
        try BundleFile.check(bundle)

        var long = bundle
        long.heads[0].name = String(repeating: "x", count: 201)
        #expect(problem { try BundleFile.check(long) }.contains("201 bytes, expected 1 to 200 bytes"))
        #expect(problem { try BundleFile.data(long) }.contains("201 bytes"))

        var twice = bundle
        twice.heads.append(twice.heads[0])
        #expect(problem { try BundleFile.check(twice) }.contains("two children named 'task'"))

        var same = bundle
        same.heads[0].head = ClassificationHead(labels: ["a", "a", "b"], pooling: .first)
        #expect(problem { try BundleFile.check(same) }.contains("a label that appears twice"))

        var nul = bundle
        nul.heads[0].head = ClassificationHead(labels: ["a\u{0}b", "c"], pooling: .first)
        #expect(problem { try BundleFile.check(nul) }.contains("NUL"))
    }

    /// Factors of no width: an (IA)3 bundle on a base that says intermediate: 0.
    @Test func noTensorIsEmpty() throws {
        var bundle = try Sample.bundle(.head)
        bundle.base.shape.intermediate = 0
        bundle.members = [Member(name: "a", configuration: try .resolve("ia3"))]
        bundle.composition = .leaf("a")
        try Sample.fill(&bundle)
        let text = problem { try BundleFile.read(BundleFile.data(bundle), name: "b") }
        #expect(text.hasPrefix("b: /members/a/intermediate/0/factors: shape [0]"), "\(text)")
    }

    @Test func groupNames() {
        #expect(GroupName.safe("reviews 2024/é") == "reviews_2024_é")
        let long = String(repeating: "é", count: 300)
        let safe = GroupName.safe(long)
        #expect(safe.utf8.count <= 200 && BundleFile.isName(safe))
        #expect(safe != GroupName.safe(long + "x"))
        #expect(GroupName.safe("..") == "_")
    }
}

/// Which head scores what.
@Suite struct HeadChoiceTests {
    private func bundle(_ tasks: [HeadTask?]) throws -> AdapterBundle {
        var bundle = try Sample.bundle(.head)
        bundle.heads = tasks.enumerated().map { i, task in
            NamedHead(
                task.map { GroupName.safe($0.name) } ?? "h\(i)",
                ClassificationHead(labels: ["a", "b"], pooling: .first),
                task: task)
        }
        return bundle
    }

    private let single = HeadTask(name: "reviews", kind: "text-classification")
    private let pair = HeadTask(name: "nli", kind: "text-pair-classification")

    @Test func theTasksOwnHead() throws {
        let choice = try bundle([pair, single]).head(named: nil, for: single, file: "x.h5")
        #expect(choice == HeadChoice(index: 1, warnings: []))
    }

    @Test func anotherKindIsRefused() throws {
        for (own, other) in [(single, pair), (pair, single)] {
            let text = problem { try bundle([own]).head(named: nil, for: other, file: "x.h5") }
            #expect(
                text == "x.h5: head \(own.name) was trained for \(own.kind), but \(other.name) is \(other.kind); "
                    + "use a bundle that was trained for \(other.kind)")
            #expect(problem { try bundle([own]).head(named: own.name, for: other, file: "x.h5") } == text)
        }
    }

    @Test func anotherTaskIsAWarningUnlessTheHeadIsNamed() throws {
        let other = HeadTask(name: "opinions", kind: single.kind)
        let bundle = try bundle([single])
        let choice = try bundle.head(named: nil, for: other, file: "x.h5")
        #expect(choice.index == 0 && choice.warnings.count == 1)
        #expect(choice.warnings[0].contains("trained for task reviews, not for opinions"))
        #expect(try bundle.head(named: "reviews", for: other, file: "x.h5").warnings.isEmpty)
        // Heads that came from elsewhere know nothing
        #expect(try self.bundle([nil]).head(named: nil, for: other, file: "x.h5").warnings.isEmpty)
    }

    @Test func noneOrSeveral() throws {
        #expect(problem { try bundle([]).head(named: nil, for: single, file: "x.h5") }.contains("has no head"))
        // A head that is named must exist, also where there is only one
        #expect(problem { try bundle([single]).head(named: "x", for: single, file: "x.h5") }.contains("none for x"))
        let text = problem { try bundle([single, pair]).head(named: "x", for: nil, file: "x.h5") }
        #expect(text == "x.h5: it has heads for reviews, nli, but none for x; choose one with --head")
    }
}
