"""Makes Tests/Golden/hostile/: HDF5 files behind a user block, valid for HDF5's own library and none for a bundle.

Run from anywhere: python3 Tests/Golden/hostile_golden.py
Made with Python 3.11, numpy 2.4.6, h5py 3.16.0 (HDF5 in its wheel). The tests seal them as bundles.
"""
import pathlib

import h5py
import numpy as np

out = pathlib.Path(__file__).parent / "hostile"
out.mkdir(exist_ok=True)
numbers = np.arange(6, dtype="<f4").reshape(2, 3)


def make(name, body, **options):
    with h5py.File(out / f"{name}.hdf5", "w", userblock_size=512, **options) as file:
        file.attrs["format"] = "amalgam.bundle"
        body(file)


def soft_loop(file):
    file["a"] = h5py.SoftLink("/b")
    file["b"] = h5py.SoftLink("/a")


def group_loop(file):
    group = file.create_group("members/one")
    group["up"] = file["members"]


def virtual(file):
    layout = h5py.VirtualLayout(shape=(2, 3), dtype="<f4")
    layout[:] = h5py.VirtualSource("/etc/hostname", "a", shape=(2, 3))
    file.create_virtual_dataset("a", layout)


def filtered(file):
    # A filter number that nobody has registered: 'optional', or the library would refuse to make the file.
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_chunk((1, 3))
    properties.set_filter(40000, h5py.h5z.FLAG_OPTIONAL, (7, 7))
    space = h5py.h5s.create_simple((2, 3))
    h5py.h5d.create(file.id, b"a", h5py.h5t.IEEE_F32LE, space, dcpl=properties)


def deep(file):
    group = file
    for _ in range(60):
        group = group.create_group("g")


make("external-link", lambda f: f.__setitem__("a", h5py.ExternalLink("/etc/hostname", "/a")))
make("external-data", lambda f: f.create_dataset("a", (3,), "<f4", external="/etc/hostname"))
make("soft-loop", soft_loop)
make("group-loop", group_loop)
make("hard-link", lambda f: (f.create_dataset("a", data=numbers), f.__setitem__("b", f["a"])))
# The library writes the old superblock here, too, with a layout message of a newer version.
make("virtual", virtual)
make("unknown-filter", filtered)
make("gzip", lambda f: f.create_dataset("a", data=numbers, compression="gzip"))
make("promises-2-60", lambda f: f.create_dataset("a", (1 << 60,), "u1"))
make("overflowing-shape", lambda f: f.create_dataset("a", (1 << 31, 1 << 31, 4), "u1", chunks=(1, 1, 1)))
make("deep", deep)
make("object-reference", lambda f: f.attrs.__setitem__("r", f.ref))
make("list-of-lists", lambda f: f.attrs.create("l", np.zeros((2, 2), dtype="<i8")))
