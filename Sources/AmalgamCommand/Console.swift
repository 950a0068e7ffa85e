import Adapters
import Foundation

/// Where output goes: results on stdout, all else on stderr.
enum Console {
    static func print(_ text: String) {
        FileHandle.standardOutput.write(Data((text + "\n").utf8))
    }

    static func error(_ text: String) {
        FileHandle.standardError.write(Data((text + "\n").utf8))
    }

    /// One JSON object on stdout.
    static func print(json fields: [String: ConfigurationValue]) {
        print(ConfigurationValue.map(fields).json)
    }
}
