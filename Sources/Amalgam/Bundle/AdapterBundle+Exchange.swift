import Bundles
import Files
import Foundation

/// Folders of other libraries.
extension AdapterBundle {
    /// Converts a folder of the Python libraries `adapters` or `peft`; the format is detected.
    /// - Parameters:
    ///   - folder: Written by `save_adapter`, `save_adapter_fusion`, `save_adapter_setup`, `save_head`, or peft's `save_pretrained`.
    ///   - name: Of the adapter; nil for the name in the folder.
    ///   - model: The base model, needed where the folder does not tell enough about it.
    /// - Throws: ``AmalgamError``, naming the file and the field or tensor; ``AmalgamError/Kind/unsupported`` for a field that
    ///   changes what is computed and that is not built here.
    public init(importing folder: URL, name: String? = nil, model: Model? = nil) throws(AmalgamError) {
        let (bundle, warnings) = try translated {
            try ForeignImport.read(folder: folder, name: name, model: model?.loaded.model)
        }
        self.init(bundle, warnings: Self.warnings(warnings))
    }

    /// A format of other libraries.
    public enum ExportFormat: Sendable {
        /// Folders of the Python library `adapters`. The adapter gets `name`; nil for the bundle's.
        case adapterHub(name: String? = nil)
        /// A folder of the Python library `peft`, for LoRA, (IA)³, VeRA, prompt and prefix tuning, and layer-norm tuning, which needs the model.
        case peft(Model? = nil)
        /// The model with the bundle's head as a folder of `transformers`; `merges` makes the adapter part of the weights.
        case transformers(Model, merges: Bool = false)
    }

    /// Writes a folder for another library. One that holds something else already is refused.
    /// - Parameters:
    ///   - folder: Its parent is made if needed.
    ///   - format: Of the folder.
    ///   - allowsOtherModel: Accepts a model with other weights or another tokenizer if all shapes agree.
    /// - Returns: Warnings about what the format cannot hold.
    /// - Throws: ``AmalgamError/Kind/unsupported`` or ``AmalgamError/Kind/invalidContent`` for a bundle that the format cannot
    ///   hold, ``AmalgamError/Kind/otherModel``, ``AmalgamError/Kind/unwritableFile``, ``AmalgamError/Kind/busy``.
    @discardableResult
    public func export(
        to folder: URL, as format: ExportFormat, allowsOtherModel: Bool = false
    ) throws(AmalgamError) -> [Warning] {
        try translated { () -> [Warning] in
            try Folder.make(folder.standardizedFileURL.deletingLastPathComponent())
            let lock = try OutputLock(folder, who: "export")
            defer { withExtendedLifetime(lock) {} }
            switch format {
            case .adapterHub(let name):
                AtomicFile.removeTemporaries(in: folder, deep: true)
                return Self.warnings(try AdapterHubExport.write(stored, to: folder, name: name ?? stored.name))
            case .peft(let model):
                let base = try model?.check(self, allowsOtherModel: allowsOtherModel) ?? []
                return base + Self.warnings(try PEFTExport.write(stored, to: folder, model: model?.loaded.model))
            case .transformers(let model, let merges):
                let base = try model.check(self, allowsOtherModel: allowsOtherModel)
                let texts = try TransformersExport.write(stored, model: model.loaded.model, merge: merges, to: folder)
                return base + Self.warnings(texts)
            }
        }
    }

    /// The Python statements that load an exported folder in a `model` of the library `adapters`; nil for other formats, whose
    /// folders `from_pretrained` loads.
    /// - Parameters:
    ///   - folder: Its path, as Python is to open it.
    ///   - format: Of the folder.
    public func pythonLoading(_ folder: String, as format: ExportFormat) -> String? {
        if case .adapterHub = format { stored.adapterHubPython(folder: folder) } else { nil }
    }

    private static func warnings(_ texts: [String]) -> [Warning] { texts.map { .of(.exchange, $0) } }
}
