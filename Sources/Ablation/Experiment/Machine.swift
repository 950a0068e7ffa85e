import Foundation

/// The machine, for a report: "2 × Intel(R) Xeon(R) …, 8 GB".
enum Machine {
    static var description: String {
        let info = ProcessInfo.processInfo
        let lines = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let name = lines.split(separator: "\n").first { $0.hasPrefix("model name") }
            .flatMap { $0.split(separator: ":", maxSplits: 1).last }
            .map { $0.trimmingCharacters(in: .whitespaces) }
        let memory = (Double(info.physicalMemory) / 1e9).rounded()
        return "\(info.activeProcessorCount) × \(name ?? "processors of an unknown name"), \(Int(memory)) GB"
    }
}
