// Included by kernels.c once for each instruction set, after product_body.h: frozen matrices in few bits. Sixteen neighbours
// of a row become floats at a time, in the arithmetic of their format; products unpack a tile that fits a core's cache and go
// on with the kernels of float32, so their sums are those of the unpacked matrix, bit for bit.

#pragma clang fp contract(off)

#define BLOCK_PANEL (LANES * TILE_VECTORS)

#ifndef AMALGAM_BYTE_VECTORS
#define AMALGAM_BYTE_VECTORS
typedef int8_t signed_bytes __attribute__((ext_vector_type(16), aligned(1)));
typedef uint8_t bytes __attribute__((ext_vector_type(16), aligned(1)));
typedef uint16_t halves __attribute__((ext_vector_type(16), aligned(1)));

// Quantiles of a normal distribution, scaled to −1 … 1 (Dettmers et al. 2023, appendix E)
static const float nf4_values[16] = {
    -1.0f, -0.6961928009986877f, -0.5250730514526367f, -0.39491748809814453f, -0.28444138169288635f,
    -0.18477343022823334f, -0.09105003625154495f, 0.0f, 0.07958029955625534f, 0.16093020141124725f,
    0.24611230194568634f, 0.33791524171829224f, 0.44070982933044434f, 0.5626170039176941f, 0.7229568362236023f, 1.0f};
#endif

// Half precision, exactly; numbers below the normal ones included.
INLINE vf NAME(from_halves)(halves h) {
#ifdef WIDE_TABLES
    return (vf)_mm512_cvtph_ps((__m256i)h);
#else
    const vu w = __builtin_convertvector(h, vu) << 16, sign = w & 0x80000000u, two = w + w;
    const vf normal = (vf)((two >> 4) + (0xE0u << 23)) * 0x1.0p-112f;
    const vf small = (vf)((two >> 17) | (126u << 23)) - 0.5f;
    const vf magnitude = (vi)(two < (vu)(1u << 27)) ? small : normal;
    return (vf)((vu)magnitude | sign);
#endif
}

INLINE float NAME(half)(const uint8_t *place) {
    uint16_t h;
    memcpy(&h, place, 2);
#ifdef WIDE_TABLES
    return _cvtsh_ss(h);
#else
    const uint32_t w = (uint32_t)h << 16, sign = w & 0x80000000u, two = w + w;
    uint32_t bits;
    float x;
    if (two < 1u << 27) {
        bits = (two >> 17) | (126u << 23);
        memcpy(&x, &bits, 4);
        x -= 0.5f;
    } else {
        bits = (two >> 4) + (0xE0u << 23);
        memcpy(&x, &bits, 4);
        x *= 0x1.0p-112f;
    }
    memcpy(&bits, &x, 4);
    bits |= sign;
    memcpy(&x, &bits, 4);
    return x;
#endif
}

INLINE vf NAME(from_bytes)(bytes b) { return __builtin_convertvector(__builtin_convertvector(b, vi), vf); }
// b − less
INLINE vf NAME(less)(bytes b, int less) { return __builtin_convertvector(__builtin_convertvector(b, vi) - less, vf); }
INLINE bytes NAME(nibbles)(const uint8_t *place, bool high) {
    const bytes b = *(const bytes *)place;
    return high ? b >> 4 : b & 15;
}
// The fifth bits of sixteen elements, in place.
INLINE bytes NAME(fifth)(const uint8_t *place, bool high) {
    uint16_t bits;
    memcpy(&bits, place + (high ? 2 : 0), 2);
    const vu each = ((vu)(uint32_t)bits >> NAME(lanes)() & 1) << 4;
    return __builtin_convertvector(each, bytes);
}

// Six bits each of a part's scale and minimum: of the first four parts in the low bits of bytes 0–3 and 4–7, of the others in
// bytes 8–11 with their upper two bits in the upper bits of the first eight.
INLINE void NAME(factors)(const uint8_t *b, size_t part, float *scale, float *least) {
    if (part < 4) {
        *scale = b[part] & 63;
        *least = b[part + 4] & 63;
    } else {
        *scale = (b[part + 4] & 15) | (b[part - 4] >> 2 & 48);
        *least = (b[part + 4] >> 4) | (b[part] >> 2 & 48);
    }
}

// The scale of NF4's block of 64: itself a byte of a map, with a factor for each 256 of them and one offset for all.
INLINE float NAME(nf4_scale)(const amalgam_blocks *w, size_t block) {
    const float product = w->scale_map[w->scales[block]] * w->scale_factors[block / 256];
    return product + w->scale_offset;
}

INLINE vf NAME(nf4_lookup)(vu index) {
#ifdef WIDE_TABLES
    return (vf)_mm512_permutexvar_ps((__m512i)index, _mm512_loadu_ps(nf4_values));
#else
    vf values;
    for (int i = 0; i < LANES; i++) values[i] = nf4_values[index[i]];
    return values;
#endif
}

// NF4's elements e … e + 15 of the whole matrix, which lie in one block.
INLINE vf NAME(nf4_group)(const amalgam_blocks *w, size_t e) {
    uint64_t pairs;
    memcpy(&pairs, w->blocks + e / 2, 8);
    // The first of two is in the upper half
    const vu low = (vu)(uint32_t)pairs >> ((NAME(lanes)() ^ 1) * 4 & 31) & 15;
    const vu high = (vu)(uint32_t)(pairs >> 32) >> ((NAME(lanes)() ^ 1) * 4 & 31) & 15;
    const vu index = __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
    return NAME(nf4_lookup)(index) * NAME(nf4_scale)(w, e / 64);
}

// Elements 16 g … 16 g + 15 of a row whose bytes begin at `row`. `format` is a constant wherever this is inlined.
INLINE vf NAME(group)(const int format, const uint8_t *row, size_t g) {
    const bool high = g % 2;
    switch (format) {
    case AMALGAM_F16: return NAME(from_halves)(*(const halves *)(row + 32 * g));
    case AMALGAM_BF16: return (vf)(__builtin_convertvector(*(const halves *)(row + 32 * g), vu) << 16);
    case AMALGAM_Q8_0: {
        const uint8_t *b = row + g / 2 * 34;
        const signed_bytes q = *(const signed_bytes *)(b + 2 + (high ? 16 : 0));
        return __builtin_convertvector(__builtin_convertvector(q, vi), vf) * NAME(half)(b);
    }
    case AMALGAM_Q4_0: {
        const uint8_t *b = row + g / 2 * 18;
        return NAME(less)(NAME(nibbles)(b + 2, high), 8) * NAME(half)(b);
    }
    case AMALGAM_Q4_1: {
        const uint8_t *b = row + g / 2 * 20;
        const vf own = NAME(from_bytes)(NAME(nibbles)(b + 4, high)) * NAME(half)(b);
        return own + NAME(half)(b + 2);
    }
    case AMALGAM_Q5_0: {
        const uint8_t *b = row + g / 2 * 22;
        return NAME(less)(NAME(nibbles)(b + 6, high) | NAME(fifth)(b + 2, high), 16) * NAME(half)(b);
    }
    case AMALGAM_Q5_1: {
        const uint8_t *b = row + g / 2 * 24;
        const vf own = NAME(from_bytes)(NAME(nibbles)(b + 8, high) | NAME(fifth)(b + 4, high)) * NAME(half)(b);
        return own + NAME(half)(b + 2);
    }
    case AMALGAM_Q4_K: {
        const uint8_t *b = row + g / 16 * 144;
        const size_t part = g % 16 / 2;
        float factor, least;
        NAME(factors)(b + 4, part, &factor, &least);
        const float scale = NAME(half)(b) * factor, below = NAME(half)(b + 2) * least;
        const vf own = NAME(from_bytes)(NAME(nibbles)(b + 16 + part / 2 * 32 + (high ? 16 : 0), part % 2)) * scale;
        return own - below;
    }
    case AMALGAM_Q6_K: {
        const uint8_t *b = row + g / 16 * 210;
        const size_t part = g % 16 / 2, side = part / 4, column = part % 4, half = high ? 16 : 0;
        const bytes low = NAME(nibbles)(b + side * 64 + column % 2 * 32 + half, column / 2);
        const bytes upper = *(const bytes *)(b + 128 + side * 32 + half) >> (uint8_t)(2 * column) & 3;
        const float scale = NAME(half)(b + 208) * (float)(int8_t)b[192 + g % 16];
        return NAME(less)(low | upper << 4, 32) * scale;
    }
    default: return (vf)0;
    }
}

// Where a row's bytes lie. Rows of a head may stand in pairs of its two halves, as llama.cpp has queries and keys.
INLINE size_t NAME(stored_row)(const amalgam_blocks *w, size_t row) {
    if (!w->head) return row;
    const size_t inside = row % w->head, half = w->head / 2;
    return row - inside + inside % half * 2 + inside / half;
}

INLINE const uint8_t *NAME(row_bytes)(const amalgam_blocks *w, size_t row) {
    return w->blocks + NAME(stored_row)(w, row) * w->row_bytes;
}

// Group g of a row whose bytes begin at `own`, with zeros past the row's end.
INLINE vf NAME(some)(const int format, const amalgam_blocks *w, size_t row, const uint8_t *own, size_t g) {
    const size_t left = w->columns - LANES * g;
    if (format == AMALGAM_NF4) {
        const size_t e = row * w->columns + LANES * g;
        if (w->columns % LANES == 0) return NAME(nf4_group)(w, e);
        vf values = (vf)0;
        for (size_t i = 0; i < LANES && i < left; i++) {
            const uint8_t pair = w->blocks[(e + i) / 2];
            values[i] = nf4_values[(e + i) % 2 ? pair & 15 : pair >> 4] * NAME(nf4_scale)(w, (e + i) / 64);
        }
        return values;
    }
    if ((format == AMALGAM_F16 || format == AMALGAM_BF16) && left < LANES) {
        uint8_t numbers[2 * LANES] = {0};
        memcpy(numbers, own + 2 * LANES * g, 2 * left);
        return NAME(group)(format, numbers, 0);
    }
    return NAME(group)(format, own, g);
}

// 16 x 16: rows become columns.
INLINE void NAME(transpose)(vf m[LANES]) {
    vf t[LANES];
#pragma clang loop unroll(full)
    for (int i = 0; i < 16; i += 2) {
        t[i] = __builtin_shufflevector(m[i], m[i + 1], 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29);
        t[i + 1] = __builtin_shufflevector(m[i], m[i + 1], 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < 16; i += 4) {
#pragma clang loop unroll(full)
        for (int j = 0; j < 2; j++) {
            m[i + 2 * j] = __builtin_shufflevector(t[i + j], t[i + 2 + j], 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12,
                                                   13, 28, 29);
            m[i + 2 * j + 1] = __builtin_shufflevector(t[i + j], t[i + 2 + j], 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26,
                                                       27, 14, 15, 30, 31);
        }
    }
    // m[4 k + j] has, in quarter l, column 4 l + j of rows 4 k … 4 k + 3
#pragma clang loop unroll(full)
    for (int j = 0; j < 4; j++) {
        const vf a = m[j], b = m[4 + j], c = m[8 + j], d = m[12 + j];
#define EVEN(x, y) __builtin_shufflevector(x, y, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27)
#define ODD(x, y) __builtin_shufflevector(x, y, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31)
        const vf ab = EVEN(a, b), cd = EVEN(c, d), ab1 = ODD(a, b), cd1 = ODD(c, d);
        t[j] = EVEN(ab, cd);
        t[8 + j] = ODD(ab, cd);
        t[4 + j] = EVEN(ab1, cd1);
        t[12 + j] = ODD(ab1, cd1);
#undef EVEN
#undef ODD
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < 16; i++) m[i] = t[i];
}

// 16 x 16 bytes: rows become columns.
INLINE void NAME(transpose_bytes)(bytes m[LANES]) {
#pragma clang loop unroll(full)
    for (int stage = 0; stage < 4; stage++) {
        bytes t[LANES];
#pragma clang loop unroll(full)
        for (int i = 0; i < 8; i++) {
            t[2 * i] = __builtin_shufflevector(m[i], m[i + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
            t[2 * i + 1] = __builtin_shufflevector(m[i], m[i + 8], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15,
                                                   31);
        }
#pragma clang loop unroll(full)
        for (int i = 0; i < LANES; i++) m[i] = t[i];
    }
}

// As rows_panel for 32 elements at a time of one scale, whose elements are bytes or halves of bytes: those change their places before they become
// floats, which is a quarter of the work.
INLINE void NAME(rows_of_bytes)(const int format, float *tile, const amalgam_blocks *w, size_t panel, size_t first,
                                size_t last) {
    const bool nf4 = format == AMALGAM_NF4;
    const size_t size = nf4 ? 16 : format == AMALGAM_Q8_0 ? 34 : format == AMALGAM_Q4_0 ? 18 : 20;
    const size_t begin = nf4 ? 0 : format == AMALGAM_Q4_1 ? 4 : 2;
    const size_t row_bytes = nf4 ? w->columns / 2 : w->row_bytes;
    for (size_t v = 0; v < TILE_VECTORS; v++) {
        const size_t row = panel * BLOCK_PANEL + v * LANES;
        const size_t rows = row >= w->rows ? 0 : w->rows - row < LANES ? w->rows - row : LANES;
        // Missing rows are others with scales of zero
        const uint8_t *own[LANES];
        for (size_t i = 0; i < LANES; i++)
            own[i] = w->blocks + NAME(stored_row)(w, i < rows ? row + i : 0) * row_bytes;
        for (size_t b = first / 32; b < last / 32; b++) {
            halves scales = (halves)0, leasts = (halves)0;
            vf floats = (vf)0;
            bytes m[LANES], n[LANES];
#pragma clang loop unroll(full)
            for (size_t i = 0; i < LANES; i++) {
                const uint8_t *block = own[i] + b * size;
                // Of the panel to come, which may lie far away
                __builtin_prefetch(block + BLOCK_PANEL * row_bytes, 0, 2);
                uint16_t half;
                if (nf4) {
                    floats[i] = NAME(nf4_scale)(w, ((i < rows ? row + i : 0) * w->columns + b * 32) / 64);
                } else {
                    memcpy(&half, block, 2);
                    scales[i] = half;
                }
                if (format == AMALGAM_Q4_1) {
                    memcpy(&half, block + 2, 2);
                    leasts[i] = half;
                }
                m[i] = *(const bytes *)(block + begin);
                if (format == AMALGAM_Q8_0) n[i] = *(const bytes *)(block + begin + 16);
            }
            const vi there = (vi)(NAME(lanes)() < (vu)(uint32_t)rows);
            const vf scale = NAME(select)(there, nf4 ? floats : NAME(from_halves)(scales), (vf)0);
            const vf least = NAME(select)(there, NAME(from_halves)(leasts), (vf)0);
            NAME(transpose_bytes)(m);
            if (format == AMALGAM_Q8_0) NAME(transpose_bytes)(n);
            float *to = tile + (b * 32 - first) * BLOCK_PANEL + v * LANES;
#pragma clang loop unroll(full)
            for (size_t i = 0; i < 32; i++, to += BLOCK_PANEL) {
                vf own;
                if (nf4) {
                    const bytes q = i % 2 ? m[i / 2] & 15 : m[i / 2] >> 4;
                    own = NAME(nf4_lookup)(__builtin_convertvector(q, vu)) * scale;
                } else if (format == AMALGAM_Q8_0) {
                    const signed_bytes q = (signed_bytes)(i < LANES ? m[i % LANES] : n[i % LANES]);
                    own = __builtin_convertvector(__builtin_convertvector(q, vi), vf) * scale;
                } else {
                    const bytes q = i < LANES ? m[i % LANES] & 15 : m[i % LANES] >> 4;
                    own = NAME(less)(q, format == AMALGAM_Q4_0 ? 8 : 0) * scale;
                    if (format == AMALGAM_Q4_1) own += least;
                }
                NAME(store)(to, own);
            }
        }
    }
}

// Columns first..<last (first: a multiple of 16) of the rows of a panel, as rows of the tile; zeros past the last row.
INLINE void NAME(rows_panel)(const int format, float *tile, const amalgam_blocks *w, size_t panel, size_t first,
                             size_t last) {
    const bool hasBytes = format == AMALGAM_Q8_0 || format == AMALGAM_Q4_0 || format == AMALGAM_Q4_1 ||
                          (format == AMALGAM_NF4 && w->columns % 64 == 0);
    if (hasBytes && first % 32 == 0 && last % 32 == 0)
        return NAME(rows_of_bytes)(format, tile, w, panel, first, last);
    for (size_t v = 0; v < TILE_VECTORS; v++) {
        const size_t row = panel * BLOCK_PANEL + v * LANES;
        const uint8_t *own[LANES];
        for (size_t i = 0; i < LANES; i++) own[i] = row + i < w->rows ? NAME(row_bytes)(w, row + i) : NULL;
        for (size_t g = first / LANES; g * LANES < last; g++) {
            vf m[LANES];
#ifdef WIDE_TABLES
#pragma clang loop unroll(full)
#endif
            for (size_t i = 0; i < LANES; i++) m[i] = own[i] ? NAME(some)(format, w, row + i, own[i], g) : (vf)0;
            NAME(transpose)(m);
            float *to = tile + (g * LANES - first) * BLOCK_PANEL + v * LANES;
            if (last - g * LANES >= LANES) {
#pragma clang loop unroll(full)
                for (size_t i = 0; i < LANES; i++) NAME(store)(to + i * BLOCK_PANEL, m[i]);
            } else {
                for (size_t i = 0; i < last - g * LANES; i++) NAME(store)(to + i * BLOCK_PANEL, m[i]);
            }
        }
    }
}

// Rows first..<last of the columns of a panel; zeros past the last column.
INLINE void NAME(columns_panel)(const int format, float *tile, const amalgam_blocks *w, size_t panel, size_t first,
                                size_t last) {
    const size_t group = panel * TILE_VECTORS;
    for (size_t row = first; row < last; row++) {
        const uint8_t *own = NAME(row_bytes)(w, row);
#pragma clang loop unroll(full)
        for (size_t v = 0; v < TILE_VECTORS; v++, tile += LANES)
            NAME(store)(tile, (group + v) * LANES < w->columns ? NAME(some)(format, w, row, own, group + v) : (vf)0);
    }
}

INLINE void NAME(whole_rows)(const int format, float *to, const amalgam_blocks *w, size_t row, size_t rows) {
    for (size_t r = row; r < row + rows; r++, to += w->columns) {
        const uint8_t *own = NAME(row_bytes)(w, r);
        for (size_t g = 0; g * LANES < w->columns; g++)
            NAME(store_upto)(to + g * LANES, NAME(some)(format, w, r, own, g), w->columns - g * LANES);
    }
}

#define EACH_FORMAT(body) \
    switch (w->format) { \
    case AMALGAM_F16: body(AMALGAM_F16); break; \
    case AMALGAM_BF16: body(AMALGAM_BF16); break; \
    case AMALGAM_Q8_0: body(AMALGAM_Q8_0); break; \
    case AMALGAM_Q4_0: body(AMALGAM_Q4_0); break; \
    case AMALGAM_Q4_1: body(AMALGAM_Q4_1); break; \
    case AMALGAM_Q5_0: body(AMALGAM_Q5_0); break; \
    case AMALGAM_Q5_1: body(AMALGAM_Q5_1); break; \
    case AMALGAM_Q4_K: body(AMALGAM_Q4_K); break; \
    case AMALGAM_Q6_K: body(AMALGAM_Q6_K); break; \
    case AMALGAM_NF4: body(AMALGAM_NF4); break; \
    default: break; \
    }

static void NAME(unpack_panel)(float *tile, const amalgam_blocks *w, size_t panel, size_t first, size_t last,
                               bool transposed) {
#define ROWS(format) NAME(rows_panel)(format, tile, w, panel, first, last)
#define COLUMNS(format) NAME(columns_panel)(format, tile, w, panel, first, last)
    if (transposed) {
        EACH_FORMAT(ROWS)
    } else {
        EACH_FORMAT(COLUMNS)
    }
#undef ROWS
#undef COLUMNS
}

static void NAME(unpack_rows)(float *to, const amalgam_blocks *w, size_t row, size_t rows) {
#define WHOLE(format) NAME(whole_rows)(format, to, w, row, rows)
    EACH_FORMAT(WHOLE)
#undef WHOLE
}

#ifndef NO_PRODUCT
static void NAME(multiply_blocks)(const amalgam_product *p, const amalgam_blocks *w, bool transposed, size_t panel,
                                  float *scratch) {
    // Few rows read what they unpack once: that stays in the first-level cache
    const size_t most = p->m <= TILE_ROWS ? AMALGAM_BLOCK_CHUNK / 8 : AMALGAM_BLOCK_CHUNK;
    float *tile = scratch, *sums = scratch + AMALGAM_BLOCK_CHUNK * BLOCK_PANEL;
    for (size_t column = 0; column < p->n; column += BLOCK_PANEL, panel++) {
        amalgam_product part = *p;
        part.b = tile;
        part.b_stride = BLOCK_PANEL;
        for (size_t k = 0; k < p->k; k += most) {
            const bool ends = p->k - k <= most;
            part.a = p->a + k;
            part.k = ends ? p->k - k : most;
            part.b_panel = part.k * BLOCK_PANEL;
            part.start = k ? sums : NULL;
            part.c = ends ? p->c + column : sums;
            part.c_stride = ends ? p->c_stride : BLOCK_PANEL;
            part.n = ends && p->n - column < BLOCK_PANEL ? p->n - column : BLOCK_PANEL;
            part.scale = ends ? p->scale : 1;
            part.bias = ends && p->bias ? p->bias + column : NULL;
            part.residual = ends && p->residual ? p->residual + column : NULL;
            NAME(unpack_panel)(tile, w, panel, k, k + part.k, transposed);
            NAME(multiply)(&part);
        }
    }
}
#define MULTIPLY_BLOCKS NAME(multiply_blocks)
#else
#define MULTIPLY_BLOCKS NULL
#endif

#undef EACH_FORMAT
#pragma clang fp contract(on)
