#!/usr/bin/env bash
# The golden digests under the oldest and the newest libraries, each with several sets of CPU
# features switched off. Takes what Pythons it finds; needs pip and a package registry.
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
    # The folder is made anew where other packages are asked for than it was made with.
    if [ "$(cat "$here/$name/done" 2>/dev/null)" != "$python $*" ]; then
        rm -rf "${here:?}/$name"
        "$python" -m venv "$here/$name"
        "$here/$name/bin/pip" install --quiet --disable-pip-version-check \
            --only-binary=:all: "$@"
        echo "$python $*" >"$here/$name/done"
    fi
    local features
    for features in "" "AVX512F AVX512CD AVX512_SKX" "AVX2 FMA3 AVX512F AVX512CD AVX512_SKX" ; do
        echo "== $name ($("$here/$name/bin/python" -c "$about")), without ${features:-nothing}"
        # NumPy warns of features that this CPU lacks anyway.
        NPY_DISABLE_CPU_FEATURES="$features" PYTHONPATH=. \
            "$here/$name/bin/python" -W ignore tests/golden.py --check
    done
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
