#!/usr/bin/env bash
# Trains DeepFM with every method at every budget, and with every precision of rows, and appends one line a run to results.jsonl,
# or to unreachable.jsonl where a method cannot go as low. A run that is there already is passed over, so the script can be
# stopped and started again.
#   experiments/compression/run.sh [DATASET ...]       default: all three
set -euo pipefail
cd "$(dirname "$0")/../.."
results=experiments/compression/results.jsonl
unreachable=experiments/compression/unreachable.jsonl
touch "$results" "$unreachable"
datasets=("$@")
[[ ${#datasets[@]} -gt 0 ]] || datasets=(frappe ml-1m synthetic-1m)

failed=0

# Runs a command that ends with a result line: dataset, name, seed, folder of the run, command.
record() {
  local run=runs/compression/$1/$2-$3 errors=runs/compression/$1/$2-$3.error status=0 line
  grep -qsF "\"$run\"" "$results" && return
  grep -qsF "\"runs/compression/$1/$2\"" "$unreachable" && return
  rm -rf "$run"
  mkdir -p "$(dirname "$run")"
  line=$("${@:4}" --out "$run" --json 2>"$errors" | tail -n 1) || status=$?
  if [[ $status -eq 0 ]]; then
    printf '%s\n' "$line" >>"$results"
  elif [[ $status -eq 2 ]] && grep -q 'smallest possible' "$errors"; then
    printf '{"run":"%s","bytes":%s}\n' "runs/compression/$1/$2" "$(grep -oP 'smallest possible is \K[0-9]+' "$errors")" >>"$unreachable"
  else
    echo "$run failed with exit code $status:" >&2
    cat "$errors" >&2
    failed=1
  fi
  rm -rf "$run" "$errors"
}

train() { # dataset, seed, method, budget, precision
  record "$1" "$3-$4-$5" "$2" ./recsys train experiments/compression/deepfm.yaml --experiment "$1" --set "train.seed=$2" \
    --set "embedding.method={name: $3, budget: $4}" --set "embedding.precision=$5"
}

compress() { # dataset, seed, method, budget, precision
  local base=runs/compression/$1-$2 options=()
  [[ -e $base/current.json ]] ||
    ./recsys train experiments/compression/deepfm.yaml --experiment "$1" --set "train.seed=$2" --out "$base" --json >/dev/null 2>&1
  [[ $3 == full ]] && options=(--precision "$5") || options=(--method "$3" --budget "$4")
  [[ $3 == low_dimension ]] && options+=(--set embedding.method.projection=per_field)
  record "$1" "after-training-$3-$4-$5" "$2" ./recsys compress "$base" "${options[@]}"
}

points=("full 1 fp32" "full 1 bf16" "full 1 fp16" "full 1 int8" "full 1 int4" "full 1 int2")
for budget in 0.1 0.5 0.01; do
  for method in $(./recsys methods --json | grep -oP '"name":"\K[^"]+'); do
    [[ $method == full ]] || points+=("$method $budget fp32")
  done
done

# Methods times precision, at the same bytes.
products=()
for precision in int8 int4; do
  for method in hash qr unified robe tt_rec; do products+=("$method 0.1 $precision" "$method 0.01 $precision"); done
done

# What works without training, on the full tables.
compressed=("full 1 int8" "full 1 int4" "full 1 int2")
for budget in 0.5 0.1 0.01; do
  for method in low_dimension tt_rec dedup dpq mgqe deeplight; do compressed+=("$method $budget fp32"); done
done

for dataset in "${datasets[@]}"; do
  [[ -e prepared/$dataset/schema.json ]] || ./recsys prepare "configs/datasets/$dataset.yaml"
done

# All points with one seed before any with the next, so that what is there is comparable wherever the script is stopped.
for part in "train points" "compress compressed" "train products"; do
  read -r work name <<<"$part"
  declare -n list=$name
  for seed in 1 2 3; do
    for dataset in "${datasets[@]}"; do
      for point in "${list[@]}"; do
        read -r method budget precision <<<"$point"
        "$work" "$dataset" "$seed" "$method" "$budget" "$precision"
      done
    done
  done
done
./recsys report experiments/compression
exit "$failed"
