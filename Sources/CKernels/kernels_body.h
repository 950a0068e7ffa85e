// Included by kernels.c once for each instruction set, after vectors.h and product_body.h.

#ifndef GELU_SCALE
#define GELU_SCALE 0.70710678118654752f   // 1/√2
#define GELU_DENSITY 0.39894228040143268f // 1/√(2π)
#define GELU_TANH_SCALE 0.79788456080286536f // √(2/π)
#define GELU_TANH_CUBE 0.044715f
#endif

// e^x by Cody & Waite reduction and a degree-6 polynomial; 2 ulp on the clamped range. The clamp would make a number of
// NaN, and a diverged run would go on unseen: NaN stays NaN.
INLINE vf NAME(exponential)(vf given) {
    vf x = __builtin_elementwise_max(__builtin_elementwise_min(given, NAME(splat)(88.0f)), NAME(splat)(-87.3f));
    vf n = __builtin_elementwise_roundeven(x * 1.44269504088896341f);
    vf r = NAME(fma)(n, NAME(splat)(-0.693359375f), x);
    r = NAME(fma)(n, NAME(splat)(2.12194440e-4f), r);
    vf p = NAME(splat)(1.9875691500e-4f);
    p = NAME(fma)(p, r, NAME(splat)(1.3981999507e-3f));
    p = NAME(fma)(p, r, NAME(splat)(8.3334519073e-3f));
    p = NAME(fma)(p, r, NAME(splat)(4.1665795894e-2f));
    p = NAME(fma)(p, r, NAME(splat)(1.6666665459e-1f));
    p = NAME(fma)(p, r, NAME(splat)(5.0000001201e-1f));
    p = NAME(fma)(p, r * r, r) + 1.0f;
    vi power = (__builtin_convertvector(n, vi) + 127) << 23;
    return NAME(select)(given == given, p * (vf)power, given);
}

// erf as a rational function of degree 13 over 8 on [−4, 4], outside ±1; error below 5e-7
INLINE vf NAME(error_function)(vf x) {
    x = __builtin_elementwise_max(__builtin_elementwise_min(x, NAME(splat)(4.0f)), NAME(splat)(-4.0f));
    vf s = x * x;
    vf p = NAME(splat)(-2.72614225801306e-10f);
    p = NAME(fma)(p, s, NAME(splat)(2.77068142495902e-08f));
    p = NAME(fma)(p, s, NAME(splat)(-2.10102402082508e-06f));
    p = NAME(fma)(p, s, NAME(splat)(-5.69250639462346e-05f));
    p = NAME(fma)(p, s, NAME(splat)(-7.34990630326855e-04f));
    p = NAME(fma)(p, s, NAME(splat)(-2.95459980854025e-03f));
    p = NAME(fma)(p, s, NAME(splat)(-1.60960333262415e-02f));
    vf q = NAME(splat)(-1.45660718464996e-05f);
    q = NAME(fma)(q, s, NAME(splat)(-2.13374055278905e-04f));
    q = NAME(fma)(q, s, NAME(splat)(-1.68282697438203e-03f));
    q = NAME(fma)(q, s, NAME(splat)(-7.37332916720468e-03f));
    q = NAME(fma)(q, s, NAME(splat)(-1.42647390514189e-02f));
    return x * p / q;
}

// tanh: odd series near 0, where the quotient would cancel
INLINE vf NAME(hyperbolic_tangent)(vf x) {
    vf e = NAME(exponential)(2.0f * x), s = x * x;
    vf series = x * NAME(fma)(s, NAME(fma)(s, NAME(splat)(0.13333333f), NAME(splat)(-0.33333333f)), NAME(splat)(1));
    return NAME(select)(s < 0.003f, series, (e - 1.0f) / (e + 1.0f));
}

// Beyond ±16 the tangent is ±1 to the last bit; the cube of a large x would overflow.
INLINE vf NAME(gelu_clamp)(vf x) {
    return __builtin_elementwise_max(__builtin_elementwise_min(x, NAME(splat)(16.0f)), NAME(splat)(-16.0f));
}

// tanh(√(2/π) (x + 0.044715 x³)), of which the tanh form of GELU is made
INLINE vf NAME(gelu_tangent)(vf x) {
    return NAME(hyperbolic_tangent)(GELU_TANH_SCALE * x * NAME(fma)(GELU_TANH_CUBE * x, x, NAME(splat)(1)));
}

INLINE vf NAME(activation)(int kind, vf x) {
    switch (kind) {
    case AMALGAM_RELU: return NAME(select)(x < 0.0f, NAME(splat)(0), x);  // not max, which loses NaN
    case AMALGAM_GELU: return 0.5f * x * (1.0f + NAME(error_function)(x * GELU_SCALE));
    case AMALGAM_SWISH: return x / (1.0f + NAME(exponential)(-x));
    case AMALGAM_GELU_TANH: return 0.5f * x * (1.0f + NAME(gelu_tangent)(NAME(gelu_clamp)(x)));
    default: return NAME(hyperbolic_tangent)(x);
    }
}

INLINE vf NAME(slope)(int kind, vf x) {
    switch (kind) {
    case AMALGAM_RELU: return NAME(select)(x > 0.0f, NAME(splat)(1), NAME(splat)(0));
    case AMALGAM_GELU:
        return 0.5f * (1.0f + NAME(error_function)(x * GELU_SCALE)) +
               x * GELU_DENSITY * NAME(exponential)(-0.5f * x * x);
    case AMALGAM_SWISH: {
        vf s = 1.0f / (1.0f + NAME(exponential)(-x));
        return s * (1.0f + x * (1.0f - s));
    }
    case AMALGAM_GELU_TANH: {
        vf c = NAME(gelu_clamp)(x), t = NAME(gelu_tangent)(c);
        vf inner = GELU_TANH_SCALE * NAME(fma)(3.0f * GELU_TANH_CUBE * c, c, NAME(splat)(1));
        return 0.5f * (1.0f + t) + 0.5f * x * (1.0f - t * t) * inner;
    }
    default: {
        vf t = NAME(hyperbolic_tangent)(x);
        return 1.0f - t * t;
    }
    }
}

// The switch on `kind` must sit outside the loop: these wrappers make it a constant inside.
INLINE void NAME(activate_as)(int kind, float *y, const float *x, size_t n) {
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) NAME(store)(y + i, NAME(activation)(kind, NAME(load)(x + i)));
    if (i < n) NAME(store_some)(y + i, NAME(activation)(kind, NAME(load_some)(x + i, n - i)), n - i);
}
static void NAME(activate)(int kind, float *y, const float *x, size_t n) {
    switch (kind) {
    case AMALGAM_RELU: NAME(activate_as)(AMALGAM_RELU, y, x, n); break;
    case AMALGAM_GELU: NAME(activate_as)(AMALGAM_GELU, y, x, n); break;
    case AMALGAM_SWISH: NAME(activate_as)(AMALGAM_SWISH, y, x, n); break;
    case AMALGAM_GELU_TANH: NAME(activate_as)(AMALGAM_GELU_TANH, y, x, n); break;
    default: NAME(activate_as)(AMALGAM_TANH, y, x, n); break;
    }
}
INLINE void NAME(activate_backward_as)(int kind, float *dx, const float *dy, const float *x, size_t n, bool accumulate) {
    for (size_t i = 0; i < n; i += LANES) {
        size_t m = n - i;
        vf d = NAME(load_upto)(dy + i, m) * NAME(slope)(kind, NAME(load_upto)(x + i, m));
        if (accumulate) d += NAME(load_upto)(dx + i, m);
        NAME(store_upto)(dx + i, d, m);
    }
}
static void NAME(activate_backward)(int kind, float *dx, const float *dy, const float *x, size_t n, bool accumulate) {
    switch (kind) {
    case AMALGAM_RELU: NAME(activate_backward_as)(AMALGAM_RELU, dx, dy, x, n, accumulate); break;
    case AMALGAM_GELU: NAME(activate_backward_as)(AMALGAM_GELU, dx, dy, x, n, accumulate); break;
    case AMALGAM_SWISH: NAME(activate_backward_as)(AMALGAM_SWISH, dx, dy, x, n, accumulate); break;
    case AMALGAM_GELU_TANH: NAME(activate_backward_as)(AMALGAM_GELU_TANH, dx, dy, x, n, accumulate); break;
    default: NAME(activate_backward_as)(AMALGAM_TANH, dx, dy, x, n, accumulate); break;
    }
}

static void NAME(normalize)(float *y, float *stats, const float *x, const float *gamma, const float *beta, size_t rows,
                            size_t width, float epsilon) {
    for (size_t r = 0; r < rows; r++, x += width, y += width) {
        vf total = NAME(splat)(0);
        for (size_t c = 0; c < width; c += LANES) total += NAME(load_upto)(x + c, width - c);
        float mean = NAME(sum)(total) / (float)width;
        vf squares = NAME(splat)(0);
        for (size_t c = 0; c < width; c += LANES) {
            size_t m = width - c;
            vf d = NAME(load_upto)(x + c, m) - mean;
            if (m < LANES) d = NAME(select)((vi)(NAME(lanes)() < (vu)(uint32_t)m), d, NAME(splat)(0));
            squares = NAME(fma)(d, d, squares);
        }
        float rstd = 1.0f / sqrtf(NAME(sum)(squares) / (float)width + epsilon);
        stats[2 * r] = mean;
        stats[2 * r + 1] = rstd;
        for (size_t c = 0; c < width; c += LANES) {
            size_t m = width - c;
            vf n = (NAME(load_upto)(x + c, m) - mean) * rstd;
            vf shift = beta ? NAME(load_upto)(beta + c, m) : NAME(splat)(0);
            NAME(store_upto)(y + c, NAME(fma)(n, NAME(load_upto)(gamma + c, m), shift), m);
        }
    }
}

static void NAME(normalize_backward)(float *dx, const float *dy, const float *x, const float *stats, const float *gamma,
                                     size_t rows, size_t width, bool accumulate) {
    for (size_t r = 0; r < rows; r++, x += width, dx += width, dy += width) {
        float mean = stats[2 * r], rstd = stats[2 * r + 1];
        vf sum_g = NAME(splat)(0), sum_gn = NAME(splat)(0);
        for (size_t c = 0; c < width; c += LANES) {
            size_t m = width - c;
            vf g = NAME(load_upto)(dy + c, m) * NAME(load_upto)(gamma + c, m);
            vf n = (NAME(load_upto)(x + c, m) - mean) * rstd;
            sum_g += g;
            sum_gn = NAME(fma)(g, n, sum_gn);
        }
        float g_mean = NAME(sum)(sum_g) / (float)width, gn_mean = NAME(sum)(sum_gn) / (float)width;
        for (size_t c = 0; c < width; c += LANES) {
            size_t m = width - c;
            vf g = NAME(load_upto)(dy + c, m) * NAME(load_upto)(gamma + c, m);
            vf n = (NAME(load_upto)(x + c, m) - mean) * rstd;
            vf d = (g - g_mean - n * gn_mean) * rstd;
            if (accumulate) d += NAME(load_upto)(dx + c, m);
            NAME(store_upto)(dx + c, d, m);
        }
    }
}

static void NAME(normalize_parameters)(float *dgamma, float *dbeta, const float *dy, const float *x, const float *stats,
                                       size_t rows, size_t width) {
    for (size_t r = 0; r < rows; r++, x += width, dy += width) {
        float mean = stats[2 * r], rstd = stats[2 * r + 1];
        for (size_t c = 0; c < width; c += LANES) {
            size_t m = width - c;
            vf d = NAME(load_upto)(dy + c, m);
            if (dbeta) NAME(store_upto)(dbeta + c, NAME(load_upto)(dbeta + c, m) + d, m);
            if (dgamma) {
                vf n = (NAME(load_upto)(x + c, m) - mean) * rstd;
                NAME(store_upto)(dgamma + c, NAME(fma)(d, n, NAME(load_upto)(dgamma + c, m)), m);
            }
        }
    }
}

// Norms by the root of the mean square (Zhang & Sennrich 2019)
static void NAME(scale_rows)(float *y, float *scales, const float *x, const float *gamma, size_t rows, size_t width,
                             float epsilon) {
    for (size_t r = 0; r < rows; r++, x += width, y += width) {
        vf squares = NAME(splat)(0);
        for (size_t c = 0; c < width; c += LANES) {
            const vf v = NAME(load_upto)(x + c, width - c);
            squares = NAME(fma)(v, v, squares);
        }
        scales[r] = 1.0f / sqrtf(NAME(sum)(squares) / (float)width + epsilon);
        for (size_t c = 0; c < width; c += LANES) {
            const size_t m = width - c;
            NAME(store_upto)(y + c, NAME(load_upto)(x + c, m) * scales[r] * NAME(load_upto)(gamma + c, m), m);
        }
    }
}

static void NAME(scale_rows_backward)(float *dx, const float *dy, const float *x, const float *scales,
                                      const float *gamma, size_t rows, size_t width, bool accumulate) {
    for (size_t r = 0; r < rows; r++, x += width, dx += width, dy += width) {
        const float scale = scales[r];
        vf sum = NAME(splat)(0);
        for (size_t c = 0; c < width; c += LANES) {
            const size_t m = width - c;
            sum = NAME(fma)(NAME(load_upto)(dy + c, m) * NAME(load_upto)(gamma + c, m), NAME(load_upto)(x + c, m), sum);
        }
        const float mean = NAME(sum)(sum) * scale * scale / (float)width;
        for (size_t c = 0; c < width; c += LANES) {
            const size_t m = width - c;
            const vf g = NAME(load_upto)(dy + c, m) * NAME(load_upto)(gamma + c, m);
            vf d = (g - NAME(load_upto)(x + c, m) * mean) * scale;
            if (accumulate) d += NAME(load_upto)(dx + c, m);
            NAME(store_upto)(dx + c, d, m);
        }
    }
}

static void NAME(scale_rows_parameters)(float *dgamma, const float *dy, const float *x, const float *scales,
                                        size_t rows, size_t width) {
    for (size_t r = 0; r < rows; r++, x += width, dy += width)
        for (size_t c = 0; c < width; c += LANES) {
            const size_t m = width - c;
            const vf n = NAME(load_upto)(x + c, m) * scales[r];
            NAME(store_upto)(dgamma + c, NAME(fma)(NAME(load_upto)(dy + c, m), n, NAME(load_upto)(dgamma + c, m)), m);
        }
}

static void NAME(fill_rows)(float *y, const float *bias, const float *source, size_t rows, size_t width) {
    for (size_t r = 0; r < rows; r++, y += width) {
        const float *from = source ? source + r * width : NULL;
        if (!bias) memcpy(y, from, width * sizeof(float));
        else if (!from) memcpy(y, bias, width * sizeof(float));
        else
            for (size_t c = 0; c < width; c++) y[c] = from[c] + bias[c];
    }
}

static void NAME(add)(float *y, const float *x, size_t n, float scale, bool accumulate) {
    if (accumulate)
        for (size_t i = 0; i < n; i++) y[i] += scale * x[i];
    else
        for (size_t i = 0; i < n; i++) y[i] = scale * x[i];
}

static void NAME(multiply_rows)(float *y, const float *x, const float *factors, size_t rows, size_t width,
                                bool accumulate) {
    for (size_t r = 0; r < rows; r++, y += width, x += width) {
        if (accumulate)
            for (size_t c = 0; c < width; c++) y[c] += x[c] * factors[c];
        else
            for (size_t c = 0; c < width; c++) y[c] = x[c] * factors[c];
    }
}

static void NAME(column_sums)(float *sums, const float *x, const float *other, size_t rows, size_t width) {
    for (size_t r = 0; r < rows; r++, x += width) {
        if (other) {
            const float *o = other + r * width;
            for (size_t c = 0; c < width; c++) sums[c] += x[c] * o[c];
        } else {
            for (size_t c = 0; c < width; c++) sums[c] += x[c];
        }
    }
}

// 16 columns of a dropout mask: scale where kept, 0 where dropped (lowbias32 hash of the column under the row's key)
INLINE vf NAME(mask)(uint64_t row_key, uint32_t column, amalgam_dropout dropout) {
    vu x = (uint32_t)row_key + (NAME(lanes)() + column) * 0x9E3779B9u;
    x ^= x >> 16;
    x *= 0x7feb352du;
    x ^= x >> 15;
    x *= 0x846ca68bu;
    x ^= x >> 16;
    x ^= (uint32_t)(row_key >> 32);
    return NAME(select)((vi)(x < (vu)dropout.threshold), NAME(splat)(0), NAME(splat)(dropout.scale));
}
INLINE uint64_t NAME(row_key)(amalgam_dropout dropout, uint64_t identity) {
    return amalgam_mix(dropout.key ^ amalgam_mix(identity + 0x9E3779B97F4A7C15ull));
}

static void NAME(drop_rows)(float *y, const float *x, const float *residual, const uint64_t *identities, size_t rows,
                            size_t width, amalgam_dropout dropout, bool accumulate) {
    for (size_t r = 0; r < rows; r++, x += width, y += width) {
        uint64_t key = dropout.threshold ? NAME(row_key)(dropout, identities[r]) : 0;
        const float *plus = residual ? residual + r * width : NULL;
        for (size_t c = 0; c < width; c += LANES) {
            size_t m = width - c;
            vf v = NAME(load_upto)(x + c, m);
            if (dropout.threshold) v *= NAME(mask)(key, (uint32_t)c, dropout);
            if (plus) v += NAME(load_upto)(plus + c, m);
            if (accumulate) v += NAME(load_upto)(y + c, m);
            NAME(store_upto)(y + c, v, m);
        }
    }
}

static void NAME(softmax)(float *x, size_t n) {
    float top = x[0];
    for (size_t i = 1; i < n; i++) top = x[i] > top ? x[i] : top;
    vf total = NAME(splat)(0);
    for (size_t i = 0; i < n; i += LANES) {
        size_t m = n - i;
        vf e = NAME(exponential)(NAME(load_upto)(x + i, m) - top);
        if (m < LANES) e = NAME(select)((vi)(NAME(lanes)() < (vu)(uint32_t)m), e, NAME(splat)(0));
        total += e;
        NAME(store_upto)(x + i, e, m);
    }
    float inverse = 1.0f / NAME(sum)(total);
    for (size_t i = 0; i < n; i++) x[i] *= inverse;
}

static void NAME(adamw)(float *p, const float *g, float *m, float *v, size_t n, float gradient_scale, float rate,
                        float beta1, float beta2, float epsilon, float decay, float c1, float c2) {
    float step = rate / c1, root = 1.0f / sqrtf(c2), keep = 1.0f - rate * decay;
    for (size_t i = 0; i < n; i += LANES) {
        size_t r = n - i;
        vf gv = NAME(load_upto)(g + i, r) * gradient_scale, mv = NAME(load_upto)(m + i, r), vv = NAME(load_upto)(v + i, r);
        mv = beta1 * mv + (1.0f - beta1) * gv;
        vv = beta2 * vv + (1.0f - beta2) * gv * gv;
        vf pv = NAME(load_upto)(p + i, r) * keep - step * mv / (__builtin_elementwise_sqrt(vv) * root + epsilon);
        NAME(store_upto)(m + i, mv, r);
        NAME(store_upto)(v + i, vv, r);
        NAME(store_upto)(p + i, pv, r);
    }
}

static double NAME(sum_of_squares)(const float *x, size_t n) {
    double total[8] = {0};
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (int j = 0; j < 8; j++) total[j] += (double)x[i + j] * (double)x[i + j];
    for (; i < n; i++) total[0] += (double)x[i] * (double)x[i];
    return ((total[0] + total[1]) + (total[2] + total[3])) + ((total[4] + total[5]) + (total[6] + total[7]));
}

INLINE float NAME(dot)(const float *a, const float *b, size_t n) {
    vf total = NAME(splat)(0);
    for (size_t i = 0; i < n; i += LANES)
        total = NAME(fma)(NAME(load_upto)(a + i, n - i), NAME(load_upto)(b + i, n - i), total);
    return NAME(sum)(total);
}

static void NAME(dot_rows)(float *y, const float *x, const float *row, size_t rows, size_t n) {
    for (size_t r = 0; r < rows; r++) y[r] = NAME(dot)(x + r * n, row, n);
}

// One mask value of a row: what NAME(mask) gives in that column
INLINE float NAME(mask_at)(uint64_t key, uint32_t column, amalgam_dropout dropout) {
    if (!dropout.threshold) return 1.0f;
    float lanes[LANES];
    NAME(store)(lanes, NAME(mask)(key, column, dropout));
    return lanes[0];
}

// w [rows, Z + N]: the query seen through each adapter's up matrix (Z columns) and bias (N); z [rows, Z]: the narrow
// activations, adapter n's in columns starts[n]..<starts[n+1]; Z = starts[N].
// score n = w_n · z_n + w_{Z+n} + query_bias, dropped, / temperature; p = softmax; a = (p_n z_n …, p)
static void NAME(fusion_mix)(float *a, float *p, const float *w, const float *z, const uint64_t *identities,
                             const int32_t *starts, size_t adapters, size_t rows, const float *query_bias,
                             float temperature, amalgam_dropout dropout) {
    size_t Z = (size_t)starts[adapters], W = Z + adapters;
    for (size_t r = 0; r < rows; r++, a += W, w += W, z += Z, p += adapters) {
        uint64_t key = dropout.threshold ? NAME(row_key)(dropout, identities[r]) : 0;
        for (size_t n = 0; n < adapters; n++) {
            size_t s = (size_t)starts[n], e = (size_t)starts[n + 1];
            float score = NAME(dot)(w + s, z + s, e - s) + w[Z + n] + (query_bias ? query_bias[r] : 0);
            p[n] = score * NAME(mask_at)(key, (uint32_t)n, dropout) / temperature;
        }
        NAME(softmax)(p, adapters);
        for (size_t n = 0; n < adapters; n++) {
            for (size_t c = (size_t)starts[n]; c < (size_t)starts[n + 1]; c++) a[c] = p[n] * z[c];
            a[Z + n] = p[n];
        }
    }
}

static void NAME(fusion_mix_backward)(float *dw, float *dz, bool accumulate_dz, float *dquery_bias, const float *da,
                                      const float *p, const float *w, const float *z, const uint64_t *identities,
                                      const int32_t *starts, size_t adapters, size_t rows, float temperature,
                                      amalgam_dropout dropout) {
    size_t Z = (size_t)starts[adapters], W = Z + adapters;
    for (size_t r = 0; r < rows; r++, dw += W, da += W, w += W, z += Z, p += adapters) {
        uint64_t key = dropout.threshold ? NAME(row_key)(dropout, identities[r]) : 0;
        float mean = 0, bias = 0;
        // dp sits in dw's bias columns until ds replaces it
        for (size_t n = 0; n < adapters; n++) {
            size_t s = (size_t)starts[n], e = (size_t)starts[n + 1];
            float dp = NAME(dot)(da + s, z + s, e - s) + da[Z + n];
            dw[Z + n] = dp;
            mean += p[n] * dp;
        }
        for (size_t n = 0; n < adapters; n++) {
            float ds = p[n] * (dw[Z + n] - mean) * NAME(mask_at)(key, (uint32_t)n, dropout) / temperature;
            dw[Z + n] = ds;
            bias += ds;
            for (size_t c = (size_t)starts[n]; c < (size_t)starts[n + 1]; c++) {
                dw[c] = ds * z[c];
                if (dz) dz[c] = (accumulate_dz ? dz[c] : 0) + p[n] * da[c] + ds * w[c];
            }
        }
        if (dquery_bias) dquery_bias[r] = bias;
        if (dz) dz += Z;
    }
}
