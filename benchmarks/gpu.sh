#!/usr/bin/env bash
# Speed on one accelerator, by environment, depth and precision, and against benchmarks/plain_trainer.py.
#
#   benchmarks/gpu.sh [OUT]      under nine minutes; again with the same OUT it measures what has no number yet, and the
#                                whole table takes two or three calls if a row compiles for half a minute
#
# Each row is a process of its own with a time limit. One that fails or takes too long is written down as such, and the
# others go on: OUT/gpu.json has all of them, OUT/ROW.log what each printed. Without OUT, the folder in $OUT, else gpu_speed.
# On any machine, to see whether it runs:
#   DEPTHS=4 ENVS=point_u_maze NUM_ENVS=16 BATCH=32 WIDTH=32 UPDATES=2 PLAIN_UPDATES=2 UNROLLS=1 benchmarks/gpu.sh out
set -euo pipefail

OUT="${1:-${OUT:-gpu_speed}}"
TIME="${TIME:-530}"               # seconds in all
ROW_TIME="${ROW_TIME:-110}"       # seconds of a row
ENVS="${ENVS:-ant humanoid}"
DEPTHS="${DEPTHS:-4 64 1024 16 256}"  # the most telling first, should time run out
PRECISIONS="${PRECISIONS:-float32 bfloat16}"
PLAIN_DEPTHS="${PLAIN_DEPTHS-4 64}"
PLAIN_ENVS="${PLAIN_ENVS-${ENVS%% *}}"
PLAIN_TIME="${PLAIN_TIME:-220}"   # seconds of a row beside the plain trainer: two trainers compile, one layer by layer
BACKEND="${BACKEND:-}"            # such as mjx; empty: the environment's
NUM_ENVS="${NUM_ENVS:-512}"
WIDTH="${WIDTH:-256}"
BATCH="${BATCH:-512}"
UPDATES="${UPDATES:-40}"          # after each unroll of 62 steps
PLAIN_UPDATES="${PLAIN_UPDATES:-800}"  # the paper's; with fewer, the plain trainer relabels much that no update uses
UNROLLS="${UNROLLS:-3}"
PYTHON="${PYTHON:-python3}"
PLAIN="$(dirname "$0")/plain_trainer.py"
LEAST="${LEAST:-10}"              # seconds that are worth a start

row() { # name of the row, its most seconds, then the command that measures it, without the file for its numbers
  local name="$1" most="$2" limit=$((TIME - SECONDS - 5)) code=0 began="$SECONDS" status="measured"
  shift 2
  if [ ! -s "$OUT/$name.json" ]; then
    [ "$limit" -le "$most" ] || limit="$most"
    if [ "$limit" -lt "$LEAST" ]; then
      status="no time left"
    else
      timeout --kill-after=5 "$limit" "$@" --json "$OUT/$name.json" >"$OUT/$name.log" 2>&1 || code=$?
      case "$code" in
        0) ;;
        124 | 137) status="stopped after $limit s" ;;
        *) status="failed with exit code $code" ;;
      esac
    fi
  fi
  echo "$name: $status, $((SECONDS - began)) s"
  printf '%s\t%s\n' "$name" "$status" >>"$OUT/rows.tsv"
}

has() { # whether a word is one of a list
  [[ " $2 " == *" $1 "* ]]
}

mkdir -p "$OUT"
: >"$OUT/rows.tsv"
for depth in $DEPTHS; do
  for env in $ENVS; do
    for precision in $PRECISIONS; do
      row "${env}_d${depth}_$precision" "$ROW_TIME" crl-train bench "$env" ${BACKEND:+--backend "$BACKEND"} --preset paper \
        --depths "$depth" --precision "$precision" --width "$WIDTH" --batch-size "$BATCH" --num-envs "$NUM_ENVS" \
        --updates-per-unroll "$UPDATES" --max-replay-size 1000 --min-replay-size 124 --unrolls "$UNROLLS"
    done
    if has "$depth" "$PLAIN_DEPTHS" && has "$env" "$PLAIN_ENVS"; then
      row "${env}_d${depth}_plain" "$PLAIN_TIME" "$PYTHON" "$PLAIN" --env "$env" ${BACKEND:+--set "backend=$BACKEND"} \
        --depths "$depth" --set "width=$WIDTH" --set "batch_size=$BATCH" --set "num_envs=$NUM_ENVS" \
        --set "updates_per_unroll=$PLAIN_UPDATES" --set max_replay_size=1000 --unrolls "$UNROLLS"
    fi
  done
done

"$PYTHON" - "$OUT" <<'END'
import json, pathlib, sys

out, rows = pathlib.Path(sys.argv[1]), []
for line in (out / "rows.tsv").read_text().splitlines():
    name, status = line.split("\t")
    file = out / f"{name}.json"
    measured = json.loads(file.read_text())[0] if file.exists() else {}
    rows.append({"row": name, "status": status, **measured})
    words = status
    if "ratio" in measured:
        words = "{steps_per_second:,.0f} env steps/s, {ratio:.1f} x the plain trainer".format_map(measured)
    elif measured:
        words = (
            "compiled in {compile_seconds:.0f} s, update {update_ms:.3g} ms, {update_gflops:,.0f} GFLOP/s, "
            "collecting {collect_steps_per_second:,.0f} env steps/s".format_map(measured)
        )
    print(f"{name:28}{words}")
(out / "gpu.json").write_text(json.dumps(rows, indent=2) + "\n")
print("on " + ", ".join(sorted({row["device"] for row in rows if "device" in row}) or ["nothing"]) + f": {out / 'gpu.json'}")
END
