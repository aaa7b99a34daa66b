#!/usr/bin/env bash
# Figures of one GPU in one JSON file: benchmarks/gpu.sh OUT.json [PART…]; the parts stand in gpu.py.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
export PYTHONPATH="$root/src${PYTHONPATH:+:$PYTHONPATH}" HF_HUB_OFFLINE=1 TOKENIZERS_PARALLELISM=true
exec "${PYTHON:-python}" "$root/benchmarks/gpu.py" "$@"
