#!/usr/bin/env bash
# Trains two adapters and fuses them for the smaller task. Run ./quickstart first, which creates the data.
set -euo pipefail
cd "$(dirname "$0")/.."
data=${1:-runs/quickstart/data}/tasks
amalgam=$(swift build -c release --show-bin-path)/amalgam
for task in works-with game; do
    "$amalgam" train-adapter --model minilm --task "$data/$task.yaml" --out "adapters/$task.h5" --epochs 3 --max-length 64
done
"$amalgam" fuse --model minilm --task "$data/game.yaml" --adapters adapters/works-with.h5 adapters/game.h5 \
    --out adapters/game-fusion.h5 --epochs 3 --max-length 64
"$amalgam" evaluate --model minilm --task "$data/game.yaml" --bundle adapters/game.h5
"$amalgam" evaluate --model minilm --task "$data/game.yaml" --bundle adapters/game-fusion.h5
echo "A chess program with a graphical interface" | "$amalgam" predict --model minilm --bundle adapters/game-fusion.h5
