#!/usr/bin/env bash
# DeepFM, DCN-V2 and DIN once more beside PyTorch, with the settings that the study has chosen for them and for as many epochs as its first seed was best at.
# Appends a line each to pytorch.jsonl; what is there already is passed over.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=experiments/models
touch $here/pytorch.jsonl
export OMP_NUM_THREADS=1
declare -A epochs=([frappe]=198 [amazon-beauty]=301 [ml-1m]=196)      # steps of one
for dataset in frappe amazon-beauty ml-1m; do
  for model in deepfm dcnv2 din; do
    run=$(grep -F '"event":"result"' $here/results.jsonl | grep -F "\"run\":\"$dataset-$model/full-1-1\"") || continue
    grep -qF "\"dataset\":\"$dataset\",\"model\":\"$model\"" $here/pytorch.jsonl && continue
    mapfile -t options < <(grep -o '"settings":\[[^]]*\]' <<<"$run" | grep -o '"sparse_optimizer[^"]*"' | tr -d '"' | sed 's/^/--set\n/')
    step=$(grep -o '"best_step":[0-9]*' <<<"$run" | grep -o '[0-9]*')
    ./recsys bench parity $here/pytorch.yaml --experiment "$dataset" --json --set "model={name: $model, hidden_units: [200, 80]}" "${options[@]}" \
      --set "train.epochs=$((step / epochs[$dataset]))" 2>/dev/null | tail -n 1 | sed "s/{/{\"dataset\":\"$dataset\",\"model\":\"$model\",/" >>$here/pytorch.jsonl
  done
done
