import Foundation
import Testing

@testable import Reporting

/// Event files for TensorBoard.
@Suite struct EventRecordTests {
    private struct Golden: Decodable {
        struct Step: Decodable {
            enum Part: Decodable {
                case tag(String)
                case value(Double)

                init(from decoder: any Decoder) throws {
                    let box = try decoder.singleValueContainer()
                    if let tag = try? box.decode(String.self) {
                        self = .tag(tag)
                    } else {
                        self = .value(try box.decode(Double.self))
                    }
                }
            }

            var time: Double
            var step: Int
            var values: [[Part]]

            var scalars: [(tag: String, value: Double)] {
                values.compactMap {
                    if case .tag(let tag) = $0[0], case .value(let value) = $0[1] { (tag, value) } else { nil }
                }
            }
        }

        var text: String
        var steps: [Step]
    }

    /// The same bytes as TensorBoard's own classes write (events_golden.py).
    @Test func bytesAreTensorBoards() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Golden/events")
        let golden = try JSONDecoder().decode(
            Golden.self, from: try Data(contentsOf: folder.appendingPathComponent("events.json")))
        var bytes = EventRecords.version(time: 12.5)
        bytes += EventRecords.text(golden.text, tag: "settings", time: 13.25)
        for each in golden.steps {
            #expect(!each.scalars.isEmpty)
            bytes += EventRecords.scalars(each.scalars, step: each.step, time: each.time)
        }
        bytes += EventRecords.restart(step: 7, time: 14)
        let expected = try Data(contentsOf: folder.appendingPathComponent("events.bin"))
        #expect(golden.steps.count == 6)
        #expect(bytes == expected, "\(zip(bytes, expected).prefix { $0 == $1 }.count) bytes are equal")
    }

    /// Of RFC 3720, B.4.
    @Test func checksums() {
        #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(CRC32C.checksum((0..<32).map { $0 }) == 0x46DD_794E)
        #expect(CRC32C.checksum(Array("123456789".utf8)) == 0xE306_9283)
    }

    @Test func longCurvesAreThinned() {
        var thinning = StepThinning(steps: 2500)
        var points: [(Int, Double)] = []
        for step in 1...2500 {
            if let mean = thinning.add(Double(step), step: step, of: 2500) { points.append((step, mean)) }
        }
        #expect(
            points.count == 834 && points[0] == (3, 2) && points[832] == (2499, 2498) && points[833] == (2500, 2500))
        var short = StepThinning(steps: 3)
        // A step without a loss is no point
        #expect([1.0, .nan, 3].enumerated().map { short.add($1, step: $0 + 1, of: 3) } == [1, nil, 3])
    }

    @Test func aRunContinuesOrStartsOver() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("events-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }
        let now = Date(timeIntervalSince1970: 1000)
        var said: [String] = []
        let first = try EventFile(in: folder, continues: false, now: now) { said.append($0) }
        first.scalars([("a", 1)], step: 1)
        try Data().write(to: folder.appendingPathComponent("events.out.tfevents.5.other"))
        _ = try EventFile(in: folder, continues: true, now: now) { said.append($0) }
        #expect(
            try names() == [
                "events.out.tfevents.1000.amalgam", "events.out.tfevents.1001.amalgam", "events.out.tfevents.5.other",
            ])
        _ = try EventFile(in: folder, continues: false, now: Date(timeIntervalSince1970: 2000)) { said.append($0) }
        #expect(try names() == ["events.out.tfevents.2000.amalgam", "events.out.tfevents.5.other"])
        #expect(said.isEmpty)
    }
}
