import Foundation

/// What a process holds at one moment, as Linux counts it.
struct ProcessUse {
    var seconds: Double
    /// Bytes.
    var resident: Int
    var files: Int
    var threads: Int
    var bundles: Int

    /// - Throws: `BenchmarkError.input` where there is no /proc.
    init(seconds: Double, bundles: Int) throws {
        self.seconds = seconds
        self.bundles = bundles
        guard let pages = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " "),
            pages.count > 1, let resident = Int(pages[1]),
            let files = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd"),
            let threads = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")
        else {
            throw BenchmarkError.input(file: "/proc/self", found: "nothing to read", expected: "Linux")
        }
        self.resident = resident * Int(sysconf(Int32(_SC_PAGESIZE)))
        self.files = files.count - 1  // the one that reads the list
        self.threads = threads.count
    }

    var line: String {
        let megabytes = String(format: "%8.2f MB", Double(resident) / 1e6)
        return String(format: "%7.1f min", seconds / 60)
            + "  \(megabytes)  \(files) files  \(threads) threads  \(bundles) bundles"
    }
}

/// Growth of a measure over a run's second half, by least squares: its first half warms caches up.
struct SoakTrend {
    let name: String
    /// From the half's start to its end, on the fitted line.
    let growth: Double
    let mean: Double
    /// More than that is growth.
    let limit: Double

    var grows: Bool { growth > limit }

    init(_ name: String, _ uses: [ProcessUse], limit: (_ mean: Double) -> Double, _ value: (ProcessUse) -> Int) {
        self.name = name
        let half = uses.suffix((uses.count + 1) / 2)
        let count = Double(max(half.count, 1))
        let meanTime = half.reduce(0) { $0 + $1.seconds } / count
        let mean = half.reduce(0) { $0 + Double(value($1)) } / count
        let spread = half.reduce(0) { $0 + ($1.seconds - meanTime) * ($1.seconds - meanTime) }
        let shared = half.reduce(0) { $0 + ($1.seconds - meanTime) * (Double(value($1)) - mean) }
        let duration = (half.last?.seconds ?? 0) - (half.first?.seconds ?? 0)
        self.mean = mean
        growth = spread > 0 ? shared / spread * duration : 0
        self.limit = limit(mean)
    }
}
