#!/usr/bin/env bash
# Trains every model with every method, budget and seed of the grid and appends one line a run to results.jsonl. A run that
# is there already is passed over, so the script can be stopped and started again.
#   experiments/first-grid/run.sh [DATASET:MODEL[:SEEDS] ...]       default: the whole grid, 3 seeds
set -euo pipefail
cd "$(dirname "$0")/../.."
results=experiments/first-grid/results.jsonl
touch "$results"

points=("full 1" "hash 0.5" "qr 0.5" "unified 0.5" "hash 0.1" "qr 0.1" "unified 0.1" "unified 1")
grid=("$@")
if [[ ${#grid[@]} -eq 0 ]]; then
  grid=(frappe:lr frappe:fm frappe:deepfm ml-1m:lr ml-1m:fm ml-1m:deepfm ml-1m:din flights-3m:lr:1 flights-3m:deepfm:1)
fi

for entry in "${grid[@]}"; do
  IFS=: read -r dataset model seeds <<<"$entry"
  [[ -e prepared/$dataset/schema.json ]] || ./recsys prepare "configs/datasets/$dataset.yaml"
  for point in "${points[@]}"; do
    read -r method budget <<<"$point"
    for ((seed = 1; seed <= ${seeds:-3}; seed++)); do
      run=runs/first-grid/$dataset-$model-$method-$budget-$seed
      grep -q "\"run\":\"$run\"" "$results" && continue
      rm -rf "$run"
      ./recsys train "configs/models/$model.yaml" --experiment "$dataset" --out "$run" --json \
        --set "embedding.method={name: $method, budget: $budget}" --set "train.seed=$seed" 2>/dev/null | tail -n 1 >>"$results"
      rm -rf "$run"
    done
  done
done
./recsys report experiments/first-grid
