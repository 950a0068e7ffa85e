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

INLINE void NAME(gate_as)(int kind, float *y, const float *x, size_t rows, size_t width) {
    for (size_t r = 0; r < rows; r++, y += width, x += 2 * width)
        for (size_t c = 0; c < width; c += LANES) {
            const size_t m = width - c;
            NAME(store_upto)(y + c, NAME(activation)(kind, NAME(load_upto)(x + c, m)) * NAME(load_upto)(x + width + c, m), m);
        }
}
INLINE void NAME(gate_backward_as)(int kind, float *dx, const float *dy, const float *x, size_t rows, size_t width,
                                   bool accumulate) {
    for (size_t r = 0; r < rows; r++, dy += width, x += 2 * width, dx += 2 * width)
        for (size_t c = 0; c < width; c += LANES) {
            const size_t m = width - c;
            const vf d = NAME(load_upto)(dy + c, m), input = NAME(load_upto)(x + c, m);
            vf inner = d * NAME(load_upto)(x + width + c, m) * NAME(slope)(kind, input);
            vf gate = d * NAME(activation)(kind, input);
            if (accumulate) {
                inner += NAME(load_upto)(dx + c, m);
                gate += NAME(load_upto)(dx + width + c, m);
            }
            NAME(store_upto)(dx + c, inner, m);
            NAME(store_upto)(dx + width + c, gate, m);
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
static void NAME(gate)(int kind, float *y, const float *x, size_t rows, size_t width) {
#define CALL(kind) NAME(gate_as)(kind, y, x, rows, width)
    EACH_KIND(CALL)
#undef CALL
}
static void NAME(gate_backward)(int kind, float *dx, const float *dy, const float *x, size_t rows, size_t width,
                                bool accumulate) {
#define CALL(kind) NAME(gate_backward_as)(kind, dx, dy, x, rows, width, accumulate)
    EACH_KIND(CALL)
#undef CALL
}
#undef EACH_KIND
