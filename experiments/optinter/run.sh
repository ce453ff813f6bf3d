#!/usr/bin/env bash
# Trains OptInter and its peers with 5 seeds and appends one line a run to results.jsonl. A run that is there already is passed over.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=experiments/optinter
touch $here/results.jsonl
[[ -e prepared/synthetic-pairs/schema.json ]] || ./recsys prepare configs/datasets/synthetic-pairs.yaml
for seed in 1 2 3 4 5; do
  for model in optinter deepfm fm lr wide_deep; do
    run=runs/optinter/$model-$seed
    grep -qF "\"$run\"" $here/results.jsonl && continue
    rm -rf "$run"
    ./recsys train $here/models.yaml --experiment "$model" --out "$run" --json --set "train.seed=$seed" 2>/dev/null | tail -n 1 >>$here/results.jsonl
    rm -rf "$run"
  done
done
./recsys report $here
