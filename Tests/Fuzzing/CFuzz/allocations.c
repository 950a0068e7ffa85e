#include "CFuzz.h"

// Address Sanitizer's, absent in a build without it.
__attribute__((weak)) int __sanitizer_install_malloc_and_free_hooks(
    void (*allocated)(const volatile void *, size_t), void (*freed)(const volatile void *));
__attribute__((weak)) size_t __sanitizer_get_allocated_size(const volatile void *start);

// The readers run on one thread; the sanitizer's own threads allocate outside its heap.
static long live, peak, before;

static void allocated(const volatile void *start, size_t size) {
    (void)start;
    live += (long)size;
    if (live > peak) peak = live;
}

static void freed(const volatile void *start) {
    if (start) live -= (long)__sanitizer_get_allocated_size(start);
}

int amalgam_count_allocations(void) {
    if (!__sanitizer_install_malloc_and_free_hooks || !__sanitizer_get_allocated_size) return 0;
    return __sanitizer_install_malloc_and_free_hooks(allocated, freed) > 0;
}

void amalgam_begin_count(void) { peak = before = live; }

size_t amalgam_peak_count(void) { return peak > before ? (size_t)(peak - before) : 0; }
