"""JSON as TensorFlow Serving reads and writes it: with NaN, Infinity and shortest floats."""

from __future__ import annotations

import array
import json
import math
import operator
import re
from collections.abc import Sequence
from itertools import compress
from typing import Any

import orjson

from tfline.serving.server.status import StatusError, invalid_argument

# A string from its first quote: to its last one, or, if there is none, to the end of the text, so
# that each character is looked at once, whatever is sent.
_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)'
_INFINITIES = re.compile(rf"({_STRING})|(-?)\bInf\b", re.DOTALL)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_TOKENS = re.compile(rf"{_STRING}|[\[\]{{}}]", re.DOTALL)
_MAX_DEPTH = 300  # TensorFlow's tensors have at most 254 dimensions
_MAX_REWRITTEN = 2**22  # characters: a text is not looked through token by token if it has more
_DEBUG_LENGTH = 200
_SHORT_DIGITS, _FLOAT_DIGITS, _DOUBLE_DIGITS = 6, 9, 17
_INT64_MIN, _UINT64_MAX = -(2**63), 2**64 - 1  # an integer beyond them is read as a float


def parse(text: bytes) -> Any:
    """Returns the first JSON document of `text`; what follows it is ignored.

    What JSON proper does not have, and what is wrong, takes ten times as long as the rest.

    Raises:
        StatusError: INVALID_ARGUMENT with the offset of what is wrong.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return _parse_leniently(text)


def _parse_leniently(text: bytes) -> Any:
    """Reads a document with NaN and Infinity, too large numbers, whatever depth, and a rest."""
    try:
        decoded = text.decode()
    except UnicodeDecodeError as error:
        raise _parse_error("Invalid encoding in string.", error.start) from error
    start = len(decoded) - len(decoded.lstrip())
    if start == len(decoded):
        raise invalid_argument("JSON Parse error: The document is empty")
    try:
        document = _decode(decoded, start)
    except json.JSONDecodeError as error:
        if "Inf" not in decoded or len(decoded) > _MAX_REWRITTEN:
            raise _parse_error(f"{error.msg}.", error.pos) from error
        document = _parse_infinities(decoded, start)
    if _SURROGATE.search(decoded):
        _check_surrogates(document)
    return document


def debug_text(value: Any) -> str:
    """Returns `value` for an error message, cut if it is long; no more of it is looked at."""
    if isinstance(value, str):
        value = value[: _DEBUG_LENGTH + 1]
    text = ""
    for piece in json.JSONEncoder().iterencode(value):
        text += piece
        if len(text) > _DEBUG_LENGTH:
            return f"{text[:_DEBUG_LENGTH]}..."
    return text


def type_error(value: Any, dtype_name: str) -> StatusError:
    """Returns the error for a value that does not fit a dtype."""
    return invalid_argument(
        f"JSON Value: {debug_text(value)} Type: {_type_name(value)} "
        f"is not of expected type: {dtype_name}"
    )


def format_error(value: Any, message: str) -> StatusError:
    """Returns the error for a document that is not built as it should be."""
    return invalid_argument(f"JSON Value: {debug_text(value)} {message}")


def float_texts(values: Sequence[float]) -> list[str]:
    """Returns the texts of 32-bit floats: six digits if they suffice, else nine."""
    return _number_texts(values, "f", _FLOAT_DIGITS)


def double_texts(values: Sequence[float]) -> list[str]:
    """Returns the texts of 64-bit floats: six digits if they suffice, else 17."""
    return _number_texts(values, "d", _DOUBLE_DIGITS)


def string_text(value: bytes) -> str:
    """Returns a string; bytes that are not UTF-8 survive as surrogates, see `encode`."""
    try:
        return orjson.dumps(value.decode()).decode()
    except UnicodeDecodeError:
        return json.dumps(value.decode(errors="surrogateescape"), ensure_ascii=False)


def encode(text: str) -> bytes:
    """Returns the bytes of a JSON document."""
    return text.encode(errors="surrogateescape")


def _decode(text: str, start: int) -> Any:
    try:
        return json.JSONDecoder(parse_int=_integer).raw_decode(text, start)[0]
    except RecursionError:
        if len(text) > _MAX_REWRITTEN:
            raise _parse_error("Nested too deep.", start) from None
        return _decode(_shallow(text), start)
    except json.JSONDecodeError:
        raise
    except OverflowError as error:
        raise _parse_error("Number too big to be stored in double.", start) from error


def _integer(text: str) -> int | float:
    """Returns an integer; one that does not fit into 64 bits as a float."""
    value = float(text)
    if math.isinf(value):
        raise OverflowError(text)
    if abs(value) > 2 * _UINT64_MAX:  # not read digit by digit, of which there may be thousands
        return value
    exact = int(text)
    return exact if _INT64_MIN <= exact <= _UINT64_MAX else value


def _check_surrogates(document: Any) -> None:
    """Raises if half of a character is in a string: it could not be sent back."""
    try:
        json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise _parse_error("The surrogate pair in string is invalid.", error.start) from error


def _shallow(text: str) -> str:
    """Returns `text` with null for all that is nested deeper than any tensor can be.

    Keys that are not used may be nested however deep; where a tensor is expected, null is refused.
    """
    parts, depth, kept = [], 0, 0
    for token in _TOKENS.finditer(text):
        if token[0] in "[{":
            depth += 1
            if depth == _MAX_DEPTH:
                parts += [text[kept : token.start()], "null"]
                kept = len(text)
        elif token[0] in "]}":
            if depth == _MAX_DEPTH:
                kept = token.end()
            depth -= 1
    return "".join([*parts, text[kept:]])


def _parse_infinities(text: str, start: int) -> Any:
    """Reads a document that spells infinity ``Inf``."""
    spelled = _INFINITIES.sub(lambda match: match[1] or f"{match[2]}Infinity", text)
    try:
        return _decode(spelled, start)
    except json.JSONDecodeError as error:
        raise _parse_error(f"{error.msg}.", error.pos) from error


def _parse_error(what: str, offset: int) -> StatusError:
    return invalid_argument(f"JSON Parse error: {what} at offset: {offset}")


def _type_name(value: Any) -> str:
    if value is None:
        return "Null"
    if isinstance(value, bool):
        return "True" if value else "False"
    names: dict[type, str] = {dict: "Object", list: "Array", str: "String"}
    return names.get(type(value), "Number")


def _number_texts(values: Sequence[float], form: str, digits: int) -> list[str]:
    """Returns the texts of floats: with as many digits as give the same float again.

    Args:
        values: The floats.
        form: Of one of them, as of `array.array`.
        digits: With so many, any of them is exact.
    """
    wanted = tuple(values)
    texts = _formatted(wanted, _SHORT_DIGITS)
    finite = all(map(math.isfinite, wanted))  # or else not JSON
    read = array.array(form, orjson.loads(f"[{','.join(texts)}]") if finite else map(float, texts))
    inexact = list(map(operator.ne, read, wanted))
    exact = iter(_formatted(tuple(compress(wanted, inexact)), digits))
    texts = [next(exact) if more else text for text, more in zip(texts, inexact, strict=True)]
    return [text if "." in text or "e" in text else _finished(text) for text in texts]


def _formatted(values: tuple[float, ...], digits: int) -> list[str]:
    return (f"%.{digits}g " * len(values) % values).split()


def _finished(text: str) -> str:
    """Returns the text of a float so that it cannot be taken for an integer."""
    return {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}.get(text, f"{text}.0")
