"""The figure of the permutation importance."""

from __future__ import annotations

from tfline.components.evaluator.evidence.evidence_file import Importances
from tfline.pipelines.report.figures.plot import BLUE, DARK, GREY, Figure, axis, escape

_SHOWN = 30


def draw(section: Importances) -> dict[str, Figure]:
    """Returns the figure."""
    shown = section.features[:_SHOWN][::-1]
    first = section.features[0]
    word = "rise" if section.metric in ("rmse", "mae") else "loss"
    return {
        "importance": Figure(
            title=f"{word.capitalize()} of {section.metric} when a feature is shuffled",
            description=f"Permutation importance of {len(section.features)} raw features; the "
            f"largest is {first.loss:.4g}, of {first.feature}.",
            data=[
                {
                    "type": "bar",
                    "orientation": "h",
                    "y": [escape(feature.feature, 28) for feature in shown],
                    "x": [feature.loss for feature in shown],
                    "error_x": {
                        "type": "data",
                        "array": [feature.spread for feature in shown],
                        "color": DARK,
                        "thickness": 1,
                        "width": 3,
                    },
                    "marker": {"color": [BLUE if f.loss > 0 else GREY for f in shown]},
                    "hovertemplate": "%{y}: %{x:.4f}<extra></extra>",
                }
            ],
            layout={
                "xaxis": axis(f"{word} of {section.metric}"),
                "yaxis": {"type": "category", "tickfont": {"size": 12}},
            },
            height=90 + 24 * len(shown),
            wide=True,
            note=f"{section.records:,} eval records, {section.metric} {section.base:.4g} as they "
            f"are; mean of {section.rounds} shuffle{'' if section.rounds == 1 else 's'}"
            + (", bars: one standard deviation." if section.rounds > 1 else ".")
            + " Of two features that say the same, each may look unimportant.",
        )
    }
