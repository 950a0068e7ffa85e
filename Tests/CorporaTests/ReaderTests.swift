import Foundation
import Testing

@testable import Corpora

@Suite struct ReaderTests {
    private func render(_ text: String) -> String? {
        Data(text.utf8).withUnsafeBytes { DescriptionText.render($0) }
    }

    private func tags(_ text: String) -> [String: Set<String>] {
        Data(text.utf8).withUnsafeBytes { DebtagsField.values($0) }
    }

    @Test func descriptionsBecomePlainText() {
        #expect(render(" short\n one\n two\n .\n three") == "short\none two\nthree")
        #expect(render("short\n list:\n  * a\n  * b\n end") == "short\nlist:\n* a\n* b\nend")
        #expect(render("短い\n 日本\n 語 text") == "短い\n日本語 text")
        #expect(render("  \n .\n") == nil)
        #expect(render("") == nil)
    }

    @Test func tagsAreReadInBothForms() {
        #expect(
            tags("role::program, use::{viewing, TODO,\n editing}") == [
                "role": ["program"], "use": ["viewing", "editing"],
            ])
        #expect(tags("works-with::image:raster, x::TODO, role::, plain") == ["works-with": ["image:raster"]])
        #expect(tags("use::{open") == ["use": ["open"]])
    }

    @Test func stanzasAreReadAsDpkgReadsThem() throws {
        let text = "\n\npackage: a\nTag: x,\n y\nOther: z\n w\n \t\nPackage: b\r\n\r\nPackage: c"
        var reader = ControlReader(path: "Packages", data: Data(text.utf8), fields: ["Package", "Tag"])
        #expect(try reader.next() && reader.text(0) == "a" && reader.text(1) == "x,\n y")
        #expect(try reader.next() && reader.text(0) == "b" && reader.text(1) == nil)
        #expect(try reader.next() && reader.text(0) == "c")
        #expect(try !reader.next())
    }

    @Test(arguments: [
        ("Package: a\nnonsense\n", 2), (" continued\n", 1), ("Package: a\nPackage: b\n", 2), ("\n: x\n", 2),
    ])
    func errorsNameTheLine(text: String, line: Int) {
        let error = #expect(throws: CorporaError.self) {
            try PackageIndex(lists: [LoadedList(path: "Packages", data: Data(text.utf8))])
        }
        guard case .malformed("Packages", let found, _, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(found == line)
        #expect(error?.description.contains("\n") == false)
    }

    /// Every truncation, and seeded damage: an error of ours or a valid index, never a trap.
    @Test func damagedListsAreErrorsOrValid() {
        var archive = Archive()
        archive.entries = Array(archive.entries[18..<24])
        let packages = Data(archive.packages.utf8)
        let translation = Data(archive.translation("de").utf8)
        func read(_ packages: Data, _ translation: Data) {
            do throws(CorporaError) {
                let index = try PackageIndex(lists: [LoadedList(path: "Packages", data: packages)])
                _ = try index.texts(
                    language: "de", translations: [LoadedList(path: "Translation-de", data: translation)])
            } catch {
                #expect(!error.description.isEmpty)
            }
        }
        for count in 0...packages.count { read(packages.prefix(count), translation) }
        for count in 0...translation.count { read(packages, translation.prefix(count)) }
        // A slice does not begin at 0.
        for count in 0..<200 { read(packages.dropFirst(count), translation.dropFirst(count)) }
        var state: UInt64 = 20
        func random(below bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        let nasty: [UInt8] = [0, 9, 10, 13, 32, 44, 46, 58, 123, 125, 0x80, 0xE3, 0xFF]
        for _ in 0..<3_000 {
            var (left, right) = (packages, translation)
            for _ in 0...random(below: 4) {
                left[random(below: left.count)] = nasty[random(below: nasty.count)]
                right[random(below: right.count)] = nasty[random(below: nasty.count)]
            }
            read(left, right)
        }
    }

    /// Lists of strangers: bytes that are no UTF-8, NULs, a line and a stanza of 10 MB.
    @Test func hostileListsAreReadOrRefusedInOneLine() throws {
        let long = String(repeating: "x", count: 10 << 20)
        for bytes in [
            Data(), Data(count: 100), Data("Package: a\nTag: \(long)\n".utf8), Data("Package: \(long)\n".utf8),
            Data("Package: a\nDescription: b\n".utf8 + [UInt8](repeating: 0xFF, count: 100) + "\n".utf8),
            Data("Package: a\n".utf8) + Data(String(repeating: " use::{\n", count: 100_000).utf8), Data(long.utf8),
            Data("Package: a\nTag: ".utf8) + Data(String(repeating: "a::{", count: 1 << 18).utf8),
        ] {
            do throws(CorporaError) {
                _ = try PackageIndex(lists: [LoadedList(path: "Packages", data: bytes)])
            } catch {
                let text = error.description
                #expect(
                    text.hasPrefix("Packages: ") && text.contains("expected") && !text.contains { $0.isNewline }
                        && text.count < 300, "\(text.prefix(400))")
            }
        }
    }

    @Test func hashesAreTheSameForEver() {
        // Another function would move every split: these numbers may not change.
        let sides = (0..<2_000).map { Split(source: "source\($0)").rawValue }
        let counts = (0..<3).map { side in sides.count { $0 == side } }
        #expect(abs(counts[0] - 1_400) < 100 && abs(counts[1] - 300) < 70 && abs(counts[2] - 300) < 70)
        #expect(StableHash.of("cups") == 0x3c2dd92ed415d086)
        #expect(DescriptionHash("00ff") == nil)
        #expect(
            DescriptionHash(String(repeating: "aF", count: 16)) == DescriptionHash(String(repeating: "Af", count: 16)))
    }

    @Test func jsonTextsAreWhatFoundationReads() throws {
        for text in ["", "a\"b\\c\n\t\u{1}\u{7f}", "日本 🙂", "\r\n"] {
            var bytes: [UInt8] = []
            JSONText.append(text, to: &bytes)
            let read = try JSONDecoder().decode([String].self, from: Data("[".utf8) + Data(bytes) + Data("]".utf8))
            #expect(read == [text])
        }
    }
}
