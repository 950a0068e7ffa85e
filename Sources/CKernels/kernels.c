#include "CKernels.h"

#include <math.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

// The 16-lane vectors only pass between functions that are always inlined: no ABI is at stake
#pragma clang diagnostic ignored "-Wpsabi"

// From so many queries on, attention goes by tiles. Below, the probabilities are few, and reading them is as fast.
#ifndef ATTENTION_TILED
#define ATTENTION_TILED 129
#endif
// A tile is whole tiles of the product kernels (14 and 6 rows) by whole panels; the last one is up to half longer.
#define ATTENTION_QUERIES 84
#define ATTENTION_MOST_QUERIES 126
#define ATTENTION_KEYS 256
#define ATTENTION_MOST_KEYS 384
#define ATTENTION_PANEL 32  // a multiple of every panel

static bool is_tiled(const amalgam_attention *a) { return a->queries >= ATTENTION_TILED; }

// One text of the kernels, compiled once for each instruction set. 16 lanes everywhere: where registers are narrower
// the compiler splits them.

// Tiles of products: as many sums as the registers hold beside a row of the right side and one number of the left.
#define SUFFIX portable
#if defined(__x86_64__)
#define NO_PRODUCT  // without a fused multiply-add in hardware each would be a call
#endif
#define TILE_ROWS 6
#define TILE_VECTORS 1
#include "kernels_all.h"
#undef NO_PRODUCT

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define SUFFIX avx2
#define TILE_ROWS 6
#define TILE_VECTORS 1
#include "kernels_all.h"
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma"))), \
                             apply_to = function)
#define SUFFIX avx512
#define TILE_ROWS 14
#define TILE_VECTORS 2
#define WIDE_TABLES  // sixteen numbers in a register, chosen by index; half precision in hardware
#include "kernels_all.h"
#undef WIDE_TABLES
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,avx512bf16"))), \
                             apply_to = function)
#include "bfloat16.h"
#pragma clang attribute pop
#endif

bool amalgam_cpu_has_avx2(void) {
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
    return false;
#endif
}

bool amalgam_cpu_has_avx512(void) {
#if defined(__x86_64__)
    return amalgam_cpu_has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
#else
    return false;
#endif
}

const amalgam_kernels *amalgam_kernels_at(int i) {
    if (i == 0) return &kernels_portable;
#if defined(__x86_64__)
    if (i == 1 && amalgam_cpu_has_avx2()) return &kernels_avx2;
    if (i == 2 && amalgam_cpu_has_avx512()) return &kernels_avx512;
#endif
    return NULL;
}

const amalgam_bf16_kernels *amalgam_kernels_bf16(void) {
#if defined(__x86_64__)
    if (amalgam_cpu_has_avx512() && __builtin_cpu_supports("avx512bf16")) return &kernels_bf16;
#endif
    return NULL;
}

static size_t whole(size_t count) { return (count + 15) / 16 * 16; }

size_t amalgam_attention_scratch(const amalgam_attention *a) {
    const size_t all = a->extra + a->keys, head = whole(a->head), keys = whole(all);
    if (is_tiled(a)) {
        // Two tiles; a block's queries, gradients and results; keys and values as panels; keys and two gradients as rows
        const size_t panels = (all + ATTENTION_PANEL - 1) / ATTENTION_PANEL * ATTENTION_PANEL;
        return ATTENTION_MOST_QUERIES * (2 * ATTENTION_MOST_KEYS + 3 * head + 2) + 2 * a->head * panels +
               3 * all * head + 64;
    }
    // keys or values transposed; queries, values and gradients with padded rows; two score matrices
    return a->head * keys + 2 * (all + a->queries) * head + 3 * a->queries * keys + 64;
}

size_t amalgam_attention_kept(const amalgam_attention *a) {
    return a->queries * (is_tiled(a) ? a->head + 2 : whole(a->extra + a->keys));
}
