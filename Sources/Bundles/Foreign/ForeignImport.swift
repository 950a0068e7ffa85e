import Files
import Foundation
import Models

/// Folders of other libraries as bundles: the format is detected.
package enum ForeignImport {
    /// - Parameters:
    ///   - name: the bundle's; nil: as in the folder
    ///   - model: the base model, where the folder does not say enough about it
    /// - Returns: the bundle, and warnings
    /// - Throws: `BundleError`, `AdapterError`, `FileError` naming the file and the field or tensor
    package static func read(
        folder: URL, name: String?, model: EncoderModel?
    ) throws -> (bundle: AdapterBundle, warnings: [String]) {
        if PEFTModule.stands(in: folder) { return try PEFTImport.read(folder: folder, name: name, model: model) }
        return try AdapterHubImport.readTelling(folder: folder, name: name, model: model)
    }
}
