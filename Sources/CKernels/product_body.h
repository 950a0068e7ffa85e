// Included by kernels.c once for each instruction set, after vectors.h, with TILE_ROWS and TILE_VECTORS set: a tile of
// TILE_ROWS x 16·TILE_VECTORS sums fills the registers.

#define PANEL (LANES * TILE_VECTORS)

// One tile: rows x PANEL sums, each over all of k in its order, so that no cut of the rows changes a result.
// `rows`, `vectors` and `transposed` are constants wherever this is inlined. `next` is fetched `step` bytes a k: the panel
// to come is in the second-level cache when its turn is, however far away the weights lie.
INLINE void NAME(tile)(const int rows, const int vectors, const bool transposed, const amalgam_product *p, size_t row,
                       size_t column, const float *restrict b, const char *next, size_t step) {
    vf sums[TILE_ROWS][TILE_VECTORS];
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++)
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++)
            sums[i][v] = p->start ? NAME(load)(p->start + (row + i) * PANEL + v * LANES) : (vf)0;
    const size_t stride = p->a_stride, b_stride = p->b_stride;
    const float *restrict a = transposed ? p->a + row : p->a + row * stride;
    for (size_t k = 0; k < p->k; k++) {
        __builtin_prefetch(next, 0, 2);
        next += step;
        vf right[TILE_VECTORS];
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) right[v] = NAME(load)(b + v * LANES);
#pragma clang loop unroll(full)
        for (int i = 0; i < rows; i++) {
            vf left = NAME(splat)(transposed ? a[i] : a[i * stride]);
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++) sums[i][v] = NAME(fma)(left, right[v], sums[i][v]);
        }
        a += transposed ? stride : 1;
        b += b_stride;
    }
    const vf scale = NAME(splat)(p->scale);
    const bool whole = column + PANEL <= p->n;
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
        const size_t at = (row + i) * p->c_stride + column;
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) {
            const size_t c = column + v * LANES;
            const size_t left = whole ? LANES : c >= p->n ? 0 : p->n - c;
            if (left == 0) continue;
            vf y = sums[i][v];
            if (p->bias) y += NAME(load_upto)(p->bias + c, left);
            y *= scale;
            if (p->residual) y += NAME(load_upto)(p->residual + at + v * LANES, left);
            NAME(store_upto)(p->c + at + v * LANES, y, left);
        }
    }
}

#define TILE_CASE(r) \
    case r: \
        NAME(tile)(r < TILE_ROWS ? r : 1, vectors, transposed, p, row, column, b, next, step); \
        break;

// Rows first..<last under one panel of the right side.
INLINE void NAME(tiles)(const int vectors, const bool transposed, const amalgam_product *p, size_t first, size_t last,
                        size_t column, const float *b) {
    size_t row = first;
    // Each tile fetches its share of the next panel; where panels are not contiguous, the rows to come
    const bool packed = p->b_panel > PANEL;
    const size_t share = packed ? p->b_panel * sizeof(float) / ((last - first) / TILE_ROWS + 1) / p->k : 0;
    const size_t step = packed ? share : p->b_stride * sizeof(float);
    const char *next = (const char *)(packed ? b + p->b_panel : b + 16 * p->b_stride);
    for (; row + TILE_ROWS <= last; row += TILE_ROWS) {
        NAME(tile)(TILE_ROWS, vectors, transposed, p, row, column, b, next, step);
        next += share * p->k;
    }
    switch (last - row) {
        TILE_CASE(1) TILE_CASE(2) TILE_CASE(3) TILE_CASE(4) TILE_CASE(5) TILE_CASE(6) TILE_CASE(7) TILE_CASE(8)
        TILE_CASE(9) TILE_CASE(10) TILE_CASE(11) TILE_CASE(12) TILE_CASE(13)
    default: break;
    }
}

#ifndef PRODUCT_CACHE
#define PRODUCT_CACHE (384 * 1024)  // bytes of the left side that may sit in the second-level cache
#endif

static void NAME(multiply)(const amalgam_product *p) {
    // Rows whose left side stays in the second-level cache beside one panel of the right
    size_t block = PRODUCT_CACHE / sizeof(float) / (p->k ? p->k : 1) / TILE_ROWS * TILE_ROWS;
    if (block < TILE_ROWS) block = TILE_ROWS;
    for (size_t first = 0; first < p->m; first += block) {
        const size_t last = p->m - first < block ? p->m : first + block;
        for (size_t column = 0; column < p->n; column += PANEL) {
            const float *b = p->b + column / PANEL * p->b_panel;
            // A last panel that is half empty costs half
            const bool narrow = TILE_VECTORS > 1 && p->n - column <= LANES;
            if (p->transposes_a && narrow) NAME(tiles)(1, true, p, first, last, column, b);
            else if (p->transposes_a) NAME(tiles)(TILE_VECTORS, true, p, first, last, column, b);
            else if (narrow) NAME(tiles)(1, false, p, first, last, column, b);
            else NAME(tiles)(TILE_VECTORS, false, p, first, last, column, b);
        }
    }
}

// Panels first..<last of the transpose of w [n, k]: panel j holds, for each of k, PANEL neighbours of n (zeros past it).
static void NAME(pack)(float *packed, const float *w, size_t n, size_t k, size_t first, size_t last) {
    for (size_t panel = first; panel < last; panel++) {
        float *to = packed + panel * PANEL * k;
        const float *from = w + panel * PANEL * k;
        const size_t rows = n - panel * PANEL < PANEL ? n - panel * PANEL : PANEL;
        if (rows < PANEL) memset(to, 0, PANEL * k * sizeof(float));
        // 16 of k at a time: whole cache lines on both sides
        for (size_t c = 0; c < k; c += LANES) {
            const size_t columns = k - c < LANES ? k - c : LANES;
            for (size_t r = 0; r < rows; r++)
                for (size_t i = 0; i < columns; i++) to[(c + i) * PANEL + r] = from[r * k + c + i];
        }
    }
}

#undef PANEL
#undef TILE_CASE
