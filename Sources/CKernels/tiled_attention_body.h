// Included by kernels.c once for each instruction set, after attention_body.h: attention of long texts, by tiles of queries
// and keys (Dao et al. 2022, algorithms 1 and 4). Nothing of size queries x keys ever stands in memory: forward keeps each
// row's maximum and sum, whose log-sum-exp backward needs to compute a tile's probabilities anew. Tiles outside the window
// are skipped. The tiles and the order of all sums follow from the shape alone.

// One head's work: what all its tiles share.
typedef struct {
    const amalgam_attention *a;
    size_t h, column, width, key_column, key_width, hp, all;
    // Both transposed, in panels [all / panel][head][panel], zeros past the keys
    float *kt, *vt;
} NAME(tiled_head);

// Rows of a block from `first` on: whole tiles of every product kernel, the last block a little longer.
INLINE size_t NAME(block_rows)(size_t rows, size_t first) {
    return rows - first > ATTENTION_MOST_QUERIES ? ATTENTION_QUERIES : rows - first;
}

// The ranges of keys that queries i0..<i1 may see, the extra rows' first. Begins are whole panels.
INLINE int NAME(key_ranges)(const amalgam_attention *a, size_t i0, size_t i1, size_t begin[2], size_t end[2]) {
    const size_t all = a->extra + a->keys, from = a->offset + i0, to = a->offset + i1;
    begin[0] = 0, end[0] = all;
    if (!NAME(hides)(a)) return 1;
    size_t low = a->extra + (from > a->before ? from - a->before : 0);
    size_t high = a->after < all - to ? a->extra + to + a->after : all;
    if (high > all) high = all;
    low = low / HEAD_PANEL * HEAD_PANEL;
    if (low <= a->extra) {
        end[0] = high;
        return 1;
    }
    begin[1] = low, end[1] = high > low ? high : low;
    end[0] = a->extra;
    if (a->extra) return 2;
    begin[0] = begin[1], end[0] = end[1];
    return 1;
}
INLINE size_t NAME(tile_end)(size_t begin, size_t end) {
    return end - begin > ATTENTION_MOST_KEYS ? begin + ATTENTION_KEYS : end;
}

// Rows of one head, the extra ones first, as panels of columns
INLINE void NAME(gather_panels)(float *to, const float *extra, size_t extra_rows, const float *rows_, size_t rows,
                                size_t width, size_t column, size_t head) {
    const size_t all = extra_rows + rows;
#define ROW(r) ((r) < extra_rows ? extra + (r) * width + column : rows_ + ((r) - extra_rows) * width + column)
    for (size_t r0 = 0; r0 < all; r0 += HEAD_PANEL, to += head * HEAD_PANEL)
        for (size_t part = 0; part < HEAD_PANEL; part += LANES) {
            const size_t r = r0 + part;
            size_t c = 0;
            for (; c + LANES <= head; c += LANES) {
                vf block[LANES];
                for (size_t i = 0; i < LANES; i++)
                    block[i] = r + i < all ? NAME(load)(ROW(r + i) + c) : NAME(splat)(0);
                NAME(transpose16)(block);
                for (size_t i = 0; i < LANES; i++) NAME(store)(to + (c + i) * HEAD_PANEL + part, block[i]);
            }
            for (; c < head; c++)
                for (size_t i = 0; i < LANES; i++) to[c * HEAD_PANEL + part + i] = r + i < all ? ROW(r + i)[c] : 0;
        }
#undef ROW
}

// scores [m, n] = scale · x [m, head] · (keys or values j0..<j0 + n, in panels)
INLINE void NAME(tile_scores)(float *scores, const float *x, size_t width, const float *panels, size_t head, size_t j0,
                              size_t m, size_t n, float scale) {
    NAME(head_multiply)(&(amalgam_product){
        .c = scores, .a = x, .b = panels + j0 * head, .m = m, .n = (n + LANES - 1) / LANES * LANES, .k = head,
        .c_stride = ATTENTION_MOST_KEYS, .a_stride = width, .b_stride = HEAD_PANEL, .b_panel = HEAD_PANEL * head,
        .scale = scale});
}
// to [m, hp] (+)= tile [m, n] · rows [n, hp]
INLINE void NAME(tile_mix)(float *to, const float *tile, const float *rows_, size_t hp, size_t m, size_t n, bool adds) {
    NAME(head_multiply)(&(amalgam_product){
        .c = to, .a = tile, .b = rows_, .residual = adds ? to : NULL, .m = m, .n = hp, .k = n, .c_stride = hp,
        .a_stride = ATTENTION_MOST_KEYS, .b_stride = hp, .b_panel = HEAD_PANEL, .scale = 1});
}
// to [n, hp] += tileᵀ · rows [m, hp]
INLINE void NAME(tile_spread)(float *to, const float *tile, const float *rows_, size_t hp, size_t m, size_t n) {
    NAME(head_multiply)(&(amalgam_product){
        .c = to, .a = tile, .b = rows_, .residual = to, .m = n, .n = hp, .k = m, .c_stride = hp,
        .a_stride = ATTENTION_MOST_KEYS, .b_stride = hp, .b_panel = HEAD_PANEL, .scale = 1, .transposes_a = true});
}

// Hides the keys j0..<j0 + n that query i does not see, and what stands past them: −∞.
INLINE void NAME(hide_tile_row)(float *row, const amalgam_attention *a, size_t i, size_t j0, size_t n) {
    for (size_t j = n; j % LANES; j++) row[j] = -INFINITY;
    if (!NAME(hides)(a)) return;
    const size_t own = a->extra > j0 ? a->extra - j0 : 0;  // extra rows before it are seen
    const size_t all = a->extra + a->keys, at = a->offset + i;
    size_t low = a->extra + (at > a->before ? at - a->before : 0);
    size_t high = a->after < all ? a->extra + at + a->after + 1 : all;
    low = low > j0 ? low - j0 : 0, high = high > j0 ? high - j0 : 0;
    for (size_t j = own; j < n && j < low; j++) row[j] = -INFINITY;
    for (size_t j = high > own ? high : own; j < n; j++) row[j] = -INFINITY;
}
// Whether a query of i0..<i0 + m does not see one of the keys j0..<j0 + n, or the tile has no whole vectors.
INLINE bool NAME(hides_tile)(const amalgam_attention *a, size_t i0, size_t m, size_t j0, size_t n) {
    if (n % LANES) return true;
    if (!NAME(hides)(a)) return false;
    const size_t first = a->offset + i0, last = first + m - 1;
    if (a->after < a->keys && j0 + n > a->extra + first + a->after + 1) return true;
    return last > a->before && a->extra + last - a->before > j0;
}

// Scores of a tile to e^(score − top), dropped; tops and sums [m] are brought up to date, and so is what the tiles before
// have mixed, out [m, hp].
INLINE void NAME(tile_softmax)(const NAME(tiled_head) *t, float *tile, float *tops, float *sums, float *out, size_t i0,
                               size_t m, size_t j0, size_t n, const bool hides) {
    const amalgam_attention *a = t->a;
    for (size_t i = 0; i < m; i++) {
        float *row = tile + i * ATTENTION_MOST_KEYS;
        if (hides) NAME(hide_tile_row)(row, a, i0 + i, j0, n);
        vf most = NAME(splat)(tops[i]);
        for (size_t j = 0; j < n; j += LANES) most = __builtin_elementwise_max(most, NAME(load)(row + j));
        const float top = NAME(top)(most);
        vf total = NAME(splat)(0);
        const bool drops = a->dropout.threshold;
        const uint64_t key =
            drops ? NAME(row_key)(a->dropout, NAME(head_identity)(a->identities[i0 + i], t->h)) : 0;
        for (size_t j = 0; j < n; j += LANES) {
            const vf score = NAME(load)(row + j);
            vf e = NAME(exponential)(score - top);
            if (hides) e = NAME(select)(score == -INFINITY, NAME(splat)(0), e);
            total += e;
            if (drops) e *= NAME(mask)(key, (uint32_t)(j0 + j), a->dropout);
            NAME(store)(row + j, e);
        }
        if (top != tops[i]) {
            const vf fade = NAME(exponential)(NAME(splat)(tops[i]) - top);
            for (size_t c = 0; c < t->hp; c += LANES) NAME(store)(out + i * t->hp + c, NAME(load)(out + i * t->hp + c) * fade);
            sums[i] *= fade[0];
            tops[i] = top;
        }
        sums[i] += NAME(sum)(total);
    }
}

static void NAME(attend_tiled)(const amalgam_attention *a, float *y) {
    const size_t head = a->head, width = a->heads * head, hp = (head + 15) / 16 * 16, all = a->extra + a->keys;
    const size_t group = a->heads / a->key_heads, key_width = a->key_heads * head;
    const size_t padded = (all + ATTENTION_PANEL - 1) / ATTENTION_PANEL * ATTENTION_PANEL;
    float *tile = a->scratch, *out = tile + ATTENTION_MOST_QUERIES * ATTENTION_MOST_KEYS;
    float *tops = out + ATTENTION_MOST_QUERIES * hp, *sums = tops + ATTENTION_MOST_QUERIES;
    float *kt = sums + ATTENTION_MOST_QUERIES, *vp = kt + head * padded;
    for (size_t h = a->first; h < a->first + a->count; h++) {
        const NAME(tiled_head) t = {.a = a, .h = h, .column = h * head, .width = width, .key_column = h / group * head,
                                    .key_width = key_width, .hp = hp, .all = all, .kt = kt};
        float *stats = a->kept ? a->kept + h * a->queries * (head + 2) : NULL;
        // Heads that read the same keys follow each other
        if (h == a->first || h % group == 0) {
            NAME(gather_panels)(kt, a->extra_k, a->extra, a->k, a->keys, key_width, t.key_column, head);
            NAME(gather_head)(vp, hp, a->extra_v, a->extra, a->v, a->keys, key_width, t.key_column, head);
        }
        for (size_t i0 = 0, m; i0 < a->queries; i0 += m) {
            m = NAME(block_rows)(a->queries, i0);
            for (size_t i = 0; i < m; i++) tops[i] = -INFINITY, sums[i] = 0;
            memset(out, 0, m * hp * sizeof(float));
            size_t begin[2], end[2];
            const int ranges = NAME(key_ranges)(a, i0, i0 + m, begin, end);
            for (int r = 0; r < ranges; r++)
                for (size_t j0 = begin[r], j1; j0 < end[r]; j0 = j1) {
                    j1 = NAME(tile_end)(j0, end[r]);
                    const size_t n = j1 - j0;
                    NAME(tile_scores)(tile, a->q + i0 * width + t.column, width, kt, head, j0, m, n, a->scale);
                    if (NAME(hides_tile)(a, i0, m, j0, n)) NAME(tile_softmax)(&t, tile, tops, sums, out, i0, m, j0, n, true);
                    else NAME(tile_softmax)(&t, tile, tops, sums, out, i0, m, j0, n, false);
                    NAME(tile_mix)(out, tile, vp + j0 * hp, hp, m, n, true);
                }
            for (size_t i = 0; i < m; i++) {
                const float inverse = 1.0f / sums[i];
                float *to = y + (i0 + i) * width + t.column;
                for (size_t c = 0; c < head; c += LANES)
                    NAME(store_upto)(to + c, NAME(load)(out + i * hp + c) * inverse, head - c);
                if (!stats) continue;
                stats[2 * (i0 + i)] = tops[i];
                stats[2 * (i0 + i) + 1] = inverse;
                memcpy(stats + 2 * a->queries + (i0 + i) * head, to, head * sizeof(float));
            }
        }
    }
}

// tile: scores to dropped probabilities. slopes: d(dropped probabilities) to d(scores), if they are wanted.
INLINE void NAME(tile_slopes)(const NAME(tiled_head) *t, float *tile, float *slopes, const float *stats,
                              const float *dots, size_t i0, size_t m, size_t j0, size_t n, const bool hides) {
    const amalgam_attention *a = t->a;
    for (size_t i = 0; i < m; i++) {
        float *row = tile + i * ATTENTION_MOST_KEYS, *d = slopes + i * ATTENTION_MOST_KEYS;
        if (hides) NAME(hide_tile_row)(row, a, i0 + i, j0, n);
        const float top = stats[2 * (i0 + i)], inverse = stats[2 * (i0 + i) + 1], dot = dots[i];
        const bool drops = a->dropout.threshold;
        const uint64_t key =
            drops ? NAME(row_key)(a->dropout, NAME(head_identity)(a->identities[i0 + i], t->h)) : 0;
        for (size_t j = 0; j < n; j += LANES) {
            const vf score = NAME(load)(row + j);
            vf p = NAME(exponential)(score - top) * inverse, dp = NAME(load)(d + j);
            if (hides) p = NAME(select)(score == -INFINITY, NAME(splat)(0), p);
            vf dropped = p;
            if (drops) {
                const vf mask = NAME(mask)(key, (uint32_t)(j0 + j), a->dropout);
                dropped *= mask;
                dp *= mask;
            }
            NAME(store)(row + j, dropped);
            NAME(store)(d + j, p * (dp - dot) * a->scale);
        }
    }
}

static void NAME(attend_tiled_backward)(const amalgam_attention *a, const amalgam_attention_gradients *g) {
    const size_t head = a->head, width = a->heads * head, hp = (head + 15) / 16 * 16, all = a->extra + a->keys;
    const size_t group = a->heads / a->key_heads, key_width = a->key_heads * head;
    const size_t padded = (all + ATTENTION_PANEL - 1) / ATTENTION_PANEL * ATTENTION_PANEL;
    const bool wants_v = g->dv || g->dextra_v, wants_k = g->dk || g->dextra_k;
    float *tile = a->scratch, *slopes = tile + ATTENTION_MOST_QUERIES * ATTENTION_MOST_KEYS;
    float *dots = slopes + ATTENTION_MOST_QUERIES * ATTENTION_MOST_KEYS, *q = dots + ATTENTION_MOST_QUERIES;
    float *dy = q + ATTENTION_MOST_QUERIES * hp, *dq = dy + ATTENTION_MOST_QUERIES * hp;
    float *kt = dq + ATTENTION_MOST_QUERIES * hp, *vt = kt + head * padded, *k = vt + head * padded;
    float *dk = k + all * hp, *dv = dk + all * hp;
    for (size_t h = a->first; h < a->first + a->count; h++) {
        const NAME(tiled_head) t = {.a = a, .h = h, .column = h * head, .width = width, .key_column = h / group * head,
                                    .key_width = key_width, .hp = hp, .all = all, .kt = kt};
        const float *stats = a->kept + h * a->queries * (head + 2), *y = stats + 2 * a->queries;
        // The gradients of keys and values are sums over the heads that read them
        if (h % group == 0) {
            NAME(gather_panels)(kt, a->extra_k, a->extra, a->k, a->keys, key_width, t.key_column, head);
            NAME(gather_panels)(vt, a->extra_v, a->extra, a->v, a->keys, key_width, t.key_column, head);
            if (g->dq) NAME(gather_head)(k, hp, a->extra_k, a->extra, a->k, a->keys, key_width, t.key_column, head);
            if (wants_k) memset(dk, 0, all * hp * sizeof(float));
            if (wants_v) memset(dv, 0, all * hp * sizeof(float));
        }
        for (size_t i0 = 0, m; i0 < a->queries; i0 += m) {
            m = NAME(block_rows)(a->queries, i0);
            NAME(gather_head)(q, hp, NULL, 0, a->q + i0 * width, m, width, t.column, head);
            NAME(gather_head)(dy, hp, NULL, 0, g->dy + i0 * width, m, width, t.column, head);
            // Σ_j p · d(p), with dropout too: that is y · dy
            for (size_t i = 0; i < m; i++) {
                vf dot = NAME(splat)(0);
                for (size_t c = 0; c < head; c += LANES)
                    dot = NAME(fma)(NAME(load_upto)(y + (i0 + i) * head + c, head - c), NAME(load)(dy + i * hp + c), dot);
                dots[i] = NAME(sum)(dot);
            }
            memset(dq, 0, m * hp * sizeof(float));
            size_t begin[2], end[2];
            const int ranges = NAME(key_ranges)(a, i0, i0 + m, begin, end);
            for (int r = 0; r < ranges; r++)
                for (size_t j0 = begin[r], j1; j0 < end[r]; j0 = j1) {
                    j1 = NAME(tile_end)(j0, end[r]);
                    const size_t n = j1 - j0;
                    NAME(tile_scores)(tile, q, hp, kt, head, j0, m, n, a->scale);
                    NAME(tile_scores)(slopes, dy, hp, vt, head, j0, m, n, 1);
                    if (NAME(hides_tile)(a, i0, m, j0, n)) NAME(tile_slopes)(&t, tile, slopes, stats, dots, i0, m, j0, n, true);
                    else NAME(tile_slopes)(&t, tile, slopes, stats, dots, i0, m, j0, n, false);
                    if (wants_v) NAME(tile_spread)(dv + j0 * hp, tile, dy, hp, m, n);
                    if (wants_k) NAME(tile_spread)(dk + j0 * hp, slopes, q, hp, m, n);
                    if (g->dq) NAME(tile_mix)(dq, slopes, k + j0 * hp, hp, m, n, true);
                }
            if (g->dq) NAME(scatter_head)(NULL, 0, g->dq + i0 * width, m, dq, hp, width, t.column, head, false);
        }
        if ((h + 1) % group != 0) continue;
        if (wants_k) NAME(scatter_head)(g->dextra_k, a->extra, g->dk, a->keys, dk, hp, key_width, t.key_column, head, false);
        if (wants_v) NAME(scatter_head)(g->dextra_v, a->extra, g->dv, a->keys, dv, hp, key_width, t.key_column, head, false);
    }
}

static void NAME(attend)(const amalgam_attention *a, float *y) {
    if (a->queries == 1 && a->offset && !a->kept && !a->extra && !a->dropout.threshold) NAME(attend_row)(a, y);
    else if (is_tiled(a)) NAME(attend_tiled)(a, y);
    else NAME(attend_stored)(a, y);
}
static void NAME(attend_backward)(const amalgam_attention *a, const amalgam_attention_gradients *g) {
    if (is_tiled(a)) NAME(attend_tiled_backward)(a, g);
    else NAME(attend_stored_backward)(a, g);
}
