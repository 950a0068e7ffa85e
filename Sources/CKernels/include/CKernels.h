#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Loops over elements. Every array is float32 and row-major; [rows, width] is contiguous unless a stride is named.
// The instruction set is chosen once, at run time; the same processor always computes the same bytes.

#define AMALGAM_RELU 0
#define AMALGAM_GELU 1
#define AMALGAM_SWISH 2
#define AMALGAM_TANH 3
#define AMALGAM_GELU_TANH 4

/// Randomness of a dropout site: a function of (key, row identity, column) and of nothing else.
typedef struct {
    uint64_t key;        // (seed, step, site), mixed
    uint32_t threshold;  // an element is dropped when its 32 random bits are below this; 0: nothing is dropped
    float scale;         // 1 / (1 - rate)
} amalgam_dropout;

/// c [m, n] = scale · (a [m, k] · b [k, n] + bias) + residual, each sum over k in its order, whatever the cut.
typedef struct {
    float *c;
    const float *a;
    /// In panels: columns j·panel ..< (j + 1)·panel of row i at b + j·b_panel + i·b_stride. A plain row-major matrix is
    /// that too, with b_panel = panel; it must be readable for a panel past its end.
    const float *b;
    const float *bias;      // [n] or NULL
    const float *residual;  // as c, may be c; or NULL
    size_t m, n, k;
    size_t c_stride, a_stride, b_stride, b_panel;
    float scale;
    bool transposes_a;  // a is [k, m]
    /// Where the sums go on from, [m, panel], of a product of one panel; NULL: from zero. For a k that is cut.
    const float *start;
} amalgam_product;

#define AMALGAM_F16 0
#define AMALGAM_BF16 1
#define AMALGAM_Q8_0 2
#define AMALGAM_Q4_0 3
#define AMALGAM_Q4_1 4
#define AMALGAM_Q5_0 5
#define AMALGAM_Q5_1 6
#define AMALGAM_Q4_K 7
#define AMALGAM_Q6_K 8
#define AMALGAM_NF4 9

/// A frozen matrix [rows, columns] in few bits: rows of numbers or of blocks, as in GGUF; or NF4, whose blocks of 64 run on
/// from row to row.
typedef struct {
    int format;
    const uint8_t *blocks;
    size_t rows, columns;
    size_t row_bytes;            // unused in NF4
    /// Rows of a head whose two halves stand in pairs, as llama.cpp has queries and keys; 0: rows in their order.
    size_t head;
    const uint8_t *scales;       // NF4: of each block, by index in scale_map
    const float *scale_factors;  // NF4: of each 256 scales
    const float *scale_map;      // NF4: [256]
    float scale_offset;          // NF4: added to every scale
} amalgam_blocks;

/// Rows of a right side that are unpacked at a time: with the columns of a panel a tile, which stays in a core's cache.
#define AMALGAM_BLOCK_CHUNK 1024

/// Scaled dot-product attention of one sequence, some of its heads. Rows are of width heads · head, those of keys and
/// values of key width key_heads · head; a head reads and writes only its own columns and its own part of `kept`, so heads
/// (for gradients key heads) can be split between threads.
typedef struct {
    const float *q;                        // [queries, width]
    const float *k, *v;                    // [keys, key width]
    const float *extra_k, *extra_v;        // [extra, key width]: rows before the keys, which every query sees
    const uint64_t *identities;            // of the queries, for dropout
    size_t queries, keys, extra;
    size_t heads, head;                    // all heads, and the width of one
    size_t key_heads;                      // of keys and values: heads / key_heads neighbors read the same one
    size_t first, count;                   // the heads to compute; for gradients all that read a key head
    size_t offset;                         // query i stands at key offset + i: of those before, only keys are there
    size_t before, after;                  // a query at key i sees keys i − before … i + after; SIZE_MAX: all
    float scale;                           // of the scores
    amalgam_dropout dropout;               // of the probabilities
    float *kept;                           // [heads, amalgam_attention_kept]; NULL where no backward pass follows
    float *scratch;                        // amalgam_attention_scratch floats
} amalgam_attention;

/// dy is given, as q; the others are wanted unless they are NULL: as q, k, v, extra_k and extra_v.
typedef struct {
    const float *dy;
    float *dq, *dk, *dv, *dextra_k, *dextra_v;
} amalgam_attention_gradients;

typedef struct {
    const char *name;

    /// Columns of a panel of `multiply`.
    size_t panel;
    /// NULL where the instruction set has no fused multiply-add: then a library does it.
    void (*multiply)(const amalgam_product *product);
    /// Panels first..<last of b = wᵀ, w [n, k]: packed[j][k][panel], zeros past n.
    void (*pack)(float *packed, const float *w, size_t n, size_t k, size_t first, size_t last);

    /// Columns of a tile of `unpack_panel`; `panel`, where there is `multiply`.
    size_t block_panel;
    /// Some rows as float32, [rows, columns].
    void (*unpack_rows)(float *to, const amalgam_blocks *w, size_t row, size_t rows);
    /// Rows first..<last of a panel of b as float32, [last − first, block_panel], zeros past its columns. b is w, or its
    /// transpose; then `first` is a multiple of 16.
    void (*unpack_panel)(float *tile, const amalgam_blocks *w, size_t panel, size_t first, size_t last, bool transposed);
    /// As `multiply` with the unpacked b (or its transpose), from a panel on; product->b is not read. scratch:
    /// (AMALGAM_BLOCK_CHUNK + m) · panel floats. NULL where `multiply` is.
    void (*multiply_blocks)(const amalgam_product *product, const amalgam_blocks *w, bool transposed, size_t panel,
                            float *scratch);

    /// y = activation(x), n elements
    void (*activate)(int kind, float *y, const float *x, size_t n);
    /// dx = (accumulate ? dx : 0) + dy · activation'(x)
    void (*activate_backward)(int kind, float *dx, const float *dy, const float *x, size_t n, bool accumulate);

    /// y = activation(a) · b, y [rows, width]; rows of a and b begin `stride` apart
    void (*gate)(int kind, float *y, const float *a, const float *b, size_t stride, size_t rows, size_t width);
    /// da and db as a and b; either may be NULL: not wanted
    void (*gate_backward)(int kind, float *da, float *db, const float *dy, const float *a, const float *b, size_t stride,
                          size_t rows, size_t width, bool adds_a, bool adds_b);
    /// Rotary positions: columns i and i + head/2 of each head turned by the angle of the row's position. table: [positions,
    /// head], a position's head/2 cosines, then its sines. inverse: turned back
    void (*rotate)(float *y, const float *x, const float *table, const int32_t *positions, size_t rows, size_t heads,
                   size_t head, bool inverse, bool accumulate);

    /// y[r] = gamma · (x[r] − mean) · rstd + beta; stats[r] = (mean, rstd); beta may be NULL: zeros
    void (*normalize)(float *y, float *stats, const float *x, const float *gamma, const float *beta, size_t rows,
                      size_t width, float epsilon);
    void (*normalize_backward)(float *dx, const float *dy, const float *x, const float *stats, const float *gamma,
                               size_t rows, size_t width, bool accumulate);
    /// dgamma += Σ dy · x̂, dbeta += Σ dy, over rows in their order; either may be NULL
    void (*normalize_parameters)(float *dgamma, float *dbeta, const float *dy, const float *x, const float *stats,
                                 size_t rows, size_t width);

    /// y[r] = gamma · x[r] · scales[r], scales[r] = 1 / √(mean of x[r]² + epsilon)
    void (*scale_rows)(float *y, float *scales, const float *x, const float *gamma, size_t rows, size_t width,
                       float epsilon);
    void (*scale_rows_backward)(float *dx, const float *dy, const float *x, const float *scales, const float *gamma,
                                size_t rows, size_t width, bool accumulate);
    /// dgamma += Σ dy · x · scale over rows in their order
    void (*scale_rows_parameters)(float *dgamma, const float *dy, const float *x, const float *scales, size_t rows,
                                  size_t width);

    /// y[r] = source[r] (or the row `bias` where source is NULL, or their sum)
    void (*fill_rows)(float *y, const float *bias, const float *source, size_t rows, size_t width);
    /// y = (accumulate ? y : 0) + scale · x
    void (*add)(float *y, const float *x, size_t n, float scale, bool accumulate);
    /// y[r] = (accumulate ? y : 0) + x[r] ⊙ factors
    void (*multiply_rows)(float *y, const float *x, const float *factors, size_t rows, size_t width, bool accumulate);
    /// sums[c] += Σ_r x[r, c] (⊙ other[r, c] where other is not NULL), rows in their order
    void (*column_sums)(float *sums, const float *x, const float *other, size_t rows, size_t width);
    /// y[r] = (accumulate ? y : 0) + mask · scale · x[r] + residual[r] (residual may be NULL)
    void (*drop_rows)(float *y, const float *x, const float *residual, const uint64_t *identities, size_t rows,
                      size_t width, amalgam_dropout dropout, bool accumulate);

    /// Attention of one sequence. y: as q; the columns of the heads that are computed.
    void (*attend)(const amalgam_attention *attention, float *y);
    /// Gradients are written (not added), the columns of the heads that are computed.
    void (*attend_backward)(const amalgam_attention *attention, const amalgam_attention_gradients *gradients);

    /// AdamW (Loshchilov & Hutter 2019, algorithm 2) with bias corrections c1 = 1 − β1^t, c2 = 1 − β2^t; gradient_scale
    /// is multiplied into g first (clipping)
    void (*adamw)(float *p, const float *g, float *m, float *v, size_t n, float gradient_scale, float rate, float beta1,
                  float beta2, float epsilon, float decay, float c1, float c2);
    /// Σ x² in double
    double (*sum_of_squares)(const float *x, size_t n);
    // y[r] = the product of row r of x, [rows, n], with a row of n
    void (*dot_rows)(float *y, const float *x, const float *row, size_t rows, size_t n);
    /// y = exp(x − max) / Σ, in place over one row
    void (*softmax)(float *x, size_t n);

    /// The mixing step of AdapterFusion: see amalgam_fusion_mix below
    void (*fusion_mix)(float *a, float *p, const float *w, const float *z, const uint64_t *identities,
                       const int32_t *starts, size_t adapters, size_t rows, const float *query_bias, float temperature,
                       amalgam_dropout dropout);
    void (*fusion_mix_backward)(float *dw, float *dz, bool accumulate_dz, float *dquery_bias, const float *da,
                                const float *p, const float *w, const float *z, const uint64_t *identities,
                                const int32_t *starts, size_t adapters, size_t rows, float temperature,
                                amalgam_dropout dropout);
} amalgam_kernels;

/// The i-th set that this processor can run, from the portable one to the best; NULL past the last.
const amalgam_kernels *amalgam_kernels_at(int i);

/// Products with a right side in bfloat16 and float32 sums.
typedef struct {
    size_t panel;
    /// pairs [rows, (k + 1) / 2] of x [rows, k], rounded to the nearest even
    void (*narrow)(uint32_t *pairs, const float *x, size_t rows, size_t k);
    /// b [k, n], element (i, j) at w[i · k_stride + j · n_stride], to panels [n / panel][(k + 1) / 2][panel] of pairs
    void (*pack)(uint32_t *packed, const float *w, size_t n, size_t k, size_t n_stride, size_t k_stride);
    /// Pairs [(k + 1) / 2][panel] of a tile [k][panel] in float32, rounded as `pack` does
    void (*narrow_tile)(uint32_t *pairs, const float *tile, size_t k);
    /// As amalgam_kernels.multiply; a and packed take the place of product->a and product->b.
    void (*multiply)(const amalgam_product *product, const uint32_t *a, const uint32_t *packed);
} amalgam_bf16_kernels;
/// NULL where the processor has no such instructions.
const amalgam_bf16_kernels *amalgam_kernels_bf16(void);

/// A loop of multiply-adds in registers alone: the most that an instruction set reaches. For benchmarks.
typedef struct {
    const char *name;
    bool bf16;
    /// Floating-point operations of one pass: two a multiply-add.
    double operations;
    /// Returns what keeps the compiler from leaving the loop out.
    float (*run)(size_t passes);
} amalgam_peak_loop;
/// The i-th loop that this processor can run; NULL past the last.
const amalgam_peak_loop *amalgam_peak_loop_at(int i);

/// Floats of scratch that attend and attend_backward need for one sequence, whatever the number of heads.
size_t amalgam_attention_scratch(const amalgam_attention *attention);
/// Floats that one head of a sequence keeps from forward to backward. Of up to 128 queries the probabilities before
/// dropout, [queries, extra + keys], rows filled up with zeros to whole vectors of 16. Of more each row's largest score
/// and the inverse of its sum, [queries, 2], then the output [queries, head]: linear in the length.
size_t amalgam_attention_kept(const amalgam_attention *attention);

/// 64-bit finaliser (Stafford's variant 13 of MurmurHash3's): the mixing step of every random key.
static inline uint64_t amalgam_mix(uint64_t x) {
    x ^= x >> 30;
    x *= 0xbf58476d1ce4e5b9ull;
    x ^= x >> 27;
    x *= 0x94d049bb133111ebull;
    x ^= x >> 31;
    return x;
}

/// Which units this processor has: for the choice of kernels.
bool amalgam_cpu_has_avx2(void);
bool amalgam_cpu_has_avx512(void);

/// A pool of `threads` threads, the caller among them. body(context, task, thread) runs once for each task.
typedef struct amalgam_pool amalgam_pool;
amalgam_pool *amalgam_pool_create(int threads);
void amalgam_pool_destroy(amalgam_pool *pool);
void amalgam_pool_run(amalgam_pool *pool, int tasks, void (*body)(void *context, int task, int thread), void *context);
