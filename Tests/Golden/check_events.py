#!/usr/bin/env python3
"""Reads event files with PyPI's tensorboard and prints what it found, as JSON: for each run its scalars and texts.

    check_events.py FOLDER

Needs tensorboard 2.x.
"""
import json
import sys

from tensorboard.backend.event_processing.event_multiplexer import EventMultiplexer

multiplexer = EventMultiplexer(size_guidance={"scalars": 0, "tensors": 0}).AddRunsFromDirectory(sys.argv[1])
multiplexer.Reload()
runs = {}
for name, tags in multiplexer.Runs().items():
    run = runs[name] = {"scalars": {}, "texts": {}}
    for tag in tags["scalars"]:
        run["scalars"][tag] = [[e.step, e.value] for e in multiplexer.Scalars(name, tag)]
    for tag in tags["tensors"]:
        events = multiplexer.Tensors(name, tag)
        if multiplexer.SummaryMetadata(name, tag).plugin_data.plugin_name == "text":
            run["texts"][tag] = [e.tensor_proto.string_val[0].decode() for e in events]
        else:
            run["scalars"][tag] = [[e.step, e.tensor_proto.float_val[0]] for e in events]
json.dump(runs, sys.stdout)
