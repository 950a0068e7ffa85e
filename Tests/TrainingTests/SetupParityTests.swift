import Adapters
import Bundles
import Files
import Foundation
import Models
import Numerics
import Testing

@testable import Training

/// Compositions that AdapterHub's `adapters` saved (setup_golden.py), read and read again from our own export: the logits
/// are those of the model that was saved.
@Suite struct SetupParityTests {
    static let folder = Golden.folder.deletingLastPathComponent().appendingPathComponent("setups")
    static let cases = ["stack", "fuse", "nested", "average", "loras"]

    private func logits(_ bundle: AdapterBundle) throws -> [Float] {
        let network = try Network(Arrangement(model: Golden.model(), bundle: bundle), seed: 0)
        let plan = try network.plan(head: 0, trains: false, baseDropout: false, headDropout: 0)
        let workspace = Workspace(threads: 2)
        return try withExtendedLifetime(workspace) {
            Array(plan.plan.run(try Golden.batches()[0], workspace: workspace).values(plan.output))
        }
    }

    @Test(arguments: cases) func logitsOfTheSavedModel(_ name: String) throws {
        let theirs = try SafetensorsFile(Self.folder.appendingPathComponent("\(name).safetensors")).floats("logits")
        let read = try ForeignImport.read(
            folder: Self.folder.appendingPathComponent(name), name: nil, model: Golden.model())
        let difference = Difference(try logits(read.bundle), theirs)
        #expect(difference.largest < 1e-4, "\(difference)")
        // Names of labels are missing in the fixture, and nothing else is to be told
        #expect(read.warnings.count == 1 && read.warnings[0].contains("no names for its labels"), "\(read.warnings)")
        #expect(read.bundle.heads.map(\.name) == ["h"])

        let out = FileManager.default.temporaryDirectory.appendingPathComponent("setup-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: out) }
        #expect(try AdapterHubExport.write(read.bundle, to: out) == [])
        let again = try AdapterHubImport.read(folder: out)
        #expect(again == read.bundle)
        // What we export is what the library saved, file by file
        let files = try FileManager.default.subpathsOfDirectory(atPath: out.path).filter {
            $0.hasSuffix(".safetensors")
        }
        let saved = Self.folder.appendingPathComponent(name)
        #expect(
            files.count
                == (try FileManager.default.subpathsOfDirectory(atPath: saved.path).filter {
                    $0.hasSuffix(".safetensors")
                }.count))
        for file in files {
            #expect(
                try Data(contentsOf: out.appendingPathComponent(file))
                    == Data(contentsOf: saved.appendingPathComponent(file)),
                "\(file)")
        }
    }
}
