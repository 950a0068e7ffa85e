#define _GNU_SOURCE  // setenv
#include "COpenBLAS.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

enum { row_major = 101, no_transpose = 111, transpose = 112 };
typedef void (*sgemm_function)(int, int, int, int, int, int, float, const float *, int, const float *, int, float,
                               float *, int);

static sgemm_function sgemm;
static char description[256];
static char failure[512];
static bool tried;

const char *amalgam_blas_load(const char *core_type) {
    if (tried) return sgemm ? NULL : failure;
    tried = true;
    // overwrite = 0: what the user has set stays
    if (core_type) setenv("OPENBLAS_CORETYPE", core_type, 0);
    setenv("OPENBLAS_NUM_THREADS", "1", 0);
    static const char *const candidates[] = {
#ifdef __APPLE__
        "/opt/homebrew/opt/openblas/lib/libopenblas.dylib",
        "/usr/local/opt/openblas/lib/libopenblas.dylib",
        "/System/Library/Frameworks/Accelerate.framework/Accelerate",
#else
        // The pthread flavour by preference: with one thread it has no contention between two callers
        "/usr/lib/x86_64-linux-gnu/openblas-pthread/libopenblas.so.0",
        "/usr/lib/aarch64-linux-gnu/openblas-pthread/libopenblas.so.0",
        "libopenblas.so.0",
        "libopenblas.so",
#endif
    };
    void *library = NULL;
    for (size_t i = 0; i < sizeof candidates / sizeof *candidates && !library; i++)
        library = dlopen(candidates[i], RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        snprintf(failure, sizeof failure, "OpenBLAS not found (%s); install libopenblas-dev (Debian) or openblas (brew)",
                 dlerror());
        return failure;
    }
    void (*set_threads)(int) = (void (*)(int))dlsym(library, "openblas_set_num_threads");
    char *(*config)(void) = (char *(*)(void))dlsym(library, "openblas_get_config");
    char *(*core)(void) = (char *(*)(void))dlsym(library, "openblas_get_corename");
    sgemm = (sgemm_function)dlsym(library, "cblas_sgemm");
    if (!sgemm) {
        snprintf(failure, sizeof failure, "the BLAS library has no cblas_sgemm; install libopenblas-dev");
        return failure;
    }
    if (set_threads) set_threads(1);
    int major = 0, minor = 0, patch = 0;
    if (config && sscanf(config(), "OpenBLAS %d.%d.%d", &major, &minor, &patch) == 3)
        snprintf(description, sizeof description, "OpenBLAS %d.%d.%d %s", major, minor, patch, core ? core() : "");
    else
        snprintf(description, sizeof description, "%s", config ? "OpenBLAS" : "Accelerate");
    return NULL;
}

const char *amalgam_blas_description(void) { return description; }

void amalgam_sgemm(bool transpose_a, bool transpose_b, int m, int n, int k, float alpha, const float *a, int lda,
                   const float *b, int ldb, float beta, float *c, int ldc) {
    if (m <= 0 || n <= 0) return;
    sgemm(row_major, transpose_a ? transpose : no_transpose, transpose_b ? transpose : no_transpose, m, n, k, alpha, a,
          lda, b, ldb, beta, c, ldc);
}
