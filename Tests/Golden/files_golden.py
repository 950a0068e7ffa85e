"""Makes Tests/Golden/files/: small files by the formats' own libraries, for the readers and writers of `Files`.

Run from anywhere: python3 Tests/Golden/files_golden.py [seed]
Made with Python 3.11, numpy 2.4.6, safetensors 0.8.0, h5py 3.16.0 (HDF5 in its wheel). Seed: 6.
"""
import json
import pathlib
import sys

import h5py
import numpy as np
import safetensors

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 6
rng = np.random.default_rng(seed)
out = pathlib.Path(__file__).parent / "files"
out.mkdir(exist_ok=True)


def numbers(array):
    return [float(x) for x in np.asarray(array, dtype=np.float64).ravel()]


# --- safetensors: every type that the reader converts
f32 = rng.standard_normal((3, 5)).astype("<f4")
f16 = np.array([0, -0.0, 1, -2.5, 65504, 6e-8, 6.1e-5, 0.333], dtype="<f2")
bf16 = (rng.standard_normal(7).astype("<f4").view("<u4") >> 16).astype("<u2")
f64 = rng.standard_normal((2, 1, 3)).astype("<f8")
i64 = np.array([-(2**62), -1, 0, 2**62], dtype="<i8")
i32 = np.array([[-(2**31)], [2**31 - 1]], dtype="<i4")
u8 = np.array([0, 127, 255], dtype="u1")
plain = {
    "encoder.weight": f32, "half": f16, "double": f64, "ids": i64, "small": i32, "bytes": u8,
    "ünïcode \"quoted\"\n": np.zeros((0, 4), dtype="<f4"), "scalar": np.array(1.5, dtype="<f4"),
}
types = {name: array.dtype.name for name, array in plain.items()}
plain["brain"], types["brain"] = bf16, "bfloat16"  # numpy has no such type
tensors = {
    name: safetensors.TensorSpec(
        dtype=types[name], shape=array.shape, data_ptr=array.ctypes.data, data_len=array.nbytes)
    for name, array in plain.items()
}
(out / "types.safetensors").write_bytes(safetensors.serialize(tensors, metadata={"format": "pt"}))
expected = {
    "floats": {
        "encoder.weight": numbers(f32), "half": numbers(f16), "double": numbers(f64.astype("<f4")),
        "brain": numbers((bf16.astype("<u4") << 16).view("<f4")), "scalar": [1.5],
    },
    "int64s": {"ids": i64.tolist(), "small": i32.ravel().tolist(), "bytes": u8.tolist()},
    "bits": {"half": f16.view("<u2").tolist(), "brain": bf16.tolist()},
    "double": numbers(f64),
}

# --- HDF5 as h5py writes it by default, behind a user block
with h5py.File(out / "plain.hdf5", "w", userblock_size=512) as file:
    file.attrs["text"] = "größer"
    file.attrs["bytes"] = np.bytes_("fixed")
    file.attrs["texts"] = ["a", "", "c" * 300]
    file.attrs["one"] = 1
    file.attrs["small"] = np.int8(-3)
    file.attrs["list"] = np.array([1, 2, 3], dtype="<u4")
    file.attrs["half"] = 0.5
    file.attrs["floats"] = np.array([1.5, -2], dtype="<f4")
    group = file.create_group("members/one")
    group.create_dataset("A", data=f32)
    group.create_dataset("bits", data=bf16)
    group.create_dataset("empty", shape=(0, 3), dtype="<f4")
    group.create_dataset("scalar", data=np.array(7, dtype="<i8"))
    group["A"].attrs["site"] = "afterFeedForward"
    many = file.create_group("many")
    for index in range(300):  # more than one symbol node and B-tree level
        many.create_dataset(f"t{index:03}", data=np.array([index % 256], dtype="u1"))
    for index in range(30):  # header continuations
        many.attrs[f"a{index:02}"] = index
expected["hdf5"] = {"A": numbers(f32), "bits": bf16.tolist()}

# --- what the reader refuses, each in a file of its own
def refused(name, make, **options):
    with h5py.File(out / f"refused-{name}.hdf5", "w", **options) as file:
        make(file)


refused("soft-link", lambda f: (f.create_dataset("a", data=f32), f.__setitem__("b", h5py.SoftLink("/a"))))
refused("external-link", lambda f: f.__setitem__("b", h5py.ExternalLink("other.h5", "/a")))
refused("hard-link", lambda f: (f.create_dataset("a", data=f32), f.__setitem__("b", f["a"])))
refused("circle", lambda f: f.create_group("g").__setitem__("up", f["/"]))
refused("gzip", lambda f: f.create_dataset("a", data=f32, compression="gzip"))
refused("chunked", lambda f: f.create_dataset("a", data=f32, chunks=(1, 5)))
refused("external-data", lambda f: f.create_dataset("a", (3,), "<f4", external="passwd"))
refused("big-endian", lambda f: f.create_dataset("a", data=f32.astype(">f4")))
refused("float64", lambda f: f.create_dataset("a", data=f64))
refused("compound", lambda f: f.create_dataset("a", data=np.zeros(2, dtype=[("x", "<f4"), ("y", "<i4")])))
refused("reference", lambda f: f.attrs.__setitem__("r", f.ref))
refused("named-type", lambda f: f.__setitem__("t", np.dtype("<f4")))
refused("newest", lambda f: f.create_dataset("a", data=f32), libver="latest")
refused("never-written", lambda f: f.create_dataset("a", (4,), "<f4"))

(out / "expected.json").write_text(json.dumps(expected, indent=1, sort_keys=True) + "\n")
