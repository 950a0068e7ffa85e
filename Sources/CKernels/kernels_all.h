// All kernels for one instruction set: SUFFIX, TILE_ROWS and TILE_VECTORS are set, and unset at the end.

#define NAME(x) JOIN(x, SUFFIX)
#include "vectors.h"
#ifdef NO_PRODUCT
#define PRODUCT NULL
#define PACK NULL
#define PRODUCT_PANEL 0
#else
#include "product_body.h"
#define PRODUCT NAME(multiply)
#define PACK NAME(pack)
#define PRODUCT_PANEL (LANES * TILE_VECTORS)
#endif
#include "quantized_body.h"
#include "kernels_body.h"
#include "gated_body.h"
#include "attention_body.h"
#include "tiled_attention_body.h"
#include "table_body.h"

#undef NAME
#undef PRODUCT
#undef PACK
#undef PRODUCT_PANEL
#undef MULTIPLY_BLOCKS
#undef BLOCK_PANEL
#undef HEAD_PANEL
#undef SUFFIX
#undef TILE_ROWS
#undef TILE_VECTORS
