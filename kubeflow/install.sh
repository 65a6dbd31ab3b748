#!/bin/sh
# Installs what the image has into a virtual environment: tfline, then the packages of its lock.
#
#   kubeflow/install.sh FOLDER [WHEEL]    in the root of the checkout; needs uv and Python 3.11
set -eu

environment=$1
wheel=${2:-}
scratch=$(mktemp -d) # a build in the checkout would leave files there
trap 'rm -rf "$scratch"' EXIT
if [ -z "$wheel" ]; then
  cp -R pyproject.toml setup.py README.md LICENSE tfline "$scratch"
  uv build --quiet --wheel --out-dir "$scratch/dist" "$scratch"
  wheel=$(echo "$scratch"/dist/*.whl)
fi
uv venv --quiet --python "${PYTHON:-python3.11}" "$environment"
export VIRTUAL_ENV="$environment"
uv pip install --quiet --no-deps "$wheel"
uv pip install --quiet --no-deps --require-hashes -r "$("$environment/bin/tfline" requirements)"
