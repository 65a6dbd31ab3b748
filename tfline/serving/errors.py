"""The errors of the client and of starting a server: one small tree.

TflineError
└── ServingError
    ├── RowError          a row does not fit the model: unknown feature, wrong type
    ├── UnreachableError  no server answers at the address
    ├── DeadlineError     the answer did not come in time
    ├── BusyError         the server has more to do than it takes: ask again later
    ├── RequestError      the server answered with an error
    │   └── RejectedError the request does not fit the model that is served
    └── StartError        a server process could not be started
"""

from __future__ import annotations

from tfline.transforms.errors import TflineError


class ServingError(TflineError):
    """Anything that keeps a prediction from arriving."""


class RowError(ServingError):
    """A row does not fit the model."""


class UnreachableError(ServingError):
    """No server answers at the address."""


class DeadlineError(ServingError):
    """The answer did not come in time."""


class BusyError(ServingError):
    """The server has more to do than it takes; the request was not answered."""


class RequestError(ServingError):
    """The server answered with an error."""


class RejectedError(RequestError):
    """The request does not fit the model that is served."""


class StartError(ServingError):
    """A server process could not be started."""
