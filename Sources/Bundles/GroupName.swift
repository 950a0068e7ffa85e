import Files

/// Names of groups in a bundle: of adapters and heads.
package enum GroupName {
    /// A name that a bundle's group can have: everything but letters, digits, dots, dashes and underscores becomes an
    /// underscore, and a name over 200 bytes its beginning with a digest of the whole.
    package static func safe(_ name: String) -> String {
        let safe = safeCharacters(name)
        guard safe.utf8.count > 200 else { return safe }
        var bytes = 0
        let start = safe.unicodeScalars.prefix { scalar in
            bytes += UTF8.width(scalar)
            return bytes <= 180
        }
        return "\(String(start))-\(Digest.sha256(name).prefix(12))"
    }

    private static func safeCharacters(_ name: String) -> String {
        let safe = String(
            name.unicodeScalars.map { scalar in
                scalar.properties.isAlphabetic || scalar.properties.numericType != nil
                    || "._-".unicodeScalars.contains(scalar)
                    ? Character(scalar) : "_"
            })
        return safe.isEmpty || safe.allSatisfy { $0 == "." } ? "_" : safe
    }
}
