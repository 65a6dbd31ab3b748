"""TensorFlow's C API, called through ctypes.

`tensorflow/c/c_api.h`, `tf_tensor.h`, `tf_status.h` and `tf_tstring.h` of the installed wheel are
the reference. The calls that take long release the GIL, so that sessions run in parallel; the
others keep it, because to take it back from a busy thread costs more than they do.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import sys
import threading
import types
from collections.abc import Iterator

from tfline.serving.protos import tensorflow_folder
from tfline.serving.server.status import Code, StatusError


class Buffer(ctypes.Structure):
    """``TF_Buffer``: bytes with a length, owned by whoever made them."""

    _fields_ = (
        ("data", ctypes.c_void_p),
        ("length", ctypes.c_size_t),
        ("deallocator", ctypes.c_void_p),
    )

    @classmethod
    def of(cls, content: bytes) -> Buffer:
        """Returns a buffer that reads `content` in place; keep `content` alive meanwhile."""
        return cls(ctypes.cast(ctypes.c_char_p(content), ctypes.c_void_p), len(content), None)


class Output(ctypes.Structure):
    """``TF_Output``: one output of an operation of a graph."""

    _fields_ = (("operation", ctypes.c_void_p), ("index", ctypes.c_int))


_STDERR = 2  # the file descriptor: the library does not write through Python
_POINTER = ctypes.c_void_p
_BUFFER = ctypes.POINTER(Buffer)
_OUTPUTS = ctypes.POINTER(Output)
_POINTERS = ctypes.POINTER(ctypes.c_void_p)
_DIMENSIONS = ctypes.POINTER(ctypes.c_int64)

_PROTOTYPES: dict[str, tuple[type | None, tuple[type, ...]]] = {
    "TF_Version": (ctypes.c_char_p, ()),
    "TF_NewStatus": (_POINTER, ()),
    "TF_DeleteStatus": (None, (_POINTER,)),
    "TF_GetCode": (ctypes.c_int, (_POINTER,)),
    "TF_Message": (ctypes.c_char_p, (_POINTER,)),
    "TF_NewBuffer": (_BUFFER, ()),
    "TF_DeleteBuffer": (None, (_BUFFER,)),
    "TF_NewGraph": (_POINTER, ()),
    "TF_DeleteGraph": (None, (_POINTER,)),
    "TF_GraphOperationByName": (_POINTER, (_POINTER, ctypes.c_char_p)),
    "TF_OperationNumOutputs": (ctypes.c_int, (_POINTER,)),
    "TF_NewSessionOptions": (_POINTER, ()),
    "TF_DeleteSessionOptions": (None, (_POINTER,)),
    "TF_SetConfig": (None, (_POINTER, ctypes.c_char_p, ctypes.c_size_t, _POINTER)),
    "TF_LoadSessionFromSavedModel": (
        _POINTER,
        (
            _POINTER,  # session options
            _BUFFER,  # run options
            ctypes.c_char_p,  # export folder
            ctypes.POINTER(ctypes.c_char_p),  # tags
            ctypes.c_int,
            _POINTER,  # graph
            _BUFFER,  # MetaGraphDef, out
            _POINTER,  # status
        ),
    ),
    "TF_LoadLibrary": (_POINTER, (ctypes.c_char_p, _POINTER)),
    "TF_SessionRun": (
        None,
        (
            _POINTER,  # session
            _BUFFER,  # run options
            _OUTPUTS,  # feeds
            _POINTERS,
            ctypes.c_int,
            _OUTPUTS,  # fetches
            _POINTERS,
            ctypes.c_int,
            _POINTERS,  # targets
            ctypes.c_int,
            _BUFFER,  # run metadata, out
            _POINTER,  # status
        ),
    ),
    "TF_CloseSession": (None, (_POINTER, _POINTER)),
    "TF_DeleteSession": (None, (_POINTER, _POINTER)),
    "TF_AllocateTensor": (_POINTER, (ctypes.c_int, _DIMENSIONS, ctypes.c_int, ctypes.c_size_t)),
    "TF_DeleteTensor": (None, (_POINTER,)),
    "TF_TensorFromProto": (None, (_BUFFER, _POINTER, _POINTER)),
    "TF_TensorType": (ctypes.c_int, (_POINTER,)),
    "TF_NumDims": (ctypes.c_int, (_POINTER,)),
    "TF_Dim": (ctypes.c_int64, (_POINTER, ctypes.c_int)),
    "TF_TensorByteSize": (ctypes.c_size_t, (_POINTER,)),
    "TF_TensorData": (_POINTER, (_POINTER,)),
    "TF_StringCopy": (None, (_POINTER, ctypes.c_void_p, ctypes.c_size_t)),
    "TF_StringGetDataPointer": (ctypes.c_void_p, (_POINTER,)),
    "TF_StringGetSize": (ctypes.c_size_t, (_POINTER,)),
}


_LONG_CALLS = {
    "TF_LoadLibrary",
    "TF_LoadSessionFromSavedModel",
    "TF_SessionRun",
    "TF_CloseSession",
    "TF_DeleteSession",
    "TF_DeleteGraph",
}


_loading = threading.Lock()


@functools.cache
def library() -> types.SimpleNamespace:
    """Returns the functions of TensorFlow's library that the server calls, typed.

    Raises:
        ModuleNotFoundError: If TensorFlow is not installed.
        OSError: If its library cannot be loaded.
    """
    with _loading:  # of threads that ask at the same time, one loads it
        return _library()


@functools.cache
def _library() -> types.SimpleNamespace:
    name = "libtensorflow_cc.2.dylib" if sys.platform == "darwin" else "libtensorflow_cc.so.2"
    path = str(tensorflow_folder() / name)
    with _silent_stderr():
        releasing, keeping = ctypes.CDLL(path), ctypes.PyDLL(path)
    functions = {}
    for function, (result, arguments) in _PROTOTYPES.items():
        prototype = getattr(releasing if function in _LONG_CALLS else keeping, function)
        prototype.restype = result
        prototype.argtypes = arguments
        functions[function] = prototype
    return types.SimpleNamespace(**functions)


@contextlib.contextmanager
def _silent_stderr() -> Iterator[None]:
    """Drops what the library says of the machine while it is loaded, which no setting prevents."""
    saved = os.dup(_STDERR)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), _STDERR)
        yield
    finally:
        os.dup2(saved, _STDERR)
        os.close(saved)


class Status:
    """``TF_Status``: where a call of the C API puts its outcome. Freed with the object."""

    __slots__ = ("pointer",)

    def __init__(self) -> None:
        self.pointer = library().TF_NewStatus()

    def __del__(self) -> None:
        library().TF_DeleteStatus(self.pointer)

    def check(self) -> None:
        """Raises the outcome if it is not OK.

        Raises:
            StatusError: With TensorFlow's code and text.
        """
        code = library().TF_GetCode(self.pointer)
        if code:
            message = library().TF_Message(self.pointer) or b""
            raise StatusError(Code(code), message.decode(errors="replace"))
