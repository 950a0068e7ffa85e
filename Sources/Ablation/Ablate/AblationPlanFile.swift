import Adapters
import Files
import Foundation
import Numerics
import Tasks
import Training

/// A comparison as a YAML file: its tasks and its plan.
package struct AblationPlanFile {
    /// Paths of task definitions or folders; relative ones start from the plan's folder.
    package var tasks: [URL]
    package var plan: AblationPlan

    private static let keys = [
        "tasks", "arms", "seeds", "seed", "sizes", "config", "set", "epochs", "max_length", "batch_size", "precision",
        "scheduler", "learning_rates", "max_train", "max_dev", "max_test", "calibration",
    ]
    private static let armKeys =
        [
            "kind", "name", "label", "config", "set", "rates", "seeds", "sizes", "epochs",
        ] + sharedKeys
    /// Of arms for all tasks.
    private static let sharedKeys = ["scheduler", "balancer", "mix", "task_cap"]

    /// - Throws: `TaskError` that names the file, the line and the key; `AdapterError` of a configuration
    package init(contentsOf url: URL) throws {
        let file = url.path
        guard let data = FileManager.default.contents(atPath: file) else {
            throw TaskError.unreadable(file: file, reason: "no such file, or it cannot be read; check the path")
        }
        guard let text = String(data: data, encoding: .utf8) else { throw TaskError.notUTF8(file: file, line: 1) }
        try self.init(text: text, file: file, folder: url.deletingLastPathComponent())
    }

    /// - Parameters:
    ///   - file: the name that messages show
    ///   - folder: what relative paths start from
    init(text: String, file: String, folder: URL) throws {
        let root = try YAMLMap(
            text: text, file: file, keys: Self.keys, fix: "expected a YAML map with the keys tasks and arms")
        guard let paths = try root.texts("tasks"), !paths.isEmpty else {
            throw TaskError.missingKey(file: file, key: "tasks", expected: "a list of task YAMLs or folders")
        }
        tasks = paths.map { Self.url($0, in: folder) }
        plan = AblationPlan(
            configuration: try Self.configuration(root, folder: folder) ?? .resolve("seq_bn"))
        let most = 1000
        let first = try root.integer("seed", in: 0...Int.max - most) ?? 0
        plan.settings.seed = first
        plan.seeds = (0..<(try root.integer("seeds", in: 1...most) ?? 3)).map { first + $0 }
        plan.sizes = try root.counts("sizes")?.sorted() ?? []
        plan.settings.epochs = try root.integer("epochs", in: 1...Int.max) ?? plan.settings.epochs
        plan.settings.maxLength = try root.integer("max_length", in: 2...Int.max) ?? plan.settings.maxLength
        plan.settings.batch = .examples(try root.integer("batch_size", in: 1...Int.max) ?? 16)
        let precision = try root.word("precision", of: Precision.allCases.map(\.rawValue))
        plan.settings.precision = precision.flatMap { Precision(rawValue: $0) } ?? .float32
        plan.scheduler = try root.word("scheduler", of: TaskSchedulers.selfContained) ?? plan.scheduler
        switch try root.word("learning_rates", of: ["each-seed", "first-seed", "preset"]) {
        case "first-seed": plan.tunesOnce = true
        case "preset": plan.quick = true
        default: break
        }
        plan.maxTrain = try root.integer("max_train", in: 1...Int.max)
        plan.maxDev = try root.integer("max_dev", in: 1...Int.max)
        plan.maxTest = try root.integer("max_test", in: 1...Int.max)
        if let arms = try root.maps("arms", keys: Self.armKeys, short: "kind") {
            plan.arms = try Self.arms(arms, plan, root, folder: folder)
        }
        plan.calibrations = try Self.calibrations(root, plan)
    }

    private static func configuration(_ map: YAMLMap, folder: URL) throws -> AdapterConfiguration? {
        let overrides = try map.texts("set") ?? []
        guard let name = try map.text("config") else {
            guard overrides.isEmpty else { throw map.bad("set", found: "a list", expected: "config beside it") }
            return nil
        }
        let isFile = name.contains("/") || name.hasSuffix(".yaml") || name.hasSuffix(".yml")
        return try .resolve(isFile ? url(name, in: folder).path : name, overrides: overrides)
    }

    private static func url(_ path: String, in folder: URL) -> URL {
        path.hasPrefix("/") ? URL(fileURLWithPath: path) : folder.appendingPathComponent(path)
    }

    private static func arms(
        _ maps: [YAMLMap], _ plan: AblationPlan, _ root: YAMLMap, folder: URL
    ) throws -> [Arm] {
        guard !maps.isEmpty else { throw root.bad("arms", found: "an empty list", expected: "at least one arm") }
        var arms: [Arm] = []
        for map in maps {
            let name = try map.word("kind", of: ArmKinds.names)
            guard let kind = name.flatMap(ArmKinds.named) else {
                throw TaskError.missingKey(
                    file: root.file, key: "kind", expected: "one of \(ArmKinds.names.joined(separator: ", "))")
            }
            var arm = Arm(kind, id: try map.text("name"))
            guard !arms.contains(arm) else {
                throw map.bad(
                    "kind", found: "two arms called \(arm.id)", expected: "a name of its own for each, under name")
            }
            arm.title = try map.text("label")
            arm.configuration = try configuration(map, folder: folder)
            if let rates = try map.texts("rates") {
                arm.rates = try rates.map { text in
                    guard let rate = Double(text), rate > 0, rate.isFinite else {
                        throw map.bad("rates", found: "'\(text)'", expected: "numbers above 0")
                    }
                    return rate
                }
            }
            arm.seeds = try map.integer("seeds", in: 1...plan.seeds.count)
            arm.epochs = try map.integer("epochs", in: 1...Int.max)
            arm.sizes = try map.counts("sizes")
            if let size = arm.sizes?.first(where: { !plan.sizes.contains($0) }) {
                throw map.bad("sizes", found: "\(size)", expected: "sizes of the plan: \(plan.sizes)")
            }
            try setShared(&arm, map)
            arms.append(arm)
        }
        return arms
    }

    private static func setShared(_ arm: inout Arm, _ map: YAMLMap) throws {
        if !arm.isShared, let key = sharedKeys.first(where: { map.node($0) != nil }) {
            throw map.bad(
                key, found: "a value for \(arm.id)",
                expected: "none: it is for arms that train one model for all tasks, such as multitask_adapter")
        }
        arm.scheduler = try map.word("scheduler", of: TaskSchedulers.selfContained)
        arm.balancer = try map.word("balancer", of: Arm.balancers) ?? arm.balancer
        arm.mix = try map.word("mix", of: Mix.allCases.map(\.rawValue)).flatMap { Mix(rawValue: $0) } ?? arm.mix
        arm.taskCap = try map.integer("task_cap", in: 1...Int.max)
        guard !arm.needsMixedSteps || arm.mix == .within else {
            throw map.bad(
                "balancer", found: arm.balancer,
                expected: "mix: within beside it, since it compares tasks within a step")
        }
    }

    private static func calibrations(_ root: YAMLMap, _ plan: AblationPlan) throws -> [AblationPlan.Calibration] {
        let able = plan.arms.filter { $0.isTrained && !$0.isShared }.map(\.id)
        return try (root.maps("calibration", keys: ["arm", "comparisons", "sizes"], short: "arm") ?? []).map { map in
            guard let arm = try map.word("arm", of: able) else {
                throw TaskError.missingKey(
                    file: root.file, key: "arm", expected: "one of \(able.joined(separator: ", "))")
            }
            guard plan.seeds.count > 1 else {
                throw root.bad("calibration", found: "one seed", expected: "seeds: 2 or more, better 5")
            }
            return .init(
                arm, comparisons: try map.integer("comparisons", in: 1...100_000) ?? 100,
                sizes: try map.counts("sizes"))
        }
    }
}
