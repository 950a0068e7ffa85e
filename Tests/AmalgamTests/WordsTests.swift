import Foundation
import Testing

@testable import Amalgam

/// The library's texts know nothing of the command line.
@Suite struct WordsTests {
    private static let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Sources")

    private static func files(_ target: String) throws -> [(name: String, lines: [Substring])] {
        let folder = sources.appendingPathComponent(target)
        let names = try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".swift") }
        #expect(!names.isEmpty)
        return try names.sorted().map { name in
            let text = try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
            return ("\(target)/\(name)", text.split(separator: "\n", omittingEmptySubsequences: false))
        }
    }

    /// Every text of the targets below that names an option of the command line loses it here.
    @Test(arguments: ["Ablation", "Adapters", "Bundles", "Files", "Models", "Numerics", "Tasks", "Text", "Training"])
    func noTextNamesAnOptionOfTheCommandLine(_ target: String) throws {
        for (name, lines) in try Self.files(target) {
            for (number, line) in lines.enumerated() where !line.drop(while: \.isWhitespace).hasPrefix("//") {
                for text in line.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
                where text.offset % 2 == 1 {
                    let words = LibraryWords.of(String(text.element))
                    #expect(!words.contains(/(^|[ '(])--[a-z]/), "\(name):\(number + 1): \(words)")
                    #expect(
                        !words.contains("train-adapter") && !words.contains("amalgam fuse")
                            && !words.contains("amalgam ablate"), "\(name):\(number + 1)")
                }
            }
        }
    }

    @Test func optionsAndPaths() {
        #expect(LibraryWords.option("--lr") == "learningRate" && LibraryWords.option("--max-length") == "maxLength")
        #expect(LibraryWords.option("rank") == "rank")
        #expect(LibraryWords.of("lower --lr or raise --warmup") == "lower learningRate or raise warmup")
        #expect(LibraryWords.of("/cache/models--bert--base/x: missing") == "/cache/models--bert--base/x: missing")
    }

    /// What experiments compare has the names of the target below.
    @Test func armsAndMethods() {
        #expect(AblationArm.kinds.allSatisfy { AblationArm($0)?.name == $0 } && AblationArm("none") == nil)
        for method in TransferMethod.allCases { #expect(method.stored.rawValue == method.rawValue) }
    }

    /// A declaration that a program sees says what it is.
    @Test func everyPublicDeclarationHasADocumentation() throws {
        var declarations = 0
        for (name, lines) in try Self.files("Amalgam") {
            var isCase = false
            for (number, line) in lines.enumerated() {
                let code = line.drop(while: \.isWhitespace)
                if code.hasPrefix("public enum") || code.hasPrefix("public indirect enum") { isCase = true }
                if code.hasPrefix("enum") || code.hasPrefix("private") || code.hasPrefix("fileprivate")
                    || code.hasPrefix("indirect enum") || code.hasPrefix("switch")
                {
                    isCase = false
                }
                if line == "}" || line == "    }" { isCase = false }
                guard
                    code.hasPrefix("public ") || code.hasPrefix("@discardableResult")
                        || (isCase && code.hasPrefix("case "))
                else { continue }
                declarations += 1
                let before = lines[number - 1].drop(while: \.isWhitespace)
                #expect(
                    before.hasPrefix("///") || before.hasPrefix("@discardableResult"), "\(name):\(number + 1): \(code)")
            }
        }
        #expect(declarations > 150)
    }

    /// The library prints nothing and ends no process.
    @Test func nothingIsPrinted() throws {
        for (name, lines) in try Self.files("Amalgam") {
            for (number, line) in lines.enumerated() where !line.drop(while: \.isWhitespace).hasPrefix("//") {
                #expect(!line.contains(/\b(print|exit|fatalError)\(/), "\(name):\(number + 1)")
            }
        }
    }
}
