import Foundation
import Testing

@testable import Tasks

/// The definitions in `tasks`.
struct ShippedDefinitionTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("tasks")

    /// Each is read, is named after its file, and comes back from what it writes.
    @Test func areRead() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path).filter {
            $0.hasSuffix(".yaml")
        }
        #expect(names.count >= 45)
        for name in names.sorted() {
            let definition = try TaskDefinition.load(Self.folder.appendingPathComponent(name))
            #expect(definition.name + ".yaml" == name)
            let again = try TaskDefinition.parse(
                yaml: definition.yaml, file: definition.source, folder: definition.folder)
            #expect(again == definition, "\(name)")
        }
    }
}
