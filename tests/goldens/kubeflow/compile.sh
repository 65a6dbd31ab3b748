#!/bin/sh
# Writes the golden file of a pipeline in an object store.
set -eu
cd "$(dirname "$0")"
tfline compile digits -o digits.yaml --image registry.example/tfline:0.1.0 --root s3://bucket/pipelines --set push=/models/digits --set 'kubernetes={volumes: {digits-models: /models}, secrets: [{name: store, env: {AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: key}}], config_maps: [{name: settings, mount: /etc/settings}], image_pull_secrets: [registry], steps: {Trainer: {gpu: 1, node_selector: {pool: gpu}, tolerations: [{key: gpu, operator: Exists}]}}}'
