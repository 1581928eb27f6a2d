#!/usr/bin/env bash
# The golden digests under the oldest and the newest libraries, each with several sets of CPU
# features switched off. Takes what Pythons it finds; needs pip and a package registry.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=${EXACTNESS_DIR:-.exactness}

# Name, Python, packages. The oldest are the lower bounds of pyproject.toml.
check() {
    local name=$1 python=$2; shift 2
    command -v "$python" >/dev/null || { echo "$name: no $python here, left out"; return; }
    # A version manager's shim may exist without the version behind it.
    "$python" -c '' 2>/dev/null || { echo "$name: $python does not start, left out"; return; }
    if [ ! -f "$here/$name/done" ]; then
        rm -rf "${here:?}/$name"
        "$python" -m venv "$here/$name"
        "$here/$name/bin/pip" install --quiet --only-binary=:all: "$@"
        touch "$here/$name/done"
    fi
    local features
    for features in "" "AVX512F AVX512CD AVX512_SKX" "AVX2 FMA3 AVX512F AVX512CD AVX512_SKX" ; do
        echo "== $name, without ${features:-nothing}"
        # NumPy warns of features that this CPU lacks anyway.
        NPY_DISABLE_CPU_FEATURES="$features" PYTHONPATH=. \
            "$here/$name/bin/python" -W ignore tests/golden.py --check
    done
}

pinned() { grep -E "^$1==" constraints.txt; }

check oldest python3.11 numpy==1.26.0 scipy==1.11.2 pillow==10.3.0
check newest python3.11 "$(pinned numpy)" "$(pinned scipy)" "$(pinned pillow)"
check python3.10 python3.10 numpy scipy pillow
check python3.13 python3.13 numpy scipy pillow
