#!/usr/bin/env bash
# Every model on every data set: rate and L2 of the embeddings are chosen on validation, of the same ones for each model, then 5 seeds are trained
# with them; then DeepFM, DCN-V2 and DIN once more beside PyTorch. tuning.jsonl gets the choices, results.jsonl the runs, pytorch.jsonl the
# comparison. What is there already is passed over, so the script can be stopped and started again.
#   experiments/models/run.sh [DATASET ...]       default: all three
set -euo pipefail
cd "$(dirname "$0")/../.."
here=experiments/models
mkdir -p runs/models
touch $here/tuning.jsonl $here/results.jsonl $here/pytorch.jsonl
datasets=("$@")
[[ ${#datasets[@]} -gt 0 ]] || datasets=(frappe amazon-beauty ml-1m)

declare -A sections=(
  [lr]="{name: lr}" [fm]="{name: fm}" [fwfm]="{name: fwfm}" [ffm]="{name: ffm}"
  [dnn]="{name: dnn, hidden_units: [200, 80]}" [wide_deep]="{name: wide_deep, hidden_units: [200, 80]}"
  [deepfm]="{name: deepfm, hidden_units: [200, 80]}" [ipnn]="{name: ipnn, hidden_units: [200, 80]}"
  [dcn]="{name: dcn, hidden_units: [200, 80]}" [dcnv2]="{name: dcnv2, hidden_units: [200, 80]}"
  [xdeepfm]="{name: xdeepfm, cin_units: [16, 16], hidden_units: [200, 80]}"
  [autoint]="{name: autoint, attention_layers: 2, attention_heads: 2, attention_dimension: 32, hidden_units: [200, 80]}"
  [dlrm]="{name: dlrm, hidden_units: [200, 80]}"
  [finalmlp]="{name: finalmlp, hidden_units1: [200, 80], hidden_units2: [200, 80]}"
  [din]="{name: din, hidden_units: [200, 80]}" [dien]="{name: dien, hidden_units: [200, 80]}"
  [dare]="{name: dare, hidden_units: [200, 80], attention_dimension: 8}"
)
models=(lr fm fwfm ffm dnn wide_deep deepfm ipnn dcn dcnv2 xdeepfm autoint dlrm finalmlp din dare dien)
declare -A widths=([ffm]=4)       # the width of the vectors where it is not that of the others
declare -A rates=([frappe]="0.05|0.1|0.2" [amazon-beauty]="0.05|0.1|0.2" [ml-1m]="0.05|0.1")
declare -A penalties=([frappe]=0 [amazon-beauty]="0|0.002" [ml-1m]=0)
declare -A epochs=([frappe]=198 [amazon-beauty]=301 [ml-1m]=196)      # steps of one

applies() { # dataset, model: the last three need histories
  [[ $1 != frappe || ! $2 =~ ^(din|dien|dare)$ ]]
}

# The best settings of a search as options, one a line.
settings() {
  grep -o '"settings":\[[^]]*\]' <<<"$1" | grep -o '"sparse_optimizer[^"]*"' | tr -d '"' | sed 's/^/--set\n/'
}

# Two processes of one thread each are faster than one of two: the networks are small.
export OMP_NUM_THREADS=1
for dataset in "${datasets[@]}"; do
  [[ -e prepared/$dataset/schema.json ]] || ./recsys prepare "configs/datasets/$dataset.yaml"
  for model in "${models[@]}"; do
    applies "$dataset" "$model" || continue
    grep -qF "\"dataset\":\"$dataset\",\"model\":\"$model\"" $here/results.jsonl && continue
    of=(--experiment "$dataset" --set "model=${sections[$model]}" --set "embedding.dimension=${widths[$model]:-16}" --processes 2 --json)
    runs=runs/models/$dataset-$model
    ./recsys tune $here/models.yaml "${of[@]}" --search "sparse_optimizer.learning_rate=${rates[$dataset]}" --search "sparse_optimizer.l2=${penalties[$dataset]}" --out "$runs-rates" 2>/dev/null |
      tail -n 1 >"$runs-rates.json"
    mapfile -t chosen < <(settings "$(cat "$runs-rates.json")")
    ./recsys tune $here/models.yaml "${of[@]}" "${chosen[@]}" --search "train.seed=1|2|3|4|5" --out "$runs-seeds" >/dev/null 2>&1
    cat "$runs-rates.json" >>$here/tuning.jsonl
    sed -E 's/^\{"number":[0-9]+,"settings":\[[^]]*\],"result":\{(.*)\}$/{"event":"result",\1/' "$runs-seeds/trials.jsonl" >>$here/results.jsonl
    rm -rf "$runs-rates" "$runs-seeds" "$runs-rates.json"
  done
done

for dataset in "${datasets[@]}"; do
  for model in deepfm dcnv2 din; do
    applies "$dataset" "$model" || continue
    grep -qF "\"dataset\":\"$dataset\",\"model\":\"$model\"" $here/pytorch.jsonl && continue
    chosen=$(grep -F "\"dataset\":\"$dataset\",\"model\":\"$model\"" $here/tuning.jsonl)
    mapfile -t options < <(settings "$chosen")
    step=$(grep -o '"best_step":[0-9]*' <<<"$chosen" | grep -o '[0-9]*')
    ./recsys bench parity $here/models.yaml --experiment "$dataset" --json --set "model=${sections[$model]}" "${options[@]}" \
      --set "train.epochs=$((step / epochs[$dataset]))" 2>/dev/null | tail -n 1 | sed "s/{/{\"dataset\":\"$dataset\",\"model\":\"$model\",/" >>$here/pytorch.jsonl
  done
done
./recsys report $here
