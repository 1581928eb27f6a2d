#!/usr/bin/env bash
# The golden digests on 64-bit ARM, emulated: Debian's qemu-user-static runs Debian's arm64 Python,
# unpacked into a folder, with the aarch64 wheels of the pinned libraries. Nothing is installed but
# qemu itself; the machine's own package lists are left alone.
set -euo pipefail
cd "$(dirname "$0")/../.."
here=$PWD/${EXACTNESS_DIR:-.exactness}/arm64

if ! command -v qemu-aarch64-static >/dev/null; then
    apt-get update -qq
    apt-get install -y -qq qemu-user-static
fi

if [ ! -f "$here/done" ]; then
    rm -rf "$here"
    mkdir -p "$here"/{state/lists/partial,cache/archives/partial,root,site,debs,wheels}
    touch "$here/state/status"
    apt=(apt-get -qq -o APT::Architecture=arm64 -o APT::Architectures=arm64
         -o Dir::State="$here/state" -o Dir::State::status="$here/state/status"
         -o Dir::Cache="$here/cache" -o APT::Sandbox::User=root)
    "${apt[@]}" update
    (cd "$here/debs" && "${apt[@]}" download \
        python3.11-minimal libpython3.11-minimal libpython3.11-stdlib libc6 libgcc-s1 libstdc++6 \
        zlib1g libexpat1 libffi8 libbz2-1.0 liblzma5 libssl3 libuuid1 libcrypt1)
    for package in "$here"/debs/*.deb; do dpkg -x "$package" "$here/root"; done
    # shellcheck disable=SC2046
    python3 -m pip download --quiet --no-deps --only-binary=:all: --python-version 3.11 \
        --implementation cp --platform manylinux_2_28_aarch64 --platform manylinux_2_27_aarch64 \
        --platform manylinux_2_17_aarch64 --platform manylinux2014_aarch64 \
        -d "$here/wheels" $(grep -E '^(numpy|scipy|pillow)==' constraints.txt)
    for wheel in "$here"/wheels/*.whl; do python3 -m zipfile -e "$wheel" "$here/site"; done
    touch "$here/done"
fi

PYTHONPATH="$here/site:." PYTHONDONTWRITEBYTECODE=1 qemu-aarch64-static -L "$here/root" \
    "$here/root/usr/bin/python3.11" tests/golden.py --check
