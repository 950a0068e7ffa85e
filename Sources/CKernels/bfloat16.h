// Included by kernels.c once, for processors that multiply bfloat16: products with a frozen right side in bfloat16, sums
// in float32. Two neighbours of k stand in one 32-bit number, on both sides.

#define BF_ROWS 14
#define BF_VECTORS 2
#define BF_PANEL 32

// The pairs of a row in bfloat16 (nearest even): [rows, (k + 1) / 2], an odd k's last half is zero.
static void bf16_narrow(uint32_t *pairs, const float *x, size_t rows, size_t k) {
    const size_t stride = (k + 1) / 2;
    for (size_t r = 0; r < rows; r++) {
        uint16_t *to = (uint16_t *)(pairs + r * stride);
        const float *from = x + r * k;
        size_t i = 0;
        for (; i + 16 <= k; i += 16)
            _mm256_storeu_si256((__m256i *)(to + i), (__m256i)_mm512_cvtneps_pbh(_mm512_loadu_ps(from + i)));
        if (i < k) {
            float some[16] = {0};
            uint16_t narrow[16];
            memcpy(some, from + i, (k - i) * sizeof(float));
            _mm256_storeu_si256((__m256i *)narrow, (__m256i)_mm512_cvtneps_pbh(_mm512_loadu_ps(some)));
            memcpy(to + i, narrow, (2 * stride - i) * sizeof(uint16_t));
        }
    }
}

static inline uint16_t bf16_one(float x) {
    uint32_t bits;
    memcpy(&bits, &x, 4);
    if (x != x) return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

// b [k, n] (element (i, j) at w[i · k_stride + j · n_stride]) in panels of 32 columns: [panel][k / 2][32] pairs.
static void bf16_pack(uint32_t *packed, const float *w, size_t n, size_t k, size_t n_stride, size_t k_stride) {
    const size_t pairs = (k + 1) / 2;
    for (size_t panel = 0; panel * BF_PANEL < n; panel++)
        for (size_t i = 0; i < pairs; i++)
            for (size_t c = 0; c < BF_PANEL; c++) {
                const size_t j = panel * BF_PANEL + c;
                uint32_t low = 0, high = 0;
                if (j < n) {
                    low = bf16_one(w[2 * i * k_stride + j * n_stride]);
                    if (2 * i + 1 < k) high = bf16_one(w[(2 * i + 1) * k_stride + j * n_stride]);
                }
                packed[(panel * pairs + i) * BF_PANEL + c] = low | high << 16;
            }
}

// Pairs [(k + 1) / 2][32] of a tile [k][32] in float32.
static void bf16_narrow_tile(uint32_t *pairs, const float *tile, size_t k) {
    for (size_t i = 0; i < k; i += 2)
        for (size_t c = 0; c < BF_PANEL; c += 16, pairs += 16) {
            __m512i both[2] = {_mm512_setzero_si512(), _mm512_setzero_si512()};
            for (size_t j = 0; j < 2 && i + j < k; j++) {
                const __m512i bits = _mm512_loadu_si512(tile + (i + j) * BF_PANEL + c);
                const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
                both[j] = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7FFF)));
            }
            const __m512i high = _mm512_and_si512(both[1], _mm512_set1_epi32((int)0xFFFF0000));
            _mm512_storeu_si512(pairs, _mm512_or_si512(_mm512_srli_epi32(both[0], 16), high));
        }
}

INLINE void bf16_tile(const int rows, const amalgam_product *p, const uint32_t *restrict a, size_t stride, size_t row,
                      size_t column, const uint32_t *restrict b, const char *next, size_t step) {
    __m512 sums[BF_ROWS][BF_VECTORS];
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
        for (int v = 0; v < BF_VECTORS; v++) sums[i][v] = _mm512_setzero_ps();
    a += row * stride;
    for (size_t k = 0; k < stride; k++) {
        __builtin_prefetch(next, 0, 2);
        next += step;
        __m512bh right[BF_VECTORS];
#pragma clang loop unroll(full)
        for (int v = 0; v < BF_VECTORS; v++) right[v] = (__m512bh)_mm512_loadu_si512(b + v * 16);
#pragma clang loop unroll(full)
        for (int i = 0; i < rows; i++) {
            __m512bh left = (__m512bh)_mm512_set1_epi32((int)a[i * stride]);
#pragma clang loop unroll(full)
            for (int v = 0; v < BF_VECTORS; v++) sums[i][v] = _mm512_dpbf16_ps(sums[i][v], left, right[v]);
        }
        a++;
        b += BF_PANEL;
    }
    const __m512 scale = _mm512_set1_ps(p->scale);
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
        const size_t at = (row + i) * p->c_stride;
#pragma clang loop unroll(full)
        for (int v = 0; v < BF_VECTORS; v++) {
            const size_t c = column + v * 16;
            if (c >= p->n) continue;
            const __mmask16 mask = p->n - c >= 16 ? 0xFFFF : (__mmask16)((1u << (p->n - c)) - 1);
            __m512 y = sums[i][v];
            if (p->bias) y = _mm512_add_ps(y, _mm512_maskz_loadu_ps(mask, p->bias + c));
            y = _mm512_mul_ps(y, scale);
            if (p->residual) y = _mm512_add_ps(y, _mm512_maskz_loadu_ps(mask, p->residual + at + c));
            _mm512_mask_storeu_ps(p->c + at + c, mask, y);
        }
    }
}

#define BF_CASE(r) \
    case r: \
        bf16_tile(r, p, a, stride, row, column, b, next, step); \
        break;

static void bf16_multiply(const amalgam_product *p, const uint32_t *a, const uint32_t *packed) {
    const size_t stride = (p->k + 1) / 2;
    size_t block = PRODUCT_CACHE / sizeof(uint32_t) / (stride ? stride : 1) / BF_ROWS * BF_ROWS;
    if (block < BF_ROWS) block = BF_ROWS;
    for (size_t first = 0; first < p->m; first += block) {
        const size_t last = p->m - first < block ? p->m : first + block;
        for (size_t column = 0; column < p->n; column += BF_PANEL) {
            const uint32_t *b = packed + column / BF_PANEL * stride * BF_PANEL;
            size_t row = first;
            // As in float32: each tile fetches its share of the next panel
            const size_t step = BF_PANEL * sizeof(uint32_t) / ((last - first) / BF_ROWS + 1);
            const char *next = (const char *)(b + stride * BF_PANEL);
            for (; row + BF_ROWS <= last; row += BF_ROWS) {
                bf16_tile(BF_ROWS, p, a, stride, row, column, b, next, step);
                next += step * stride;
            }
            switch (last - row) {
                BF_CASE(1) BF_CASE(2) BF_CASE(3) BF_CASE(4) BF_CASE(5) BF_CASE(6) BF_CASE(7) BF_CASE(8) BF_CASE(9)
                BF_CASE(10) BF_CASE(11) BF_CASE(12) BF_CASE(13)
            default: break;
            }
        }
    }
}
#undef BF_CASE

static const amalgam_bf16_kernels kernels_bf16 = {.panel = BF_PANEL, .narrow = bf16_narrow, .pack = bf16_pack,
                                                  .narrow_tile = bf16_narrow_tile,
                                                  .multiply = bf16_multiply};
