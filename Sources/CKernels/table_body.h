// Included by kernels.c once for each instruction set, last: the table of its kernels.

#define TEXT2(x) #x
#define TEXT(x) TEXT2(x)
static const amalgam_kernels NAME(kernels) = {
    .name = TEXT(SUFFIX),
    .panel = PRODUCT_PANEL,
    .multiply = PRODUCT,
    .pack = PACK,
    .block_panel = BLOCK_PANEL,
    .unpack_rows = NAME(unpack_rows),
    .unpack_panel = NAME(unpack_panel),
    .multiply_blocks = MULTIPLY_BLOCKS,
    .activate = NAME(activate),
    .activate_backward = NAME(activate_backward),
    .gate = NAME(gate),
    .gate_backward = NAME(gate_backward),
    .rotate = NAME(rotate),
    .normalize = NAME(normalize),
    .normalize_backward = NAME(normalize_backward),
    .normalize_parameters = NAME(normalize_parameters),
    .scale_rows = NAME(scale_rows),
    .scale_rows_backward = NAME(scale_rows_backward),
    .scale_rows_parameters = NAME(scale_rows_parameters),
    .fill_rows = NAME(fill_rows),
    .add = NAME(add),
    .multiply_rows = NAME(multiply_rows),
    .column_sums = NAME(column_sums),
    .drop_rows = NAME(drop_rows),
    .attend = NAME(attend),
    .attend_backward = NAME(attend_backward),
    .adamw = NAME(adamw),
    .sum_of_squares = NAME(sum_of_squares),
    .dot_rows = NAME(dot_rows),
    .softmax = NAME(softmax),
    .fusion_mix = NAME(fusion_mix),
    .fusion_mix_backward = NAME(fusion_mix_backward),
};
#undef TEXT
#undef TEXT2
