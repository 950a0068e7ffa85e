// libFuzzer's doors, and a count of what one input makes the program allocate.
#pragma once
#include <stddef.h>
#include <stdint.h>

// Runs the fuzzer; in libFuzzer (compiler-rt/lib/fuzzer/FuzzerDriver.cpp).
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*callback)(const uint8_t *data, size_t size));
// libFuzzer's own mutations, for a custom mutator to build on.
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

// Whether allocations are counted: Address Sanitizer's hooks are there.
int amalgam_count_allocations(void);
// Begins a count.
void amalgam_begin_count(void);
// The most bytes that lived at a time since then, beyond those that lived already.
size_t amalgam_peak_count(void);
