import Foundation

/// How much memory a run may take.
package struct MemoryLimit: Equatable, Sendable {
    package var bytes: Int
    /// "--memory-limit" or "this machine's control group".
    package var source: String

    package init(bytes: Int, source: String) {
        self.bytes = bytes
        self.source = source
    }

    /// "800MB", "1.5G", "2GiB", or bytes.
    /// - Throws: `TrainingError.setting`
    package init(_ text: String) throws(TrainingError) {
        self.init(bytes: try Self.bytes(text, option: "--memory-limit"), source: "--memory-limit")
    }

    /// The bytes of a size.
    /// - Parameters:
    ///   - option: that it was given for.
    ///   - expected: what else the option takes, beside a size.
    /// - Throws: `TrainingError.setting`
    package static func bytes(
        _ text: String, option: String, expected: String = "a size, for example 800MB or 2GiB"
    ) throws(TrainingError) -> Int {
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let units: [String: Double] = [
            "": 1, "b": 1, "k": 1e3, "kb": 1e3, "kib": 1024, "m": 1e6, "mb": 1e6, "mib": 1_048_576, "g": 1e9, "gb": 1e9,
            "gib": 1_073_741_824,
        ]
        let unit = text.dropFirst(digits.count).trimmingCharacters(in: .whitespaces).lowercased()
        guard let number = Double(digits), let factor = units[unit], number * factor >= 1, number * factor < 1e15 else {
            throw .setting(name: option, found: text, expected: expected)
        }
        return Int(number * factor)
    }

    /// The smallest limit of this process' control group and those above it, or of the machine; nil where there is none.
    package static func detected(root: String = "") -> MemoryLimit? {
        var limits: [MemoryLimit] = []
        func add(_ path: String) {
            guard let text = try? String(contentsOfFile: root + path, encoding: .utf8),
                let bytes = Int(text.trimmingCharacters(in: .whitespacesAndNewlines)), bytes > 0, bytes < 1 << 60
            else { return }
            limits.append(MemoryLimit(bytes: bytes, source: "the limit of the control group"))
        }
        let groups = (try? String(contentsOfFile: root + "/proc/self/cgroup", encoding: .utf8)) ?? ""
        for line in groups.split(separator: "\n") {
            // "0::/a/b" (version 2) or "4:memory:/a/b" (version 1)
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3, fields[1].isEmpty || fields[1].split(separator: ",").contains("memory") else {
                continue
            }
            let (folder, file) =
                fields[1].isEmpty
                ? ("/sys/fs/cgroup", "memory.max") : ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
            var parts = fields[2].split(separator: "/").filter { $0 != ".." }
            while true {
                add(([folder] + parts.map(String.init) + [file]).joined(separator: "/"))
                if parts.isEmpty { break }
                parts.removeLast()
            }
        }
        if root.isEmpty {
            limits.append(
                MemoryLimit(
                    bytes: Int(clamping: ProcessInfo.processInfo.physicalMemory), source: "the memory of this machine"))
        }
        return limits.min { $0.bytes < $1.bytes }
    }
}
