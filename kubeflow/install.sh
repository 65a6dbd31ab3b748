#!/bin/sh
# Installs what the image has into a virtual environment: locked packages, then tfline itself.
#
#   kubeflow/install.sh FOLDER        run in the root of the checkout; needs uv and Python 3.11
set -eu

environment=$1
uv venv --quiet --python "${PYTHON:-python3.11}" "$environment"
export VIRTUAL_ENV="$environment"
uv pip sync --quiet --require-hashes kubeflow/requirements.lock

source=$(mktemp -d) # a build in the checkout would leave files there
trap 'rm -rf "$source"' EXIT
cp -R pyproject.toml setup.py README.md LICENSE tfline "$source"
uv pip install --quiet --no-deps "$source"
