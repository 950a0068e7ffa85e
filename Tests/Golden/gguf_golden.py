#!/usr/bin/env python3
"""Makes Tests/Golden/gguf: a GGUF file with tensors of every type that is read, and what the package `gguf` reads in it.

    pip install gguf==0.19.0 numpy safetensors
    python3 Tests/Golden/gguf_golden.py [--seed 1] [--out Tests/Golden/gguf]

Written are
  blocks.gguf         random blocks of each type, scales among them that are 0, negative, subnormal and the largest; metadata of
                      every type
  blocks.safetensors  the tensors' values as float32, under the same names
  metadata.json       the metadata by key
"""
import argparse
import json
import pathlib

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Type
from safetensors.numpy import save_file

# Places of half-precision scales within a block
SCALES = {"Q8_0": [0], "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q4_K": [0, 2], "Q6_K": [208]}
EXTREMES = [0.0, -0.0, 65504.0, -65504.0, 6e-8, -6e-8, 6.1e-5, 1.0, -0.5, 0.0007]


def blocks(generator, name, rows, columns):
    """Random bytes with scales that are numbers."""
    elements, size = gguf.GGML_QUANT_SIZES[Type[name]]
    count = rows * columns // elements
    data = generator.integers(0, 256, (count, size), dtype=np.uint8)
    for place in SCALES[name]:
        scales = generator.normal(0, 0.02, count).astype(np.float16)
        scales[:len(EXTREMES)] = generator.permutation(np.array(EXTREMES, np.float16))[:count]
        data[:, place:place + 2] = scales.view(np.uint8).reshape(count, 2)
    return data.reshape(rows, -1)


def plain(generator, name, rows, columns):
    values = generator.normal(0, 1, (rows, columns)).astype(np.float32)
    values.ravel()[:8] = [0, -0.0, 65504, -65504, 6e-8, -6.1e-5, 1e-3, 1]
    if name == "F32":
        values.ravel()[8:11] = [1e-45, -3.4028235e38, 1.1754944e-38]
        return values
    if name == "F16":
        return values.astype(np.float16)
    return (values.view(np.uint32) >> 16).astype(np.uint16).view(np.uint8).reshape(rows, -1)


def metadata(writer):
    writer.add_uint8("test.u8", 200)
    writer.add_int8("test.i8", -100)
    writer.add_uint16("test.u16", 60000)
    writer.add_int16("test.i16", -30000)
    writer.add_uint32("test.u32", 4_000_000_000)
    writer.add_int32("test.i32", -2_000_000_000)
    writer.add_float32("test.f32", 0.1)
    writer.add_bool("test.yes", True)
    writer.add_bool("test.no", False)
    writer.add_string("test.text", "e\u0301 \u65e5\u672c \U0001f600\n\"q\"")
    writer.add_uint64("test.u64", 2**63 - 1)
    writer.add_int64("test.i64", -2**63)
    writer.add_float64("test.f64", 0.1)
    kinds = gguf.GGUFValueType
    for key, kind, values in [
        ("u8", kinds.UINT8, [0, 255]), ("i8", kinds.INT8, [-128, 127]), ("u16", kinds.UINT16, [65535]),
        ("i16", kinds.INT16, [-32768, 1, 2]), ("u32", kinds.UINT32, [1, 4294967295]), ("i32", kinds.INT32, [-1, 3]),
        ("f32", kinds.FLOAT32, [0.1, -2.5]), ("bool", kinds.BOOL, [True, False, True]),
        ("texts", kinds.STRING, ["a", "", "\u0120the", "\u65e5\u672c"]), ("u64", kinds.UINT64, [5, 2**62]),
        ("i64", kinds.INT64, [-2**63, 7]), ("f64", kinds.FLOAT64, [1e300, 0.1])]:
        writer.add_key_value("test.list." + key, values, kinds.ARRAY, sub_type=kind)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", default=pathlib.Path(__file__).parent / "gguf")
    options = parser.parse_args()
    out = pathlib.Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(options.seed)
    path = out / "blocks.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    metadata(writer)
    for name in ["F32", "F16", "BF16"]:
        data = plain(generator, name, 3, 40)
        writer.add_tensor(name.lower(), data, raw_dtype=Type[name] if name == "BF16" else None)
    for name in SCALES:
        columns = 2 * gguf.GGML_QUANT_SIZES[Type[name]][0]
        writer.add_tensor(name.lower(), blocks(generator, name, 6, columns), raw_dtype=Type[name])
    writer.add_tensor("vector", generator.normal(0, 1, 5).astype(np.float32))
    writer.add_tensor("cube", generator.normal(0, 1, (2, 3, 4)).astype(np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()

    reader = gguf.GGUFReader(path)
    values = {}
    for tensor in reader.tensors:
        shape = [int(n) for n in reversed(tensor.shape)]
        values[tensor.name] = gguf.dequantize(tensor.data, tensor.tensor_type).astype(np.float32).reshape(shape)
        assert np.isfinite(values[tensor.name]).all(), tensor.name
    save_file(values, out / "blocks.safetensors", metadata={
        "seed": str(options.seed), "gguf": "0.19.0", "numpy": np.__version__})
    fields = {key: field.contents() for key, field in reader.fields.items() if not key.startswith("GGUF.")}
    (out / "metadata.json").write_text(json.dumps(fields, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
