import Testing

@testable import Files

@Suite struct CountedTests {
    @Test func oneAndMany() {
        #expect(counted(1, "row") == "1 row")
        #expect(counted(0, "row") == "0 rows")
        #expect(counted(2, "class", "classes") == "2 classes")
        #expect(counted(1, "text is", "texts are") == "1 text is")
        #expect(counted(1200, "text is", "texts are", shown: "1,200") == "1,200 texts are")
        #expect(counted(1, of: 3, "rows", "has", "have") == "1 of 3 rows has")
        #expect(counted(2, of: 3, "rows", "has", "have") { "<\($0)>" } == "<2> of <3> rows have")
    }
}
