// Included by kernels.c once for each instruction set, after kernels_body.h: attention over the heads of one sequence.

// Products of one head's matrices: n is whole vectors, and b is readable for a panel past its end. head_product: c[m, n] =
// scale · Σ_k a[i·row + k·column] b[k, n]; `row` or `column` is 1. head_sum adds it to c if asked.
#ifdef NO_PRODUCT
#define HEAD_PANEL LANES
static void NAME(head_multiply)(const amalgam_product *p) {
    const size_t row = p->transposes_a ? 1 : p->a_stride, column = p->transposes_a ? p->a_stride : 1;
    for (size_t i = 0; i < p->m; i++)
        for (size_t j = 0; j < p->n; j += LANES) {
            const float *b = p->b + j / LANES * p->b_panel;
            float *c = p->c + i * p->c_stride + j;
            vf sum = NAME(splat)(0);
            for (size_t t = 0; t < p->k; t++) sum += p->a[i * row + t * column] * NAME(load)(b + t * p->b_stride);
            sum *= p->scale;
            if (p->residual) sum += NAME(load)(p->residual + i * p->c_stride + j);
            NAME(store)(c, sum);
        }
}
#else
#define HEAD_PANEL PRODUCT_PANEL
INLINE void NAME(head_multiply)(const amalgam_product *p) { NAME(multiply)(p); }
#endif
INLINE void NAME(head_sum)(float *c, size_t ldc, const float *a, size_t row, size_t column, const float *b, size_t ldb,
                           size_t m, size_t n, size_t k, float scale, bool adds) {
    NAME(head_multiply)(&(amalgam_product){
        .c = c, .a = a, .b = b, .residual = adds ? c : NULL, .m = m, .n = n, .k = k, .c_stride = ldc,
        .a_stride = column == 1 ? row : column, .b_stride = ldb, .b_panel = HEAD_PANEL, .scale = scale,
        .transposes_a = column != 1});
}
INLINE void NAME(head_product)(float *c, size_t ldc, const float *a, size_t row, size_t column, const float *b, size_t ldb,
                               size_t m, size_t n, size_t k, float scale) {
    NAME(head_sum)(c, ldc, a, row, column, b, ldb, m, n, k, scale, false);
}

// Rows of one head (the extra ones first) into `to` with padded rows, zeros in the padding
INLINE void NAME(gather_head)(float *to, size_t ld, const float *extra, size_t extra_rows, const float *rows_,
                              size_t rows, size_t width, size_t column, size_t head) {
    for (size_t r = 0; r < extra_rows + rows; r++) {
        const float *from = (r < extra_rows ? extra + r * width : rows_ + (r - extra_rows) * width) + column;
        memcpy(to + r * ld, from, head * sizeof(float));
        for (size_t c = head; c < ld; c++) to[r * ld + c] = 0;
    }
}

// 16 rows to 16 columns, in four rounds of swapped halves
INLINE void NAME(transpose16)(vf r[LANES]) {
#define ROUND(step, first, second)                                                                                    \
    _Pragma("clang loop unroll(full)") for (int i = 0; i < LANES; i++) if (!(i & step)) {                             \
        vf a = r[i], b = r[i + step];                                                                                 \
        r[i] = __builtin_shufflevector(a, b, first);                                                                  \
        r[i + step] = __builtin_shufflevector(a, b, second);                                                          \
    }
#define FIRST8 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23
#define SECOND8 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31
#define FIRST4 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27
#define SECOND4 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31
#define FIRST2 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29
#define SECOND2 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31
#define FIRST1 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30
#define SECOND1 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31
    ROUND(8, FIRST8, SECOND8)
    ROUND(4, FIRST4, SECOND4)
    ROUND(2, FIRST2, SECOND2)
    ROUND(1, FIRST1, SECOND1)
#undef ROUND
#undef FIRST8
#undef SECOND8
#undef FIRST4
#undef SECOND4
#undef FIRST2
#undef SECOND2
#undef FIRST1
#undef SECOND1
}

// The same rows as columns: to [head, ld], zeros past the last
INLINE void NAME(gather_head_transposed)(float *to, size_t ld, const float *extra, size_t extra_rows,
                                         const float *rows_, size_t rows, size_t width, size_t column, size_t head) {
    if (!extra_rows && head % LANES == 0) {
        for (size_t r = 0; r < ld; r += LANES)
            for (size_t c = 0; c < head; c += LANES) {
                vf block[LANES];
                for (size_t i = 0; i < LANES; i++)
                    block[i] = r + i < rows ? NAME(load)(rows_ + (r + i) * width + column + c) : NAME(splat)(0);
                NAME(transpose16)(block);
                for (size_t i = 0; i < LANES; i++) NAME(store)(to + (c + i) * ld + r, block[i]);
            }
        return;
    }
    size_t all = extra_rows + rows;
    for (size_t c = 0; c < head; c++) {
        for (size_t r = 0; r < extra_rows; r++) to[c * ld + r] = extra[r * width + column + c];
        for (size_t r = 0; r < rows; r++) to[c * ld + extra_rows + r] = rows_[r * width + column + c];
        for (size_t r = all; r < ld; r++) to[c * ld + r] = 0;
    }
}
INLINE void NAME(scatter_head)(float *extra, size_t extra_rows, float *rows_, size_t rows, const float *from, size_t ld,
                               size_t width, size_t column, size_t head, bool adds) {
    for (size_t r = 0; r < extra_rows + rows; r++) {
        float *to = r < extra_rows ? (extra ? extra + r * width : NULL) : (rows_ ? rows_ + (r - extra_rows) * width : NULL);
        if (!to) continue;
        if (!adds) memcpy(to + column, from + r * ld, head * sizeof(float));
        else for (size_t c = 0; c < head; c++) to[column + c] += from[r * ld + c];
    }
}

// Softmax of the first n of a row of whole vectors; zeros past them. `to` may be `from`.
INLINE void NAME(softmax_row)(float *to, const float *from, size_t n) {
    const size_t whole = n / LANES * LANES;
    const vi rest = (vi)(NAME(lanes)() < (vu)(uint32_t)(n - whole));
    vf most = NAME(splat)(-INFINITY), last = most;
    for (size_t j = 0; j < whole; j += LANES) most = __builtin_elementwise_max(most, NAME(load)(from + j));
    if (whole < n) {
        last = NAME(select)(rest, NAME(load)(from + whole), last);
        most = __builtin_elementwise_max(most, last);
    }
    const float top = NAME(top)(most);
    vf total = NAME(splat)(0);
    for (size_t j = 0; j < whole; j += LANES) {
        vf e = NAME(exponential)(NAME(load)(from + j) - top);
        total += e;
        NAME(store)(to + j, e);
    }
    if (whole < n) {
        last = NAME(select)(rest, NAME(exponential)(last - top), NAME(splat)(0));
        total += last;
    }
    const float inverse = 1.0f / NAME(sum)(total);
    for (size_t j = 0; j < whole; j += LANES) NAME(store)(to + j, NAME(load)(to + j) * inverse);
    if (whole < n) NAME(store)(to + whole, last * inverse);
}
INLINE uint64_t NAME(head_identity)(uint64_t identity, size_t head) { return identity * 4096 + head + 1; }

// Some of the keys are hidden from some of the queries.
INLINE bool NAME(hides)(const amalgam_attention *a) {
    const size_t most = a->keys > a->offset + a->queries ? a->keys : a->offset + a->queries;
    return a->before < most || a->after < most;
}
// Hidden keys of a row of scores get `value`; a query sees every extra row.
INLINE void NAME(hide_row)(float *row, const amalgam_attention *a, size_t query, float value) {
    const size_t at = a->offset + query, first = at > a->before ? at - a->before : 0;
    for (size_t j = 0; j < first && j < a->keys; j++) row[a->extra + j] = value;
    if (a->after >= a->keys) return;
    for (size_t j = at + a->after + 1; j < a->keys; j++) row[a->extra + j] = value;
}

// Short texts: the probabilities stand in memory from forward to backward.
static void NAME(attend_stored)(const amalgam_attention *a, float *y) {
    const size_t queries = a->queries, extra = a->extra, head = a->head, width = a->heads * head;
    const size_t group = a->heads / a->key_heads, key_width = a->key_heads * head;
    const size_t hp = (head + 15) / 16 * 16, all = extra + a->keys, kp = (all + 15) / 16 * 16;
    const amalgam_dropout dropout = a->dropout;
    const bool hides = NAME(hides)(a);
    // A head of whole panels is read and written where it lies
    const bool direct = !extra && head % 32 == 0;
    float *kt = a->scratch, *vp = kt + head * kp, *scores = vp + all * hp, *out = scores + queries * kp;
    for (size_t h = a->first; h < a->first + a->count; h++) {
        const size_t column = h * head, key_column = h / group * head;
        // Heads that read the same keys follow each other
        const bool gathers = h == a->first || h % group == 0;
        if (gathers) NAME(gather_head_transposed)(kt, kp, a->extra_k, extra, a->k, a->keys, key_width, key_column, head);
        NAME(head_product)(scores, kp, a->q + column, width, 1, kt, kp, queries, kp, head, a->scale);
        float *kept = a->kept ? a->kept + h * queries * kp : scores;
        for (size_t i = 0; i < queries; i++) {
            float *row = scores + i * kp, *p = kept + i * kp;
            if (hides) NAME(hide_row)(row, a, i, -INFINITY);
            NAME(softmax_row)(p, row, all);
            if (hides) NAME(hide_row)(p, a, i, 0);
            if (dropout.threshold) {
                uint64_t key = NAME(row_key)(dropout, NAME(head_identity)(a->identities[i], h));
                for (size_t j = 0; j < kp; j += LANES)
                    NAME(store)(row + j, NAME(load)(p + j) * NAME(mask)(key, (uint32_t)j, dropout));
            }
        }
        const float *mixed = dropout.threshold ? scores : kept;
        if (direct) {
            NAME(head_product)(y + column, width, mixed, kp, 1, a->v + key_column, key_width, queries, head, all, 1);
        } else {
            if (gathers) NAME(gather_head)(vp, hp, a->extra_v, extra, a->v, a->keys, key_width, key_column, head);
            NAME(head_product)(out, hp, mixed, kp, 1, vp, hp, queries, hp, all, 1);
            NAME(scatter_head)(NULL, 0, y, queries, out, hp, width, column, head, false);
        }
    }
}

static void NAME(attend_stored_backward)(const amalgam_attention *a, const amalgam_attention_gradients *g) {
    const size_t queries = a->queries, keys = a->keys, extra = a->extra, head = a->head, width = a->heads * head;
    const size_t group = a->heads / a->key_heads, key_width = a->key_heads * head;
    const size_t hp = (head + 15) / 16 * 16, all = extra + keys, kp = (all + 15) / 16 * 16;
    const amalgam_dropout dropout = a->dropout;
    const bool direct = !extra && head % 32 == 0;
    float *vt = a->scratch, *rows_ = vt + head * kp, *out = rows_ + (all > queries ? all : queries) * hp;
    float *dropped = out + (all > queries ? all : queries) * hp, *ds = dropped + queries * kp;
    for (size_t h = a->first; h < a->first + a->count; h++) {
        const size_t column = h * head, key_column = h / group * head;
        // The gradients of keys and values are sums over the heads that read them
        const bool adds = h % group != 0;
        const float *mixed = a->kept + h * queries * kp;
        if (!adds) NAME(gather_head_transposed)(vt, kp, a->extra_v, extra, a->v, keys, key_width, key_column, head);
        // ds holds d(dropped probabilities) = dy · vᵀ first, then d(scores); zeros past the keys in both
        NAME(head_product)(ds, kp, g->dy + column, width, 1, vt, kp, queries, kp, head, 1);
        for (size_t i = 0; i < queries; i++) {
            const float *p = mixed + i * kp;
            float *d = ds + i * kp, *dr = dropped + i * kp;
            vf dot = NAME(splat)(0);
            if (dropout.threshold) {
                uint64_t key = NAME(row_key)(dropout, NAME(head_identity)(a->identities[i], h));
                for (size_t j = 0; j < kp; j += LANES) {
                    vf pv = NAME(load)(p + j), mask = NAME(mask)(key, (uint32_t)j, dropout);
                    vf dv_ = NAME(load)(d + j) * mask;
                    NAME(store)(dr + j, pv * mask);
                    NAME(store)(d + j, dv_);
                    dot = NAME(fma)(pv, dv_, dot);
                }
            } else {
                for (size_t j = 0; j < kp; j += LANES) dot = NAME(fma)(NAME(load)(p + j), NAME(load)(d + j), dot);
            }
            float total = NAME(sum)(dot);
            for (size_t j = 0; j < kp; j += LANES)
                NAME(store)(d + j, NAME(load)(p + j) * (NAME(load)(d + j) - total) * a->scale);
        }
        if (dropout.threshold) mixed = dropped;
        if (direct) {
            if (g->dv)
                NAME(head_sum)(g->dv + key_column, key_width, mixed, 1, kp, g->dy + column, width, all, head, queries, 1, adds);
            if (g->dq)
                NAME(head_product)(g->dq + column, width, ds, kp, 1, a->k + key_column, key_width, queries, head, all, 1);
            if (g->dk)
                NAME(head_sum)(g->dk + key_column, key_width, ds, 1, kp, a->q + column, width, all, head, queries, 1, adds);
            continue;
        }
        if (g->dv || g->dextra_v) {
            NAME(gather_head)(rows_, hp, NULL, 0, g->dy, queries, width, column, head);
            NAME(head_product)(out, hp, mixed, 1, kp, rows_, hp, all, hp, queries, 1);
            NAME(scatter_head)(g->dextra_v, extra, g->dv, keys, out, hp, key_width, key_column, head, adds);
        }
        if (g->dq) {
            NAME(gather_head)(rows_, hp, a->extra_k, extra, a->k, keys, key_width, key_column, head);
            NAME(head_product)(out, hp, ds, kp, 1, rows_, hp, queries, hp, all, 1);
            NAME(scatter_head)(NULL, 0, g->dq, queries, out, hp, width, column, head, false);
        }
        if (g->dk || g->dextra_k) {
            NAME(gather_head)(rows_, hp, NULL, 0, a->q, queries, width, column, head);
            NAME(head_product)(out, hp, ds, 1, kp, rows_, hp, all, hp, queries, 1);
            NAME(scatter_head)(g->dextra_k, extra, g->dk, keys, out, hp, key_width, key_column, head, adds);
        }
    }
}

// One query behind cached keys: they are read where they lie, once, and nothing is gathered.
static void NAME(attend_row)(const amalgam_attention *a, float *y) {
    const size_t head = a->head, group = a->heads / a->key_heads, key_width = a->key_heads * head;
    const size_t at = a->offset, first = at > a->before ? at - a->before : 0;
    const size_t end = a->after < a->keys - at ? at + a->after + 1 : a->keys, n = end - first;
    float *p = a->scratch;
    for (size_t h = a->first; h < a->first + a->count; h++) {
        const float *q = a->q + h * head;
        const float *k = a->k + first * key_width + h / group * head, *v = a->v + first * key_width + h / group * head;
        for (size_t j = 0; j < n; j++) p[j] = NAME(dot)(q, k + j * key_width, head) * a->scale;
        NAME(softmax_row)(p, p, n);
        for (size_t c = 0; c < head; c += LANES) {
            const size_t m = head - c;
            vf sum = NAME(splat)(0);
            for (size_t j = 0; j < n; j++) sum = NAME(fma)(NAME(splat)(p[j]), NAME(load_upto)(v + j * key_width + c, m), sum);
            NAME(store_upto)(y + h * head + c, sum, m);
        }
    }
}
