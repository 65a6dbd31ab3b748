#!/bin/sh
# Writes what is generated here: the pipeline, and its server. Change the image to your own.
set -eu
cd "$(dirname "$0")"
tfline compile taxi -o taxi.yaml --image registry.example/tfline:0.1.0 --root /mnt/pipeline/artifacts --data-root /mnt/pipeline --set push=/models/taxi --set 'kubernetes={volumes: {taxi-pipeline: /mnt/pipeline, taxi-models: /models}, cpu: 1, memory: 4Gi, retries: 2, timeout_minutes: 120, steps: {Trainer: {cpu: 4, memory: 8Gi}}}'
tfline deploy taxi -o serving.yaml --target kubernetes --set push=/models/taxi
