#include "CKernels.h"

// What the processor's multiply-add units can do at most: loops that touch no memory. As many sums as hide the
// latency of two units; more would not fit the registers beside the two operands.

#pragma STDC FP_CONTRACT ON

#define WIDE_SUMS 24    // of 32 registers
#define NARROW_SUMS 12  // of 16 registers

#define PEAK_LOOP(NAME, LANES, SUMS) \
    static float NAME(size_t passes) { \
        typedef float lanes __attribute__((ext_vector_type(LANES))); \
        volatile float shrink = 0.999f, shift = 0.001f; /* the compiler must not know them */ \
        const lanes a = (lanes)shrink, b = (lanes)shift; \
        lanes sums[SUMS]; \
        for (int i = 0; i < SUMS; i++) sums[i] = (lanes)(float)i; \
        for (size_t pass = 0; pass < passes; pass++) { \
            _Pragma("clang loop unroll(full)") for (int i = 0; i < SUMS; i++) sums[i] = sums[i] * a + b; \
        } \
        lanes all = sums[0]; \
        for (int i = 1; i < SUMS; i++) all += sums[i]; \
        return all[0]; \
    }

#if defined(__x86_64__)
PEAK_LOOP(peak_portable, 4, NARROW_SUMS)
#define PORTABLE_SUMS NARROW_SUMS

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
PEAK_LOOP(peak_avx2, 8, NARROW_SUMS)
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma"))), \
                             apply_to = function)
PEAK_LOOP(peak_avx512, 16, WIDE_SUMS)
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,avx512bf16"))), \
                             apply_to = function)
#include <immintrin.h>

static float peak_bf16(size_t passes) {
    volatile int pair = 0x3A803A80;  // 2⁻¹⁰ twice
    const __m512bh a = (__m512bh)_mm512_set1_epi32(pair), b = (__m512bh)_mm512_set1_epi32(pair);
    __m512 sums[WIDE_SUMS];
    for (int i = 0; i < WIDE_SUMS; i++) sums[i] = _mm512_set1_ps((float)i);
    for (size_t pass = 0; pass < passes; pass++) {
#pragma clang loop unroll(full)
        for (int i = 0; i < WIDE_SUMS; i++) sums[i] = _mm512_dpbf16_ps(sums[i], a, b);
    }
    __m512 all = sums[0];
    for (int i = 1; i < WIDE_SUMS; i++) all = _mm512_add_ps(all, sums[i]);
    return _mm512_reduce_add_ps(all);
}
#pragma clang attribute pop
#else
PEAK_LOOP(peak_portable, 4, WIDE_SUMS)
#define PORTABLE_SUMS WIDE_SUMS
#endif

static const amalgam_peak_loop loops[] = {
    {"portable", false, 2 * 4 * PORTABLE_SUMS, peak_portable},
#if defined(__x86_64__)
    {"avx2", false, 2 * 8 * NARROW_SUMS, peak_avx2},
    {"avx512", false, 2 * 16 * WIDE_SUMS, peak_avx512},
    {"avx512bf16", true, 2 * 32 * WIDE_SUMS, peak_bf16},
#endif
};

const amalgam_peak_loop *amalgam_peak_loop_at(int i) {
    switch (i) {
    case 0: return &loops[0];
#if defined(__x86_64__)
    case 1: return amalgam_cpu_has_avx2() ? &loops[1] : NULL;
    case 2: return amalgam_cpu_has_avx512() ? &loops[2] : NULL;
    case 3: return amalgam_kernels_bf16() ? &loops[3] : NULL;
#endif
    default: return NULL;
    }
}
