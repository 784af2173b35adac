#!/usr/bin/env bash
# Depth on an accelerator: agents of depth 4, 16 and 64 on ant_u4_maze and on humanoid, in pieces of nine minutes.
#
#   benchmarks/gpu_study.sh [OUT]      run it again and again, also on another machine with the same OUT
#
# A piece goes on with the run that has come least far, and saves it when its time is over. Exit code 75 says that there
# is more to train, 0 that all is trained and the reports are written.
set -euo pipefail

OUT="${1:-checkpoints/gpu_study}"
PIECE="${PIECE:-540}"             # seconds
PRESET="${PRESET:-paper}"
STEPS="${STEPS:-50000000}"        # environment steps of each run
ENVS="${ENVS:-ant_u4_maze humanoid}"
DEPTHS="${DEPTHS:-4 16 64}"

steps_of() { # environment steps that a run has come, 0 if it is new
  { tail -n 1 "$OUT/$1/metrics.jsonl" 2>/dev/null || true; } | sed -n 's/.*"env_steps": \([0-9]*\).*/\1/p' | grep . || echo 0
}

for run in $(
  for depth in $DEPTHS; do
    for env in $ENVS; do echo "$(steps_of "${env}_d${depth}_s0") $env:$depth"; done
  done | sort --numeric-sort --stable --key=1,1 | cut -d " " -f 2
); do
  left=$((PIECE - SECONDS))
  [ "$left" -gt 0 ] || exit 75
  code=0
  timeout --signal=USR1 "$left" crl-train sweep "${run%:*}" --depths "${run#*:}" --seeds 0 --preset "$PRESET" \
    --total-env-steps "$STEPS" --out "$OUT" || code=$?
  case "$code" in
    0) ;;                   # trained to its end, now or before: the time that is left is for the next
    75 | 124) exit 75 ;;    # saved; timeout says 124 where it sent the signal
    *) exit "$code" ;;
  esac
done

for env in $ENVS; do crl-probe report "$OUT/${env}_d*" --out "reports/gpu_study_$env"; done
