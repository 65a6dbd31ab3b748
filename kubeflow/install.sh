#!/bin/sh
# Installs what the image has into a virtual environment: locked packages, then tfline itself.
#
#   kubeflow/install.sh FOLDER        run in the root of the checkout; needs uv and Python 3.11
set -eu

environment=$1
uv venv --quiet --python "${PYTHON:-python3.11}" "$environment"
export VIRTUAL_ENV="$environment"
uv pip sync --quiet --require-hashes kubeflow/requirements.lock
uv pip install --quiet --no-deps .
