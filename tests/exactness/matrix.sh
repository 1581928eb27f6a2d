#!/usr/bin/env bash
# The golden digests under the oldest and the newest libraries, each with several sets of CPU
# features switched off, and BLAS made for another CPU. Takes what Pythons it finds; needs pip and
# a package registry.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=${EXACTNESS_DIR:-.exactness}

# A Python of that version, from the path or from pyenv, whose shims start only what is chosen.
find_python() {
    local found
    for found in "python$1" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$1".*/bin/python; do
        "$found" -c '' 2>/dev/null && { echo "$found"; return; }
    done
    return 1
}

# Name, version of Python, packages.
check() {
    local name=$1 version=$2 python; shift 2
    python=$(find_python "$version") || { echo "$name: no Python $version here, left out"; return; }
    # The folder is made again where other packages are asked for than it was made with.
    if [ "$(cat "$here/$name/done" 2>/dev/null)" != "$python $*" ]; then
        rm -rf "${here:?}/$name"
        "$python" -m venv "$here/$name"
        "$here/$name/bin/pip" install --quiet --disable-pip-version-check \
            --only-binary=:all: "$@"
        echo "$python $*" >"$here/$name/done"
    fi
    golden "$name" "" ""
    golden "$name" "AVX512F AVX512CD AVX512_SKX" Haswell
    golden "$name" "AVX2 FMA3 AVX512F AVX512CD AVX512_SKX" Nehalem
}

# Name, CPU features that NumPy does without, the CPU that OpenBLAS takes this one for.
golden() {
    echo "== $1 ($("$here/$1/bin/python" -c "$about")), without ${2:-nothing}, BLAS ${3:-as it is}"
    # NumPy warns of features that this CPU lacks anyway.
    env NPY_DISABLE_CPU_FEATURES="$2" ${3:+"OPENBLAS_CORETYPE=$3"} PYTHONPATH=. \
        "$here/$1/bin/python" -W ignore tests/golden.py --check
}

about='import platform, numpy, scipy, PIL
print("Python", platform.python_version(), "NumPy", numpy.__version__, "SciPy", scipy.__version__,
      "Pillow", PIL.__version__)'

pinned() { grep -E "^$1==" constraints.txt; }
lowest() { sed -nE "s/^ *\"$1>=([0-9.]+).*/$1==\1/p" pyproject.toml | head -1; }

check oldest 3.11 "$(lowest numpy)" "$(lowest scipy)" "$(lowest pillow)"
check newest 3.11 "$(pinned numpy)" "$(pinned scipy)" "$(pinned pillow)"
check python3.10 3.10 "$(lowest numpy)" "$(lowest scipy)" "$(lowest pillow)"
check python3.13 3.13 numpy scipy pillow
