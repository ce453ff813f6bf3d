#!/usr/bin/env bash
# Every model: the rate of the embeddings is chosen on validation, the same rates for each, then 5 seeds are trained with it. tuning.jsonl gets the
# choices, NAME.jsonl the runs of each model. What is there already is passed over, so the script can be stopped and started again.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=experiments/long-histories
touch $here/tuning.jsonl
mkdir -p runs/long-histories
[[ -e prepared/synthetic-long-histories/schema.json ]] || ./recsys prepare configs/datasets/synthetic-long-histories.yaml

# Two processes of one thread each are faster than one of two: the networks are small.
export OMP_NUM_THREADS=1
for name in average din dare dare-narrow; do
  [[ -e $here/$name.jsonl ]] && continue
  of=(--experiment "$name" --processes 2 --json)
  runs=runs/long-histories/$name
  ./recsys tune $here/models.yaml "${of[@]}" --search "sparse_optimizer.learning_rate=0.005|0.01" --out "$runs-rates" 2>/dev/null | tail -n 1 >"$runs-rates.json"
  rate=$(grep -o '"settings":\["[^"]*"' "$runs-rates.json" | grep -o '[0-9.]*"$' | tr -d '"')
  ./recsys tune $here/models.yaml "${of[@]}" --set "sparse_optimizer.learning_rate=$rate" --search "train.seed=1|2|3|4|5" --out "$runs-seeds" >/dev/null 2>&1
  cat "$runs-rates.json" >>$here/tuning.jsonl
  sed -E 's/^\{"number":[0-9]+,"settings":\[[^]]*\],"result":\{(.*)\}$/{"event":"result",\1/' "$runs-seeds/trials.jsonl" >$here/$name.jsonl
  rm -rf "$runs-rates" "$runs-seeds" "$runs-rates.json"
done
