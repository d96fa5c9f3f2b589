#!/bin/sh
# The environment of foreign libraries, for tests/benchmarks and for making oracle values anew.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
venv="$here/../../.venv-oracles"
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps \
    -r "$here/requirements-alone.txt"
