"""A pipeline in Python: from a YAML file, or written as keyword arguments."""

from __future__ import annotations

import contextlib
import inspect
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tfline.pipelines.api.functions import make_importable, with_names
from tfline.pipelines.api.run import Run
from tfline.pipelines.run.records import find_run, list_runs, new_id
from tfline.pipelines.run.work_folder import WorkFolder, default_work_folder
from tfline.pipelines.spec import PipelineSpec, PushSpec
from tfline.pipelines.spec.document import Document, read_document
from tfline.pipelines.spec.load import find_spec, read_spec
from tfline.transforms.dotted import NOTEBOOK_PACKAGE
from tfline.transforms.errors import FeatureError, SpecError, did_you_mean

if TYPE_CHECKING:
    from tfline.pipelines.api.check import Check
    from tfline.pipelines.api.explanation import Explanation
    from tfline.pipelines.runners.events import Listener
    from tfline.serving.client import Client

_HERE = "Pipeline(...)"
"""Where a value was written that is no file's."""


class Pipeline:
    """A pipeline: from TFRecords to a model that answers over gRPC.

    The keyword arguments are the sections of the YAML file, in the same short and long forms, as
    plain Python values. Where the YAML has a dotted path, the function or class itself will do.

    Example:
        pipeline = tfline.Pipeline(
            name="taxi",
            data={"train": "data/train*.tfrecord", "eval": "data/eval*.tfrecord"},
            label="big_tipper",
            features={"z_score": ["fare", "trip_miles"], "one_hot": ["trip_start_hour"]},
            model="wide_deep",
            push="models/taxi",
        )
        run = pipeline.run()

    Args:
        work: The folder that keeps artifacts and records; left out: ``.tfline/NAME``.
        sections: The sections of the spec.

    Attributes:
        spec: The whole spec, checked, with every default.

    Raises:
        SpecError: Anything is wrong with the spec.
    """

    def __init__(self, *, work: str | os.PathLike[str] | None = None, **sections: Any) -> None:
        _find_own_modules()
        folder = Path(work) if work is not None else default_work_folder(_name_in(sections))
        document = Document.of(_with_names(sections, folder), _HERE)
        self._begin(document, work)

    def _begin(self, document: Document, work: str | os.PathLike[str] | None) -> None:
        self._document = document
        self.spec: PipelineSpec = read_spec(document)
        self._folder = WorkFolder(
            Path(work) if work is not None else default_work_folder(self.spec.name)
        )

    @classmethod
    def load(
        cls,
        spec: str | os.PathLike[str],
        overrides: Sequence[str] = (),
        *,
        work: str | os.PathLike[str] | None = None,
        **sections: Any,
    ) -> Pipeline:
        """Reads a pipeline from a file, or takes one of the catalog.

        Example:
            tfline.Pipeline.load("taxi", train={"epochs": 3})

        Args:
            spec: A YAML file, or the name of a catalog pipeline.
            overrides: Each ``key.path=value``, as `--set` takes it.
            work: The folder that keeps artifacts and records; left out: ``.tfline/NAME``.
            sections: Changes: the keys of a section that are left out stay as they are in the
                file. `model` and `features` are set as a whole.

        Raises:
            SpecError: There is no such file, or anything is wrong with the spec.
        """
        _find_own_modules()
        document = read_document(find_spec(os.fspath(spec)), overrides)
        name = _name_in({**document.data, **sections})
        folder = Path(work) if work is not None else default_work_folder(name)
        document.change(_with_names(sections, folder), f"{cls.__name__}.load(...)")
        pipeline = cls.__new__(cls)
        pipeline._begin(document, work)  # noqa: SLF001 - of this very class
        return pipeline

    @property
    def name(self) -> str:
        """The name of the pipeline, and of the model that is served."""
        return self.spec.name

    @property
    def work(self) -> WorkFolder:
        """Where artifacts and records are kept."""
        return self._folder

    @property
    def document(self) -> Document:
        """The spec as it was written, and where each value was written."""
        return self._document

    @property
    def push(self) -> PushSpec:
        """Where a blessed model goes.

        Raises:
            SpecError: Nowhere.
        """
        if self.spec.push is None:
            raise SpecError("The spec pushes its model nowhere", hint="Add `push: FOLDER` to it.")
        return self.spec.push

    def check(self) -> Check:
        """Looks at the spec and at the first records of its data; runs nothing.

        Returns:
            What the pipeline would do; printed, it is what `tfline check` prints.

        Raises:
            DataError: A pattern matches no file, or the first file cannot be read.
            SpecError: The spec does not fit the data.
        """
        from tfline.pipelines.api.check import Check
        from tfline.pipelines.run.class_check import describe_classes
        from tfline.pipelines.run.preflight import check_data, first_file

        try:
            files = check_data(self.spec)
        except FeatureError as exc:
            places = filter(None, (self._document.mention(exc.feature), exc.where))
            raise FeatureError(exc.message, "; ".join(places), exc.hint, exc.feature) from exc
        first = first_file(self.spec)
        classes = (
            "" if first is None else describe_classes(self.spec.label, first, self.spec.data.where)
        )
        return Check(self.spec, files, classes)

    def run(self, *, progress: bool = True) -> Run:
        """Runs what has changed since the last run: TFRecords to a pushed model.

        Args:
            progress: Whether to show a line a component, in a terminal or a notebook.

        Returns:
            The run, or the last one if nothing has changed. A model that is not blessed is no
            error: see `Run.verdict`.

        Raises:
            TflineError: A component failed, and `component` names it; or the run could not be
                started.
        """
        from tfline.pipelines.runners.local import run

        self.check()
        with self.running("run", progress) as (run_id, listener):
            places = self._document.places_below("evaluate")
            record = run(self.spec, self._folder, listener, run_id, places)
        if record.id != run_id:
            self._folder.log(run_id).unlink(missing_ok=True)  # nothing ran
        return Run(record, self._folder)

    def rehearse(self, records: int = 1000, *, progress: bool = True) -> Run:
        """Runs the whole pipeline on its first records, pushes nothing, and keeps nothing of it.

        So a mistake in one's own model, transform or metric is found in a minute, and not after
        hours. Nothing is searched, and no anomaly of so few records stops it.

        Args:
            records: How many of each split, or of the files to be split.
            progress: Whether to show a line a component.

        Returns:
            The run; its metrics say little.

        Raises:
            TflineError: A component failed; its log stays in the folder ``rehearsal`` of the work
                folder.
        """
        from tfline.pipelines.api.rehearsal import rehearsal

        self.check()
        folder = self._folder.root / "rehearsal"
        shutil.rmtree(folder, ignore_errors=True)
        rehearsed = type(self).__new__(type(self))
        document = rehearsal(self.spec, self._document, records, folder / "data")
        rehearsed._begin(document, folder)  # noqa: SLF001 - of this very class
        run = rehearsed.run(progress=progress)
        shutil.rmtree(folder)
        return run

    @contextlib.contextmanager
    def running(self, command: str, progress: bool) -> Iterator[tuple[str, Listener]]:
        """Holds the work folder; yields the id of a run, and who is told how it goes."""
        from tfline.pipelines.console import RunDisplay
        from tfline.pipelines.runners.events import Silence, output_to_log

        with self._folder.locked():
            run_id = new_id()
            with output_to_log(self._folder.log(run_id)) as terminal, contextlib.ExitStack() as end:
                if not progress:
                    yield run_id, Silence()
                    return
                yield run_id, end.enter_context(RunDisplay(self.spec, terminal, command))

    def runs(self) -> list[Run]:
        """Returns the runs, the oldest first."""
        return [Run(record, self._folder) for record in list_runs(self._folder.runs)]

    def find_run(self, name: str | None = None) -> Run:
        """Returns one run.

        Args:
            name: Its number from 1, its id or the beginning of its id; left out: the last run.

        Raises:
            SpecError: There is no such run, or there are several.
        """
        return Run(find_run(list_runs(self._folder.runs), name), self._folder)

    @contextlib.contextmanager
    def serve(
        self, version: int | None = None, label: str | None = None, *, timeout: float = 10.0
    ) -> Iterator[Client]:
        """Starts a server on a pushed version, and stops it after the block.

        Args:
            version: Its number; left out: that of the label.
            label: Its label; left out: ``stable`` if there are labels, or else the newest version.
            timeout: Seconds that a call of the client may take.

        Yields:
            A client of the server.

        Raises:
            SpecError: The spec pushes nowhere.
            StartError: There is no such version, or it cannot be loaded.
        """
        from tfline.pipelines.run.pushed import asked_version, start_pushed
        from tfline.serving.client import Client

        number = asked_version(self.spec, version, label)
        with (
            start_pushed(self.spec, number) as server,
            Client(server.target, self.name, version=version, timeout=timeout) as client,
        ):
            yield client

    def why(self, component: str) -> Explanation:
        """Tells what has changed since a component last ran, and so why it would run again.

        Args:
            component: For example ``Trainer``.

        Raises:
            SpecError: There is no such component.
        """
        from tfline.pipelines.api.explanation import explain
        from tfline.pipelines.run.plan import UPSTREAM

        name = {known.lower(): known for known in UPSTREAM}.get(component.lower())
        if name is None:
            raise SpecError(
                f"There is no component '{component}'", hint=did_you_mean(component, UPSTREAM)
            )
        return explain(name, self.spec, self._folder)

    def to_yaml(self) -> str:
        """Returns the spec as a YAML file, as short as it was written.

        Raises:
            SpecError: It names a function of a notebook, which a file cannot.
        """
        text: str = yaml.safe_dump(
            self._document.data, sort_keys=False, allow_unicode=True, width=100
        )
        if NOTEBOOK_PACKAGE in text:
            raise SpecError(
                "The spec names a function of a notebook, which a YAML file cannot",
                hint="Put the function into a module beside the file.",
            )
        return text

    def compile(self, *, image: str, root: str, data_root: str | None = None) -> str:
        """Returns the pipeline for Kubeflow Pipelines, as YAML that its backend accepts.

        Args:
            image: The container image of every step, with its tag.
            root: Where artifacts go: gs://, s3://, minio://, or a folder of a mounted volume.
            data_root: What the spec's patterns are relative to; left out: `root`.

        Raises:
            SpecError: It cannot run there.
        """
        from tfline.pipelines.runners.events import output_to_log
        from tfline.pipelines.runners.kubeflow.target import Target, check_target

        target = Target(image, root, data_root or root)
        check_target(self.spec, target)
        with output_to_log(Path(os.devnull)):  # TensorFlow's greetings
            from tfline.pipelines.runners.kubeflow.acceptance import check_accepted
            from tfline.pipelines.runners.kubeflow.compiler import compile_pipeline

            text = compile_pipeline(self.spec, self._document, target)
        check_accepted(text, str(self._document.source))
        return text

    def __repr__(self) -> str:
        return f"<Pipeline {self.name}: {self.spec.label.key} by {self.spec.model.name}>"


Pipeline.__init__.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
    [
        inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD),
        *(
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                default=inspect.Parameter.empty if field.is_required() else None,
            )
            for name, field in PipelineSpec.model_fields.items()
        ),
        inspect.Parameter("work", inspect.Parameter.KEYWORD_ONLY, default=None),
    ]
)


def runs(name: str, *, work: str | os.PathLike[str] | None = None) -> list[Run]:
    """Returns the runs of a pipeline, the oldest first.

    Args:
        name: The pipeline's name.
        work: Its work folder; left out: ``.tfline/NAME``.

    Raises:
        SpecError: There is no such pipeline here.
    """
    folder = Path(work) if work is not None else default_work_folder(name)
    if not folder.is_dir():
        known = [path.name for path in folder.parent.glob("*") if path.is_dir()]
        raise SpecError(
            f"There are no runs of '{name}'", str(folder.resolve()), did_you_mean(name, known)
        )
    found = WorkFolder(folder)
    return [Run(record, found) for record in list_runs(found.runs)]


def _find_own_modules() -> None:
    """Lets the modules of the current folder be imported, which a spec may name."""
    if "" not in sys.path and os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())


def _name_in(sections: dict[str, Any]) -> str:
    name = sections.get("name")
    return name if isinstance(name, str) and name.isidentifier() else "unnamed"


def _with_names(sections: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Returns the sections with a dotted path in the place of every function and class."""
    notebook = folder / "notebook"
    if (notebook / NOTEBOOK_PACKAGE).is_dir():
        make_importable(notebook)
    named: dict[str, Any] = with_names(sections, notebook)
    return named
