#!/usr/bin/env bash
# What training costs by depth, width, batch size and number of environments, one at a time, on one core.
#
#   benchmarks/costs.sh [OUT.json]      eleven minutes; make docs-pictures draws docs/data/costs.json
#
# Fill the processor with nothing else meanwhile. CORE chooses the core, PYTHON the interpreter.
set -euo pipefail

OUT="${1:-docs/data/costs.json}"
CORE="${CORE:-1}"
PYTHON="${PYTHON:-python3}"
ENV="${ENV:-point_u4_maze}"
UPDATES="${UPDATES:-5}"
UNROLLS="${UNROLLS:-3}"
parts="$(mktemp -d)"
trap 'rm -rf "$parts"' EXIT

row() { # name of the part, then options of crl-train bench
  local part="$1"
  shift
  taskset -c "$CORE" crl-train bench "$ENV" --unrolls "$UNROLLS" --updates-per-unroll "$UPDATES" \
    --json "$parts/$part.json" "$@"
}

row 1 --width 256 --batch-size 256 --num-envs 256 --depths "${DEPTHS:-4,8,16,32,64,128,256}"
row 2 --depths 16 --batch-size 256 --num-envs 256 --vary width="${WIDTHS:-64,128,256,512}"
row 3 --depths 16 --width 256 --num-envs 256 --vary batch_size="${BATCHES:-64,128,256,512,1024}"
row 4 --depths 16 --width 256 --batch-size 256 --vary num_envs="${ENVS:-64,128,256,512,1024,2048}"

mkdir -p "$(dirname "$OUT")"
"$PYTHON" -c 'import json, sys
rows = [row for part in sys.argv[1:] for row in json.load(open(part, encoding="utf-8"))]
print(json.dumps(rows, indent=1))' "$parts"/*.json >"$OUT"
