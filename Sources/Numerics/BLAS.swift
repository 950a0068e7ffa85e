import CKernels
import COpenBLAS

/// The one door to the matrix library, for processors that we have no products for and as a judge of those we have.
package enum BLAS {
    /// Which kernels OpenBLAS shall use, by a fixed rule from the processor's flags: timing would let noise choose the
    /// bytes. Debian 12's 0.3.21 does not know newer processors; on an AVX-512 machine it is told so.
    private static var coreType: String? {
        // On half-width units (Zen 4) 4 % slower than AVX2's, on whole ones (Zen 5) 60 % faster
        if amalgam_cpu_has_avx512() { return "SkylakeX" }
        return amalgam_cpu_has_avx2() ? "Haswell" : nil
    }

    private static let failure: String? = coreType.withOptionalCString {
        amalgam_blas_load($0).map(String.init(cString:))
    }

    /// Loads the library, once a process.
    /// - Throws: `NumericsError.blas` with the library's message where it is missing.
    package static func load() throws(NumericsError) {
        if let failure { throw NumericsError.blas(failure) }
    }

    /// Name, version and kernels, for logs and provenance.
    package static var description: String {
        _ = failure
        return String(cString: amalgam_blas_description())
    }

    /// c[m, n] = alpha · op(a)[m, k] · op(b)[k, n] + beta · c, row-major, on the calling thread.
    @inline(__always)
    package static func multiply(
        _ a: UnsafePointer<Float>, transposeA: Bool = false, strideA lda: Int,
        _ b: UnsafePointer<Float>, transposeB: Bool = false, strideB ldb: Int,
        into c: UnsafeMutablePointer<Float>, strideC ldc: Int, m: Int, n: Int, k: Int, alpha: Float = 1, beta: Float = 0
    ) {
        amalgam_sgemm(
            transposeA, transposeB, Int32(m), Int32(n), Int32(k), alpha, a, Int32(lda), b, Int32(ldb), beta, c,
            Int32(ldc))
    }
}

extension Optional where Wrapped == String {
    fileprivate func withOptionalCString<Result>(_ body: (UnsafePointer<CChar>?) -> Result) -> Result {
        switch self {
        case .some(let text): text.withCString(body)
        case .none: body(nil)
        }
    }
}
