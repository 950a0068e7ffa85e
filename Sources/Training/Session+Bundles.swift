import Bundles
import Foundation

extension Session {
    /// Checks that a bundle fits the model and its tokenizer.
    /// - Parameters:
    ///   - file: what messages call the bundle.
    ///   - force: accepts a bundle of another model or tokenizer where all shapes agree.
    /// - Returns: warnings.
    /// - Throws: `BundleError`
    package func check(_ bundle: AdapterBundle, file: String, force: Bool = false) throws -> [String] {
        try bundle.check(
            model: model, fingerprint: fingerprint, tokenizer: tokenizer.identity, file: file, force: force)
    }

    /// Reads a bundle and checks that it fits the model and its tokenizer.
    /// - Returns: the bundle, with warnings.
    /// - Throws: `FileError`, `BundleError`, `AdapterError`
    package func read(_ file: String, force: Bool = false, allowChanged: Bool = false) throws
        -> (bundle: AdapterBundle, warnings: [String])
    {
        let bundle = try BundleFile.read(URL(fileURLWithPath: file), allowChanged: allowChanged)
        return (bundle, try check(bundle, file: file, force: force))
    }
}
