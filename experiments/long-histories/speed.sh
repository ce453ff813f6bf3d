#!/usr/bin/env bash
# How fast DARE trains and scores with the whole history at full width, and with a search of 40 behaviours at half of it, with vectors of 32 and of 64: rounds
# in turn, on an idle machine. Appends to speed.jsonl one line a model and round.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=experiments/long-histories
of=(--set train.epochs=1 --set train.batch_size=2048 --json)
rate() { tail -n 1 <<<"$1" | grep -o '"samples_per_second":[0-9]*' | grep -o '[0-9]*$'; }
for round in 1 2 3; do
  for width in 32 64; do
    for name in dare dare-narrow; do
      run=runs/long-histories/speed
      rm -rf "$run"
      widths=(--set "embedding.dimension=$width")
      [[ $name == dare ]] || widths+=(--set "model.attention_dimension=$((width / 2))")
      trained=$(./recsys train $here/speed.yaml --experiment "$name" --out "$run" "${widths[@]}" "${of[@]}" 2>/dev/null)
      scored=$(./recsys evaluate "$run" --split train --json 2>/dev/null)
      rm -rf "$run"
      echo "{\"name\":\"$name\",\"width\":$width,\"round\":$round,\"train_samples_per_second\":$(rate "$trained"),\"score_samples_per_second\":$(rate "$scored")}" | tee -a $here/speed.jsonl
    done
  done
done
