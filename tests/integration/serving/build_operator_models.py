"""Writes SavedModels with operators of other wheels: python build_operator_models.py FOLDER.

Beside each is what Python answers: answers.json.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import tensorflow as tf
import tensorflow_text as tf_text
import ydf

WORDS = ["héllo wörld", "ÀB"]
ROWS = [0.1, 0.9]


class Words(tf.Module):
    """Takes words apart, and makes them small."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="x")])
    def __call__(self, x):
        folded = tf_text.case_fold_utf8(x)
        tokens = tf_text.WhitespaceTokenizer().tokenize(folded)
        return {"folded": folded, "count": tf.cast(tokens.row_lengths(), tf.float32)}


def main(folder: Path) -> None:
    words = Words()
    tf.saved_model.save(words, str(folder / "words"), signatures=words.__call__)
    answers = words(tf.constant(WORDS))
    generator = np.random.default_rng(0)
    data = {
        "f": generator.random(200, dtype=np.float32),
        "g": generator.random(200, dtype=np.float32),
    }
    data["label"] = np.where(data["f"] > 0.5, "yes", "no")
    forest = ydf.GradientBoostedTreesLearner(label="label", num_trees=3).train(data)
    forest.to_tensorflow_saved_model(str(folder / "forest"), mode="tf")
    columns = {"f": np.array(ROWS, np.float32), "g": np.array(ROWS, np.float32)}
    expected = {
        "words": WORDS,
        "rows": ROWS,
        "folded": [value.decode() for value in answers["folded"].numpy()],
        "count": answers["count"].numpy().tolist(),
        "forest": forest.predict(columns).tolist(),
    }
    (folder / "answers.json").write_text(json.dumps(expected))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
