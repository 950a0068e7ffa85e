import Bundles
import Files
import Foundation
import Tasks
import Training

extension Model {
    /// Ranks bundles for a task without training: how well the features that each gives suit the task's targets.
    ///
    /// Each bundle takes one pass over at most ``AdviceOptions/texts`` training texts. Bundles without adapters are skipped with a
    /// warning; the model alone is scored for comparison.
    /// - Parameters:
    ///   - task: With a train split.
    ///   - bundles: Of adapters, fusions or compositions, trained on this model.
    ///   - language: A language adapter to put below every bundle, and below none.
    ///   - options: Everything else.
    ///   - progress: Called before each pass, on another thread: how many are done, of how many, and of which bundle (nil: the
    ///     model alone).
    /// - Throws: ``AmalgamError``: ``AmalgamError/Kind/composition`` if no bundle is left.
    public func advise(
        on task: TextTask, from bundles: [AdapterBundle], language: AdapterBundle? = nil,
        options: AdviceOptions = AdviceOptions(),
        progress: @escaping @Sendable (_ done: Int, _ of: Int, _ bundle: String?) -> Void = { _, _, _ in }
    ) async throws -> Advice {
        try await Background.run {
            try self.advice(task, bundles, [], language, options, progress)
        }
    }

    /// Ranks the bundles in a folder. Files that are no bundles, or were trained on another model, are skipped with a warning.
    /// - Parameters:
    ///   - task: With a train split.
    ///   - folder: Its `.h5` files are read, not those of folders in it.
    ///   - language: A language adapter to put below every bundle, and below none.
    ///   - options: Everything else.
    ///   - progress: Called before each pass, on another thread: how many are done, of how many, and of which bundle (nil: the
    ///     model alone).
    /// - Throws: ``AmalgamError``: ``AmalgamError/Kind/missingFile`` for a folder that cannot be read,
    ///   ``AmalgamError/Kind/composition`` if no bundle is left.
    public func advise(
        on task: TextTask, from folder: URL, language: AdapterBundle? = nil, options: AdviceOptions = AdviceOptions(),
        progress: @escaping @Sendable (_ done: Int, _ of: Int, _ bundle: String?) -> Void = { _, _, _ in }
    ) async throws -> Advice {
        try await Background.run {
            var (bundles, warnings): ([AdapterBundle], [Warning]) = ([], [])
            for file in try AdapterBundle.files(in: folder) {
                do {
                    bundles.append(try AdapterBundle(contentsOf: file))
                } catch {
                    warnings.append(.skipped(file.relativePath, AmalgamError(error)))
                }
            }
            return try self.advice(task, bundles, warnings, language, options, progress)
        }
    }

    private func advice(
        _ task: TextTask, _ bundles: [AdapterBundle], _ skipped: [Warning], _ language: AdapterBundle?,
        _ options: AdviceOptions, _ progress: (Int, Int, String?) -> Void
    ) throws -> Advice {
        let start = Date()
        let data = try task.load()
        var warnings = skipped + data.warnings.map { Warning.of(.data, $0) }
        let below = try language.map { try languageAdapter($0, options.allowsOtherModel) { warnings += $0 } }
        var usable: [(name: String, bundle: Bundles.AdapterBundle)] = []
        for bundle in bundles {
            do {
                warnings += try check(bundle, allowsOtherModel: options.allowsOtherModel)
            } catch {
                warnings.append(.skipped(bundle.label, AmalgamError(error)))
                continue
            }
            if let words = bundle.stored.warning(on: below, file: bundle.label) {
                warnings.append(.of(.language, words))
            }
            usable.append((bundle.label, bundle.stored))
        }
        let advice = try session().advise(
            on: data, bundles: usable, language: below, settings: options.settings, progress: progress)
        return Advice(advice, task: task.name, seconds: Date().timeIntervalSince(start), warnings: warnings)
    }
}

extension Warning {
    /// Of a bundle that is passed over.
    fileprivate static func skipped(_ bundle: String, _ error: AmalgamError) -> Warning {
        let text = error.description
        return .of(.composition, text.hasPrefix(bundle) ? "skipped: \(text)" : "\(bundle): skipped: \(text)")
    }
}

extension AdapterBundle {
    /// The bundles' files in a folder, by name.
    /// - Throws: ``AmalgamError/Kind/missingFile`` where it is no folder or has none
    package static func files(in folder: URL) throws(AmalgamError) -> [URL] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        let files = names.filter { $0.lowercased().hasSuffix(".h5") && !$0.hasPrefix(".") }.sorted()
        guard !files.isEmpty else {
            throw AmalgamError.make(
                .missingFile, "\(folder.relativePath): found no .h5 file, expected a folder with bundles",
                path: folder.path,
                found: "no .h5 file", expected: "a folder with bundles")
        }
        return files.map { folder.appendingPathComponent($0) }
    }
}
