import CKernels
import Testing

/// The benchmark's loops: their number counts as work only if they do it.
@Suite struct PeakLoopTests {
    @Test func eachLoopWorks() {
        var index: Int32 = 0
        while let loop = amalgam_peak_loop_at(index) {
            let (few, many) = (loop.pointee.run(1), loop.pointee.run(1_000))
            #expect(few.isFinite && many.isFinite && few != many, "\(String(cString: loop.pointee.name))")
            #expect(loop.pointee.operations > 0)
            index += 1
        }
        #expect(index > 0, "the portable loop is always there")
    }
}
