import Foundation

/// Where Amalgam keeps what it has fetched.
package enum CacheFolder {
    /// `AMALGAM_HOME` if set; else `amalgam` in the user's cache folder: `~/Library/Caches` on macOS, `XDG_CACHE_HOME`
    /// or `~/.cache` elsewhere. Nothing is created.
    package static func url(environment: [String: String]) -> URL {
        if let home = environment["AMALGAM_HOME"], !home.isEmpty {
            return URL(fileURLWithPath: home, isDirectory: true)
        }
        let user = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? NSHomeDirectory()
        #if os(macOS)
            let caches = "\(user)/Library/Caches"
        #else
            // A relative XDG_CACHE_HOME is void, says its specification.
            let given = environment["XDG_CACHE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
            let caches = given ?? "\(user)/.cache"
        #endif
        return URL(fileURLWithPath: caches, isDirectory: true).appendingPathComponent("amalgam", isDirectory: true)
    }
}
