/// Texts of which only numbers are known (`DocumentSet.key`), as bundles keep them of what they were trained on.
package struct KnownTexts: Sendable {
    /// What messages call them.
    package var name: String
    /// How many there are.
    package var count: Int
    package var contains: @Sendable (_ key: UInt64) -> Bool

    package init(name: String, count: Int, contains: @escaping @Sendable (_ key: UInt64) -> Bool) {
        self.name = name
        self.count = count
        self.contains = contains
    }
}

extension Example {
    /// A number of all the words of its texts, for `KnownTexts`; 0 without words.
    package var textKey: UInt64 { DocumentSet.key(of: self) }
}
