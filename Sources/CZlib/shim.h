// zlib as Swift can see it: inflateInit2 is a macro.
#pragma once
#include <zlib.h>

// A stream that reads the gzip format.
static inline int amalgam_zlib_begin_gzip(z_stream *stream) { return inflateInit2(stream, 15 + 16); }
