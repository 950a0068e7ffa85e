// Included by kernels.c once for each instruction set, after kernels_body.h: rotary positions and gated activations.

static void NAME(rotate)(float *y, const float *x, const float *table, const int32_t *positions, size_t rows,
                         size_t heads, size_t head, bool inverse, bool accumulate) {
    const size_t half = head / 2;
    const float sign = inverse ? -1.0f : 1.0f;
    for (size_t r = 0; r < rows; r++) {
        const float *cosines = table + (size_t)positions[r] * head, *sines = cosines + half;
        for (size_t h = 0; h < heads; h++, x += head, y += head)
            for (size_t c = 0; c < half; c += LANES) {
                const size_t m = half - c;
                const vf cosine = NAME(load_upto)(cosines + c, m), sine = sign * NAME(load_upto)(sines + c, m);
                const vf a = NAME(load_upto)(x + c, m), b = NAME(load_upto)(x + half + c, m);
                vf first = a * cosine - b * sine, second = b * cosine + a * sine;
                if (accumulate) {
                    first += NAME(load_upto)(y + c, m);
                    second += NAME(load_upto)(y + half + c, m);
                }
                NAME(store_upto)(y + c, first, m);
                NAME(store_upto)(y + half + c, second, m);
            }
    }
}

INLINE void NAME(gate_as)(int kind, float *y, const float *a, const float *b, size_t stride, size_t rows, size_t width) {
    for (size_t r = 0; r < rows; r++, y += width, a += stride, b += stride)
        for (size_t c = 0; c < width; c += LANES) {
            const size_t m = width - c;
            NAME(store_upto)(y + c, NAME(activation)(kind, NAME(load_upto)(a + c, m)) * NAME(load_upto)(b + c, m), m);
        }
}
INLINE void NAME(gate_backward_as)(int kind, float *da, float *db, const float *dy, const float *a, const float *b,
                                   size_t stride, size_t rows, size_t width, bool adds_a, bool adds_b) {
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < width; c += LANES) {
            const size_t m = width - c, at = r * stride + c;
            const vf d = NAME(load_upto)(dy + r * width + c, m), input = NAME(load_upto)(a + at, m);
            if (da) {
                vf inner = d * NAME(load_upto)(b + at, m) * NAME(slope)(kind, input);
                if (adds_a) inner += NAME(load_upto)(da + at, m);
                NAME(store_upto)(da + at, inner, m);
            }
            if (db) {
                vf gate = d * NAME(activation)(kind, input);
                if (adds_b) gate += NAME(load_upto)(db + at, m);
                NAME(store_upto)(db + at, gate, m);
            }
        }
}
// As with `activate`, the switch sits outside the loops
#define EACH_KIND(call)                                                                                               \
    switch (kind) {                                                                                                   \
    case AMALGAM_RELU: call(AMALGAM_RELU); break;                                                                     \
    case AMALGAM_GELU: call(AMALGAM_GELU); break;                                                                     \
    case AMALGAM_SWISH: call(AMALGAM_SWISH); break;                                                                   \
    case AMALGAM_GELU_TANH: call(AMALGAM_GELU_TANH); break;                                                           \
    default: call(AMALGAM_TANH); break;                                                                               \
    }
static void NAME(gate)(int kind, float *y, const float *a, const float *b, size_t stride, size_t rows, size_t width) {
#define CALL(kind) NAME(gate_as)(kind, y, a, b, stride, rows, width)
    EACH_KIND(CALL)
#undef CALL
}
static void NAME(gate_backward)(int kind, float *da, float *db, const float *dy, const float *a, const float *b,
                                size_t stride, size_t rows, size_t width, bool adds_a, bool adds_b) {
#define CALL(kind) NAME(gate_backward_as)(kind, da, db, dy, a, b, stride, rows, width, adds_a, adds_b)
    EACH_KIND(CALL)
#undef CALL
}
#undef EACH_KIND
