"""Uploads a compiled pipeline through the client of Kubeflow Pipelines, and starts its runs."""

from __future__ import annotations

import contextlib
import hashlib
import warnings
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from tfline.transforms.errors import SpecError, TflineError, did_you_mean

_NUMBERS = ("NUMBER_INTEGER", "NUMBER_DOUBLE")


class SubmissionError(TflineError):
    """Kubeflow Pipelines cannot be reached, or refuses what it is given."""


class Submission:
    """A compiled pipeline at a server.

    Args:
        text: The pipeline, as YAML.
        host: The URL of the API.
        namespace: Of the runs.
        token: A bearer token; None: the API asks for none.
    """

    def __init__(self, text: str, host: str, namespace: str, token: str | None = None) -> None:
        from kfp.client import Client

        documents = yaml.safe_load_all(text)
        self._pipeline = next(content for content in documents if "pipelineInfo" in content)
        self._host = host
        self._namespace = namespace
        self._ids: dict[str, str] = {}
        # Two runs of one compiled file have one version: it is named after its bytes.
        self._version = f"{self.name}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
        with warnings.catch_warnings(), self._readable_errors():
            warnings.simplefilter("ignore", FutureWarning)  # it is for KFP 2 only, and says so
            self._client = Client(host=host, namespace=namespace, existing_token=token)

    @property
    def name(self) -> str:
        """The name of the pipeline."""
        return str(self._pipeline["pipelineInfo"]["name"])

    def read_parameters(self, words: Sequence[str]) -> dict[str, Any]:
        """Returns the parameters of a run.

        Args:
            words: Each ``name=value``.

        Raises:
            SpecError: The pipeline has no such parameter, or it is a number and the value is none.
        """
        defined = self._pipeline["root"].get("inputDefinitions", {}).get("parameters", {})
        values: dict[str, Any] = {}
        for word in words:
            name, equals, value = word.partition("=")
            if not equals or name not in defined:
                raise SpecError(
                    f"The pipeline has no parameter '{name}'", word, did_you_mean(name, defined)
                )
            number = defined[name]["parameterType"] in _NUMBERS
            try:
                values[name] = float(value) if number else value
            except ValueError as exc:
                raise SpecError(f"The parameter '{name}' is a number, not '{value}'", word) from exc
        return values

    def upload(self, file: Path) -> str:
        """Uploads the pipeline, or a new version of it; returns the name of the version."""
        with self._readable_errors():
            pipeline = self._client.get_pipeline_id(self.name)
            if pipeline is None:
                uploaded = self._client.upload_pipeline(str(file), self.name)
                pipeline = uploaded.pipeline_id
            found = self._client.list_pipeline_versions(pipeline, page_size=100).pipeline_versions
            known = {version.display_name: version for version in found or ()}
            version = known.get(self._version) or self._client.upload_pipeline_version(
                str(file), self._version, pipeline_id=pipeline
            )
        self._ids = {"pipeline_id": pipeline, "version_id": version.pipeline_version_id}
        return self._version

    def start(self, experiment: str, values: dict[str, Any]) -> str:
        """Starts a run of the uploaded version; returns its address."""
        with self._readable_errors():
            run = self._client.run_pipeline(
                self._experiment(experiment), params=values, **self._named(), **self._ids
            )
        return f"{self._host.rstrip('/')}/#/runs/details/{run.run_id}"

    def schedule(self, experiment: str, values: dict[str, Any], cron: str) -> str:
        """Runs the uploaded version again and again; returns the address of the schedule.

        Args:
            experiment: Groups the runs.
            values: The parameters.
            cron: Six fields: second, minute, hour, day, month, day of the week.
        """
        with self._readable_errors():
            job = self._client.create_recurring_run(
                self._experiment(experiment),
                cron_expression=cron,
                no_catchup=True,
                params=values,
                **self._named(),
                **self._ids,
            )
        return f"{self._host.rstrip('/')}/#/recurringrun/details/{job.recurring_run_id}"

    def _experiment(self, name: str) -> str:
        found = self._client.create_experiment(name, namespace=self._namespace)
        return str(found.experiment_id)

    def _named(self) -> dict[str, Any]:
        """Returns the name of a run, and its root: the server does not look at the default one."""
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H-%M-%SZ")
        return {
            "job_name": f"{self.name} {now}",
            "pipeline_root": self._pipeline.get("defaultPipelineRoot"),
        }

    @contextlib.contextmanager
    def _readable_errors(self) -> Iterator[None]:
        import kfp_server_api
        import urllib3

        try:
            yield
        except kfp_server_api.ApiException as exc:
            reason = f"{exc.status} {exc.reason}"
            raise SubmissionError(
                f"Kubeflow Pipelines refuses: {reason}", self._host, str(exc.body or "").strip()
            ) from exc
        except (urllib3.exceptions.HTTPError, OSError) as exc:
            raise SubmissionError(
                f"Kubeflow Pipelines cannot be reached: {exc}",
                self._host,
                "kubectl -n kubeflow port-forward svc/ml-pipeline 8888",
            ) from exc
