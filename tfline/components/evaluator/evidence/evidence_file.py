"""``evidence.json`` and ``sample.npz``: what a report shows of a model beside its verdict.

Both lie beside ``verdict.json``. They decide nothing. Read by reports, so there is no TensorFlow.
"""

from __future__ import annotations

import pydantic

from tfline.transforms.features import FrozenModel

FILE_NAME = "evidence.json"

SAMPLE_FILE = "sample.npz"
"""Arrays ``labels`` and ``predictions`` of the examined records; ``weights`` if they have some;
``places``, float64 [n, 2], if there is a map: NaN where a record is at none.

Their shapes are those of `tfline.metrics.statistic`.
"""


class Importance(FrozenModel):
    """How much worse a metric becomes when one raw feature is shuffled among the records.

    Attributes:
        feature: The raw feature.
        loss: Mean over the rounds; positive: the model is worse without the feature.
        spread: Standard deviation over the rounds; 0.0 if there is only one.
    """

    feature: str
    loss: float
    spread: float


class Importances(FrozenModel):
    """The permutation importance of all raw features, the largest first.

    Attributes:
        metric: What becomes worse.
        base: Its value on the same records as they are.
        records: How many records were shuffled.
        rounds: How often.
        features: One entry a raw feature.
    """

    metric: str
    base: float
    records: int
    rounds: int
    features: tuple[Importance, ...] = pydantic.Field(strict=False)


class Associations(FrozenModel):
    """How closely raw features go together; see `associations`.

    Attributes:
        names: Raw features, the label first.
        values: [i][j] from -1 to 1, of names i and j; None if it is not defined.
        records: How many records they were computed from.
    """

    names: tuple[str, ...] = pydantic.Field(strict=False)
    values: tuple[tuple[float | None, ...], ...] = pydantic.Field(strict=False)
    records: int

    @pydantic.field_validator("values", mode="before")
    @classmethod
    def _read_rows(cls, values: object) -> object:
        return tuple(map(tuple, values)) if isinstance(values, list) else values


class Values(FrozenModel):
    """What a raw feature holds in one record: numbers, texts, or bytes; one of them.

    Attributes:
        numbers: At most the first few thousand; None: infinite or not a number.
        texts: UTF-8.
        encoded: Base64 of what is no text, such as a picture.
    """

    numbers: tuple[float | None, ...] = pydantic.Field(default=(), strict=False)
    texts: tuple[str, ...] = pydantic.Field(default=(), strict=False)
    encoded: tuple[str, ...] = pydantic.Field(default=(), strict=False)


class Mistake(FrozenModel):
    """A record on which the model is far off.

    Attributes:
        record: Its number among the eval records, from 0.
        label: The true class or classes, or numbers.
        predicted: The predicted ones.
        error: Probability that the model gave to another class than the true one; mean distance
            of numbers; negative log-likelihood of a text, a token; what two boxes do not share of
            their union; share of wrong pixels.
        features: The raw features that the model sees.
        attributions: What each of them has added to the answer; empty: not known.
        unit: What is added to, in words.
    """

    record: int
    label: str
    predicted: str
    error: float
    features: dict[str, Values]
    attributions: dict[str, float] = pydantic.Field(default_factory=dict)
    unit: str = ""


class Evidence(FrozenModel):
    """What was found in a sample of the eval records.

    Attributes:
        format: Version of the file.
        records: How many records were examined.
        importances: None if the model has only one raw feature, or its task no usual metric.
        associations: None if there are no two columns to compare.
        mistakes: The worst of the records, the worst first.
        map: The raw features that say where a record is, to the right and upwards.
    """

    format: int = 1
    records: int
    importances: Importances | None = None
    associations: Associations | None = None
    mistakes: tuple[Mistake, ...] = pydantic.Field(default=(), strict=False)
    map: tuple[str, str] | None = pydantic.Field(default=None, strict=False)
