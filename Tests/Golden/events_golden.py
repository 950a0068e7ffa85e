#!/usr/bin/env python3
"""Writes the event file that EventRecordTests compares byte by byte: the same records by TensorBoard's own classes.

    events_golden.py --seed 1 --out Tests/Golden/events

Needs tensorboard 2.20.0 (any 2.x gives the same bytes).
"""
import argparse
import json
import os
import random

from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2, tensor_shape_pb2, types_pb2
from tensorboard.summary.writer.record_writer import RecordWriter

parser = argparse.ArgumentParser()
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--out", required=True)
arguments = parser.parse_args()
os.makedirs(arguments.out, exist_ok=True)
draw = random.Random(arguments.seed)

text = "    {\"epochs\":3}\nzwei Zeilen: größer 日本 " + "x" * draw.randrange(100, 200)
steps = []
for step in sorted(draw.sample(range(1, 1 << 40), 5)) + [1 << 62]:
    values = [[f"dev/task {i}/größe", draw.uniform(-1e6, 1e6)] for i in range(draw.randrange(1, 4))]
    steps.append({"time": draw.uniform(0, 2e9), "step": step, "values": values})

events = [event_pb2.Event(wall_time=12.5, file_version="brain.Event:2")]
shape = tensor_shape_pb2.TensorShapeProto(dim=[tensor_shape_pb2.TensorShapeProto.Dim(size=1)])
tensor = tensor_pb2.TensorProto(dtype=types_pb2.DT_STRING, tensor_shape=shape, string_val=[text.encode()])
plugin = summary_pb2.SummaryMetadata.PluginData(plugin_name="text")
value = summary_pb2.Summary.Value(
    tag="settings", tensor=tensor, metadata=summary_pb2.SummaryMetadata(plugin_data=plugin))
events.append(event_pb2.Event(wall_time=13.25, summary=summary_pb2.Summary(value=[value])))
for each in steps:
    values = [summary_pb2.Summary.Value(tag=tag, simple_value=number) for tag, number in each["values"]]
    events.append(event_pb2.Event(
        wall_time=each["time"], step=each["step"], summary=summary_pb2.Summary(value=values)))
start = event_pb2.SessionLog(status=event_pb2.SessionLog.START)
events.append(event_pb2.Event(wall_time=14, step=7, session_log=start))

with open(os.path.join(arguments.out, "events.bin"), "wb") as file:
    writer = RecordWriter(file)
    for event in events:
        writer.write(event.SerializeToString(deterministic=True))
    writer.flush()
with open(os.path.join(arguments.out, "events.json"), "w") as file:
    json.dump({"seed": arguments.seed, "text": text, "steps": steps}, file, ensure_ascii=False, indent=1)
