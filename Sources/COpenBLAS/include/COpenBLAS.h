#pragma once
#include <stdbool.h>

// The CBLAS library, loaded at run time: OpenBLAS reads OPENBLAS_CORETYPE only in its constructor, so a host program
// that wants to choose the kernels has to set it before the library comes in. Linking would be too early.

/// Loads the BLAS library once; later calls return the first call's answer.
/// core_type: an OpenBLAS core name to force, or NULL to let the library pick (a value in the environment wins).
/// Returns NULL when ready, else a message that lives as long as the process.
const char *amalgam_blas_load(const char *core_type);

/// The library's name, version and kernels, as it tells them ("" before amalgam_blas_load).
const char *amalgam_blas_description(void);

/// c[m, n] = alpha * op(a)[m, k] * op(b)[k, n] + beta * c, row-major, single-threaded.
void amalgam_sgemm(bool transpose_a, bool transpose_b, int m, int n, int k, float alpha, const float *a, int lda,
                   const float *b, int ldb, float beta, float *c, int ldc);
