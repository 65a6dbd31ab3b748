"""A SavedModel in memory: TensorFlow's session, and the signatures to run it by."""

from __future__ import annotations

import contextlib
import ctypes
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tfline.serving.protos import config_pb2, meta_graph_pb2
from tfline.serving.server.c_api import Buffer, Output, Status, library
from tfline.serving.server.call import ENDLESS, Call, deadline_exceeded
from tfline.serving.server.lifetime import Lifetime
from tfline.serving.server.operators import OPERATORS
from tfline.serving.server.status import Code, StatusError, invalid_argument
from tfline.serving.server.tensor import Tensor

_VARIABLES = Path("variables", "variables.index")
_VARIABLE_OPERATION = b"VarHandleOp"

# RunOptions.inter_op_thread_pool: the thread of the request runs the operations itself, which costs
# half of what it does to hand them to other threads, and requests run in parallel anyway. Only
# other threads can be stopped at a deadline: this is done for runs that take so long that it costs
# them nothing.
_CALLERS_THREAD = -1
_WORTH_STOPPING_SECONDS = 0.005
_FADING = 0.99  # of the longest run of late, with each that is shorter
# What a run takes is the processor time of its thread: by the clock each is long while others have
# the processors. Only by the clock are known those in other threads, and those that wait.
_LONG_ELSEWHERE_SECONDS, _LONG_WAIT_SECONDS = 0.02, 1.0

_CLOSE_SECONDS = 30.0  # after that a session with a run that does not end stays in memory


_NOTHING = contextlib.nullcontext()


class Session:
    """A loaded SavedModel.

    Operations run in the caller's thread, each of them in parallel within itself, unless `config`
    asks for a number of threads between them, or there is a deadline, and runs with these inputs
    have lately taken so long that one has to be stopped by it.

    Args:
        folder: The folder of ``saved_model.pb``.
        tags: The tags of the meta graph to load.
        config: The options of the session.

    Attributes:
        signatures: All SignatureDefs of the meta graph, by name.

    Raises:
        StatusError: With the code and the text of TensorFlow's loader; or NOT_FOUND if the graph
            has variables and the folder has none.
    """

    def __init__(
        self, folder: Path, tags: Sequence[str], config: config_pb2.ConfigProto | None = None
    ) -> None:
        config = config or config_pb2.ConfigProto()
        self._elsewhere = bool(config.inter_op_parallelism_threads)
        self._options: bytes = config_pb2.RunOptions(
            inter_op_thread_pool=0 if config.inter_op_parallelism_threads else _CALLERS_THREAD
        ).SerializeToString()
        self._lifetime = Lifetime(f"The model of {folder}")
        self._longest: dict[tuple[str, ...], float] = {}  # seconds of the runs, by their inputs
        self._prepared: set[tuple[tuple[str, ...], ...]] = set()  # feeds and fetches
        lib = library()
        self._outputs: dict[str, Output] = {}
        self._pointer: int | None = None
        self._graph: int | None = lib.TF_NewGraph()
        meta_graph = lib.TF_NewBuffer()
        restored = (folder / _VARIABLES).is_file()  # what comes during the load is not read
        options = lib.TF_NewSessionOptions()
        try:
            status = Status()
            serialized = config.SerializeToString()
            lib.TF_SetConfig(options, serialized, len(serialized), status.pointer)
            status.check()
            with OPERATORS.looked_up():
                self._pointer = lib.TF_LoadSessionFromSavedModel(
                    options,
                    None,
                    bytes(folder),
                    (ctypes.c_char_p * len(tags))(*(tag.encode() for tag in tags)),
                    len(tags),
                    self._graph,
                    meta_graph,
                    status.pointer,
                )
            status.check()
            content = ctypes.string_at(meta_graph.contents.data, meta_graph.contents.length)
            if not restored and _VARIABLE_OPERATION in content:
                raise _without_variables(folder)
        except BaseException:
            self._free()
            raise
        finally:
            lib.TF_DeleteSessionOptions(options)
            lib.TF_DeleteBuffer(meta_graph)
        self.signatures: Mapping[str, meta_graph_pb2.SignatureDef] = dict(
            meta_graph_pb2.MetaGraphDef.FromString(content).signature_def
        )

    def close(self) -> None:
        """Ends: no run begins any more, and once those under way are over, all is freed."""
        if self._lifetime.close(_CLOSE_SECONDS):
            self._free()

    def _free(self) -> None:
        lib = library()
        if self._pointer is not None:
            status = Status()
            lib.TF_CloseSession(self._pointer, status.pointer)
            lib.TF_DeleteSession(self._pointer, status.pointer)
            self._pointer = None
        if self._graph is not None:
            lib.TF_DeleteGraph(self._graph)
            self._graph = None

    def run(
        self, feeds: Mapping[str, Tensor], fetches: Sequence[str], call: Call = ENDLESS
    ) -> list[Tensor]:
        """Runs the graph once.

        Args:
            feeds: Names of tensors of the graph (``"x:0"``), and their values.
            fetches: Names of the tensors to compute.
            call: Until when the values are wanted.

        Returns:
            The values of `fetches`, in their order.

        Raises:
            StatusError: With TensorFlow's code and text; DEADLINE_EXCEEDED or CANCELLED if nobody
                waits for the values; UNAVAILABLE after `close`.
        """
        call.check()
        kind = tuple(feeds)
        longest = self._longest.get(kind, _WORTH_STOPPING_SECONDS)
        options = self._run_options(call, longest)
        start, used = time.monotonic(), time.thread_time()
        what = kind, tuple(fetches)
        # The first run prepares the graph, and looks up its operators.
        preparing = _NOTHING if what in self._prepared else OPERATORS.looked_up()
        with self._lifetime, preparing:
            values = self._run(feeds, fetches, options)
        self._prepared.add(what)
        now, used = time.monotonic(), time.thread_time() - used
        elsewhere = self._elsewhere or options is not self._options
        by_clock = _LONG_ELSEWHERE_SECONDS if elsewhere else _LONG_WAIT_SECONDS
        taken = now - start if now - start >= by_clock else used
        faded = longest * _FADING if kind in self._longest else 0.0
        self._longest[kind] = max(taken, faded)
        if call.deadline is not None and now >= call.deadline:
            raise deadline_exceeded()
        return values

    def _run(
        self, feeds: Mapping[str, Tensor], fetches: Sequence[str], options: bytes
    ) -> list[Tensor]:
        status = Status()
        results = (ctypes.c_void_p * len(fetches))()
        library().TF_SessionRun(
            self._pointer,
            Buffer.of(options),
            (Output * len(feeds))(*(self._output(name) for name in feeds)),
            (ctypes.c_void_p * len(feeds))(*(tensor.pointer for tensor in feeds.values())),
            len(feeds),
            (Output * len(fetches))(*(self._output(name) for name in fetches)),
            results,
            len(fetches),
            None,
            0,
            None,
            status.pointer,
        )
        status.check()
        return [Tensor(pointer) for pointer in results if pointer is not None]

    def _run_options(self, call: Call, longest: float) -> bytes:
        """Returns the serialized RunOptions: with the deadline, if runs may have to be stopped."""
        seconds = call.seconds_left()
        if seconds is None or longest < _WORTH_STOPPING_SECONDS:
            return self._options
        options = config_pb2.RunOptions(timeout_in_ms=max(1, int(seconds * 1000)))
        serialized: bytes = options.SerializeToString()
        return serialized

    def _output(self, name: str) -> Output:
        """Returns the tensor `name` of the graph; looked up once."""
        output = self._outputs.get(name)
        if output is None:
            operation_name, _, index = name.partition(":")
            lib = library()
            operation = lib.TF_GraphOperationByName(self._graph, operation_name.encode())
            if not operation or int(index or 0) >= lib.TF_OperationNumOutputs(operation):
                raise invalid_argument(
                    f"Tensor {name}, specified in a signature, is not in the graph"
                )
            output = self._outputs[name] = Output(operation, int(index or 0))
        return output


def _without_variables(folder: Path) -> StatusError:
    """Returns the error for a folder without variables, such as one that is still being copied.

    TensorFlow loads such a model; each of its answers would be an error.
    """
    return StatusError(
        Code.NOT_FOUND,
        f"The graph has variables, but there was no {folder / _VARIABLES}: "
        "a model has to be written elsewhere and renamed",
    )
