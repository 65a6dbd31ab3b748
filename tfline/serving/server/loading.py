"""Loading a version of a model: session, warm-up and batching, as the command line says."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from tfline.serving.protos import config_pb2
from tfline.serving.server.batching.parameters import BatchingOptions, read_options
from tfline.serving.server.batching.runner import BatchingRunner
from tfline.serving.server.batching.scheduler import Scheduler
from tfline.serving.server.flags import Flags
from tfline.serving.server.model_config import read_text_proto
from tfline.serving.server.monitoring import MeasuredRunner, Metrics
from tfline.serving.server.operators import OPERATORS, split_paths
from tfline.serving.server.runners import LimitedRunner
from tfline.serving.server.servable import Runner, Servable
from tfline.serving.server.session import Session
from tfline.serving.server.status import Code, StatusError, invalid_argument
from tfline.serving.server.warmup import warm_up

_TRIAL = "tfline.serving.server.trial"
_OWN_BATCHING_FILE = "batching_params.pbtxt"


class Loader:
    """Loads versions of models.

    Args:
        flags: The settings of the server.
        metrics: Where the times of the runs go.

    Raises:
        StatusError: INVALID_ARGUMENT if a file that the flags name is wrong, or they contradict
            one another.
    """

    def __init__(self, flags: Flags, metrics: Metrics) -> None:
        if flags.batching_parameters_file and not flags.enable_batching:
            raise invalid_argument(
                "server_options.batching_parameters_file is set without setting "
                "server_options.enable_batching to true."
            )
        self._flags = flags
        self._metrics = metrics
        self._tags = [tag for tag in flags.saved_model_tags.split(",") if tag]
        self._config = session_config(flags)
        OPERATORS.load(split_paths(flags.load_libraries))
        self._turn: Callable[[], AbstractContextManager[None]] = contextlib.nullcontext
        self._scheduler: Scheduler | None = None
        if flags.enable_batching:
            self._batching = read_options(flags.batching_parameters_file)
            self._scheduler = Scheduler(self._batching.threads)

    def take_turns(self, turn: Callable[[], AbstractContextManager[None]]) -> None:
        """Loads each version inside a context from now on, in which others do not load."""
        self._turn = turn

    def __call__(self, name: str, version: int, folder: Path) -> Servable:
        """Returns version `version` of model `name`, from `folder`.

        Raises:
            StatusError: If it cannot be loaded, or a request of its warm-up fails.
        """
        with self._turn():
            return self._load(name, version, folder)

    def _load(self, name: str, version: int, folder: Path) -> Servable:
        if self._flags.enable_trial_load:
            _try(self._flags, name, version, folder)
        session = self._session(folder)
        try:
            if self._flags.enable_model_warmup:
                plain = Servable(name, version, session.signatures, session)
                warm_up(plain, folder, self._flags.num_request_iterations_for_warmup or 1)
            runner = MeasuredRunner(self._runner(session, folder), name, self._metrics)
        except BaseException:
            session.close()
            raise
        return Servable(name, version, session.signatures, runner)

    def _session(self, folder: Path) -> Session:
        """Loads a session, and the operators that it needs, each wheel's at the first need."""
        while True:
            try:
                return Session(folder, self._tags, self._config)
            except StatusError as error:
                OPERATORS.provide(error)

    def stop(self) -> None:
        """Ends the threads of batching."""
        if self._scheduler:
            self._scheduler.stop()

    def _runner(self, session: Session, folder: Path) -> Runner:
        if not self._scheduler:
            return session
        options = self._batching_options(folder)
        if not options:
            return LimitedRunner(session, self._flags.model_threads)
        return BatchingRunner(session, self._scheduler, options)

    def _batching_options(self, folder: Path) -> BatchingOptions | None:
        if not self._flags.enable_per_model_batching_parameters:
            return self._batching
        own = folder / _OWN_BATCHING_FILE
        return read_options(own) if own.is_file() else None


def _try(flags: Flags, name: str, version: int, folder: Path) -> None:
    """Has another process load a version, with its warm-up. What it merely refuses is no error.

    TensorFlow's loader does not survive every ``saved_model.pb`` that is damaged.

    Raises:
        StatusError: DATA_LOSS if that has ended the process.
    """
    settings = dataclasses.asdict(dataclasses.replace(flags, enable_trial_load=False))
    done = subprocess.run(
        [sys.executable, "-m", _TRIAL, name, str(version), str(folder)],
        input=json.dumps(settings).encode(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode < 0:
        raise StatusError(
            Code.DATA_LOSS,
            f"To load {folder} ends a process with {signal.Signals(-done.returncode).name}: "
            "its files are damaged",
        )


def session_config(flags: Flags) -> config_pb2.ConfigProto:
    """Returns the options of the sessions.

    Raises:
        StatusError: INVALID_ARGUMENT if the file is wrong, or all three parallelism flags are set.
    """
    if flags.tensorflow_session_config_file:
        return read_text_proto(flags.tensorflow_session_config_file, config_pb2.ConfigProto())
    both = flags.tensorflow_session_parallelism
    intra, inter = flags.tensorflow_intra_op_parallelism, flags.tensorflow_inter_op_parallelism
    if both and intra and inter:
        raise invalid_argument(
            "Either configure tensorflow_session_parallelism or (tensorflow_intra_op_parallelism "
            "and tensorflow_inter_op_parallelism) separately. You cannot configure all."
        )
    config = config_pb2.ConfigProto(
        intra_op_parallelism_threads=intra or both or _intra_op_threads(),
        inter_op_parallelism_threads=inter or both,
        allow_soft_placement=True,
    )
    # Threads that look for work while there is none take the processor from other requests.
    config.experimental.disable_thread_spinning = True
    config.gpu_options.per_process_gpu_memory_fraction = flags.per_process_gpu_memory_fraction
    return config


def _intra_op_threads() -> int:
    """Returns the threads of one operation: few, since requests run side by side anyway.

    To hand a part of a small operation to another thread costs more than to compute it.
    """
    return max(1, (os.cpu_count() or 1) // 4)
