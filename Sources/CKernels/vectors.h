// Included by kernels.c once for each instruction set, with SUFFIX set: the vectors that all kernels are written in.

#ifndef AMALGAM_VECTOR_TYPES
#define AMALGAM_VECTOR_TYPES
typedef float vf __attribute__((ext_vector_type(16), aligned(4)));
typedef float vf8 __attribute__((ext_vector_type(8)));
typedef float vf4 __attribute__((ext_vector_type(4)));
typedef float vf2 __attribute__((ext_vector_type(2)));
typedef int32_t vi __attribute__((ext_vector_type(16), aligned(4)));
typedef uint32_t vu __attribute__((ext_vector_type(16), aligned(4)));
#define LANES 16
#define INLINE static inline __attribute__((always_inline))
#define JOIN2(a, b) a##_##b
#define JOIN(a, b) JOIN2(a, b)
#endif



INLINE vf NAME(load)(const float *p) { return *(const vf *)p; }
INLINE void NAME(store)(float *p, vf v) { *(vf *)p = v; }
INLINE vf NAME(splat)(float x) { return (vf)x; }
INLINE vu NAME(lanes)(void) { return (vu){0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}; }

INLINE vf NAME(load_some)(const float *p, size_t n) {
    float buffer[LANES] = {0};
    memcpy(buffer, p, n * sizeof(float));
    return NAME(load)(buffer);
}
INLINE void NAME(store_some)(float *p, vf v, size_t n) {
    float buffer[LANES];
    NAME(store)(buffer, v);
    memcpy(p, buffer, n * sizeof(float));
}
INLINE vf NAME(load_upto)(const float *p, size_t n) { return n >= LANES ? NAME(load)(p) : NAME(load_some)(p, n); }
INLINE void NAME(store_upto)(float *p, vf v, size_t n) {
    if (n >= LANES) NAME(store)(p, v);
    else NAME(store_some)(p, v, n);
}
INLINE float NAME(sum)(vf v) {
    vf8 a = v.lo + v.hi;
    vf4 b = a.lo + a.hi;
    vf2 c = b.lo + b.hi;
    return c.x + c.y;
}
INLINE float NAME(top)(vf v) {
    vf8 a = __builtin_elementwise_max(v.lo, v.hi);
    vf4 b = __builtin_elementwise_max(a.lo, a.hi);
    vf2 c = __builtin_elementwise_max(b.lo, b.hi);
    return c.x > c.y ? c.x : c.y;
}
INLINE vf NAME(fma)(vf a, vf b, vf c) { return __builtin_elementwise_fma(a, b, c); }
INLINE vf NAME(select)(vi mask, vf yes, vf no) { return mask ? yes : no; }
