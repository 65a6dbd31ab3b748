"""The spec of a pipeline: a short YAML file, read into frozen, strict models.

The same classes give the JSON Schema by which an editor completes and checks a spec. Every error
names the file and line, what is allowed, what was received and the nearest valid name. The spec
defines the settings and the runners read them: nothing here imports what runs a pipeline.
"""

from tfline.pipelines.spec.load import CATALOG, find_spec, load_spec
from tfline.pipelines.spec.pipeline import PipelineSpec
from tfline.pipelines.spec.push import PushSpec
from tfline.pipelines.spec.schema import json_schema

__all__ = ["CATALOG", "PipelineSpec", "PushSpec", "find_spec", "json_schema", "load_spec"]
