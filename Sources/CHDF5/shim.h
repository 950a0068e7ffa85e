// HDF5 as Swift can see it: macros that call H5open() first, or cast, become functions.
#pragma once
#include <hdf5.h>
#include <string.h>

static inline unsigned amalgam_h5_truncate(void) { return H5F_ACC_TRUNC; }

// Property lists: -1 if the library fails to start.
static inline hid_t amalgam_h5_new_file_creation(void) { return H5Pcreate(H5P_FILE_CREATE); }
static inline hid_t amalgam_h5_new_file_access(void) { return H5Pcreate(H5P_FILE_ACCESS); }
static inline hid_t amalgam_h5_new_group_creation(void) { return H5Pcreate(H5P_GROUP_CREATE); }
static inline hid_t amalgam_h5_new_dataset_creation(void) { return H5Pcreate(H5P_DATASET_CREATE); }

// Types in the file, and (as every platform of ours is little-endian) in memory. The library owns these.
static inline hid_t amalgam_h5_float32(void) { return H5T_IEEE_F32LE; }
static inline hid_t amalgam_h5_float64(void) { return H5T_IEEE_F64LE; }
static inline hid_t amalgam_h5_int64(void) { return H5T_STD_I64LE; }
static inline hid_t amalgam_h5_uint16(void) { return H5T_STD_U16LE; }
static inline hid_t amalgam_h5_uint8(void) { return H5T_STD_U8LE; }

// A new type for UTF-8 strings of any length; the caller closes it.
static inline hid_t amalgam_h5_new_text(void) {
    hid_t type = H5Tcopy(H5T_C_S1);
    if (type < 0) return type;
    if (H5Tset_size(type, H5T_VARIABLE) < 0 || H5Tset_cset(type, H5T_CSET_UTF8) < 0) {
        H5Tclose(type);
        return -1;
    }
    return type;
}

// The library prints its error stack to stderr unless told not to.
static inline void amalgam_h5_silence(void) { H5Eset_auto2(H5E_DEFAULT, NULL, NULL); }

struct amalgam_h5_text {
    char bytes[256];
};

static inline herr_t amalgam_h5_first_error(unsigned depth, const H5E_error2_t *entry, void *text) {
    if (depth == 0 && entry->desc != NULL) {
        strncpy(((struct amalgam_h5_text *)text)->bytes, entry->desc, sizeof(struct amalgam_h5_text) - 1);
    }
    return 0;
}

// The innermost entry of the error stack, cut to the size of `text`; empty if there is none.
static inline void amalgam_h5_last_error(char *text, size_t capacity) {
    struct amalgam_h5_text found = {{0}};
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, amalgam_h5_first_error, &found);
    if (capacity == 0) return;
    strncpy(text, found.bytes, capacity - 1);
    text[capacity - 1] = 0;
}
