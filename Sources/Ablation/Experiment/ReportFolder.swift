import Bundles
import Files
import Foundation
import Reporting
import Training

extension PageReport {
    /// Writes report.html, report.md and report.json.
    func write(to folder: URL) throws {
        for (name, text) in [("report.html", html()), ("report.md", markdown()), ("report.json", try json())] {
            try AtomicFile.replace(folder.appendingPathComponent(name), with: Data(text.utf8))
        }
    }
}

extension ExperimentEnvironment {
    /// Where the numbers of a report come from: program, machine and base.
    func provenance(_ session: Session) -> [Setting] {
        var list = [Setting("version", BundleFile.creator)]
        if let command { list.append(Setting("command", command)) }
        return list + [
            Setting("machine", Machine.description), Setting("kernels", session.kernels),
            Setting("threads", "\(session.workspace.pool.threads)"), Setting("base", session.baseWords),
        ]
    }
}

extension Session {
    /// A base in a report's provenance.
    var baseWords: String { "\(model.name), fingerprint \(fingerprint.prefix(12))" }
}
