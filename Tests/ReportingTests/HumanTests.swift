import Testing

@testable import Reporting

struct HumanTests {
    @Test func durations() {
        let cases: [(Double, String)] = [
            (0.42, "0.4 s"), (9.96, "10 s"), (59.6, "1 min"), (119.7, "2 min"), (130, "2 min 10 s"), (3599.6, "1 h"),
            (11_100, "3 h 5 min"), (86_399, "1 d"), (187_200, "2 d 4 h"), (-1, "–"), (.nan, "–"), (.infinity, "–"),
        ]
        for (seconds, text) in cases { #expect(Human.duration(seconds) == text, "\(seconds)") }
    }

    @Test func counts() {
        #expect(Human.count(0) == "0")
        #expect(Human.count(999) == "999")
        #expect(Human.count(-1234) == "−1,234")
        #expect(Human.count(1_234_567) == "1,234,567")
        #expect(Human.count(Int.min) == "−9,223,372,036,854,775,808")
        #expect(Human.count(Double.nan) == "–")
        #expect(Human.count(8119.6) == "8,120")
        #expect(Human.compact(950) == "950")
        #expect(Human.compact(894_528) == "895 k")
        #expect(Human.compact(999_960) == "1.0 M")
        #expect(Human.compact(22_716_000) == "22.7 M")
    }

    @Test func sizes() {
        #expect(Human.bytes(512) == "512 B")
        #expect(Human.bytes(445_210) == "445 KB")
        #expect(Human.bytes(90_900_000) == "90.9 MB")
        #expect(Human.bytes(Int.max) == "9223372 TB")
    }

    @Test func scores() {
        #expect(Human.score(0.7851) == ".785")
        #expect(Human.score(1) == "1.000")
        #expect(Human.score(0.9996) == "1.000")
        #expect(Human.score(-0.02) == "−.020")
        #expect(Human.score(-0.0001) == ".000")
        #expect(Human.score(.nan) == "–")
    }

    @Test func losses() {
        #expect(Human.loss(0.8123) == "0.812")
        #expect(Human.loss(12.345) == "12.35" || Human.loss(12.345) == "12.34")
        #expect(Human.loss(1.2e-5) == "1.2e-05")
        #expect(Human.loss(.nan) == "NaN")
    }
}
