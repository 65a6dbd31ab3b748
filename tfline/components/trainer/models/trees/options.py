"""What a spec can say of a forest: the arguments of YDF's learners, by their own names.

They are written down here, with what is allowed, so that a spec is checked and completed without
importing YDF; a test holds them against the signatures of the learners.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, TypedDict

from pydantic import Field

from tfline.transforms.errors import SpecError

Count = Annotated[int, Field(ge=1)]
Limit = Annotated[int, Field(ge=-1)]
Share = Annotated[float, Field(gt=0, le=1)]
Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Direction = Literal["increasing", "decreasing"]

Monotone = Annotated[
    dict[str, Direction] | None,
    Field(
        description="A number to how predictions may follow it, all else the same: `increasing` or "
        "`decreasing`. Of two classes it is the probability of the second.",
        examples=[{"fare": "increasing"}],
    ),
]


class TreeOptions(TypedDict, total=False):
    """How a tree of any forest is grown."""

    allow_na_conditions: Annotated[
        bool, Field(description="Let a node ask whether a value is missing.")
    ]
    categorical_algorithm: Annotated[
        Literal["CART", "ONE_HOT", "RANDOM"],
        Field(description="How categories are divided: by their mean label, one against all, or "
              "by the best of random subsets."),
    ]  # fmt: skip
    honest: Annotated[
        bool, Field(description="Choose nodes and values of leaves by different examples.")
    ]
    honest_fixed_separation: Annotated[
        bool, Field(description="Divide the examples of `honest` alike for all trees.")
    ]
    honest_ratio_leaf_examples: Annotated[
        Share, Field(description="The share of examples for the leaves, if `honest`.")
    ]
    in_split_min_examples_check: Annotated[
        bool, Field(description="Look at `min_examples` while a split is sought, not after.")
    ]
    keep_non_leaf_label_distribution: Annotated[
        bool, Field(description="Keep the labels of inner nodes, for those who read the trees.")
    ]
    maximum_model_size_in_memory_in_bytes: Annotated[
        float, Field(description="Stop at this size; -1: at none.")
    ]
    missing_value_policy: Annotated[
        Literal["GLOBAL_IMPUTATION", "LOCAL_IMPUTATION", "RANDOM_LOCAL_IMPUTATION"],
        Field(description="What a missing number counts as: the mean of all, the mean in the node, "
              "or a value drawn from the node."),
    ]  # fmt: skip
    num_candidate_attributes: Annotated[
        Limit | None,
        Field(description="Features tried at a node; 0: as usual for the forest; -1: all."),
    ]
    sorting_strategy: Annotated[
        Literal["AUTO", "IN_NODE", "FORCE_PRESORT", "PRESORT"],
        Field(description="Whether numbers are sorted once, which takes memory, or in each node."),
    ]
    sparse_oblique_max_num_features: Annotated[
        Limit | None, Field(description="Features in an oblique split; -1: any number.")
    ]
    sparse_oblique_max_num_projections: Annotated[
        Count | None, Field(description="Oblique splits tried at a node, at most.")
    ]
    sparse_oblique_normalization: Annotated[
        Literal["NONE", "STANDARD_DEVIATION", "MIN_MAX"] | None,
        Field(description="How numbers are scaled for an oblique split."),
    ]
    sparse_oblique_num_projections_exponent: Annotated[
        Weight | None,
        Field(description="Oblique splits tried: the number of features to this power."),
    ]
    sparse_oblique_projection_density_factor: Annotated[
        Weight | None, Field(description="How many features an oblique split has on average.")
    ]
    sparse_oblique_weights: Annotated[
        Literal["BINARY", "CONTINUOUS", "POWER_OF_TWO", "INTEGER"] | None,
        Field(description="Which factors an oblique split may have."),
    ]
    sparse_oblique_weights_integer_maximum: Annotated[
        int | None, Field(description="The largest factor, if they are `INTEGER`.")
    ]
    sparse_oblique_weights_integer_minimum: Annotated[
        int | None, Field(description="The smallest factor, if they are `INTEGER`.")
    ]
    sparse_oblique_weights_power_of_two_max_exponent: Annotated[
        int | None, Field(description="The largest exponent, if they are `POWER_OF_TWO`.")
    ]
    sparse_oblique_weights_power_of_two_min_exponent: Annotated[
        int | None, Field(description="The smallest exponent, if they are `POWER_OF_TWO`.")
    ]
    split_axis: Annotated[
        Literal["AXIS_ALIGNED", "SPARSE_OBLIQUE"],
        Field(description="Whether a split looks at one number or at a sum of several."),
    ]


class BoostingOptions(TreeOptions, total=False):
    """How trees are boosted."""

    dart_dropout: Annotated[
        Share | None,
        Field(description="The share of trees left out, for `forest_extraction: DART`."),
    ]
    early_stopping: Annotated[
        Literal["NONE", "MIN_LOSS_FINAL", "LOSS_INCREASE"],
        Field(description="By the loss on the eval split: keep all trees; grow all and keep the "
              "best number of them; or stop once it gets worse, and keep the best number."),
    ]  # fmt: skip
    early_stopping_initial_iteration: Annotated[
        int, Field(ge=0, description="The first iteration that may be the best.")
    ]
    early_stopping_num_trees_look_ahead: Annotated[
        Count, Field(description="So many trees may be grown without a lower loss.")
    ]
    forest_extraction: Annotated[
        Literal["MART", "DART"], Field(description="Boosting as usual, or with dropout.")
    ]
    goss_alpha: Annotated[
        Share, Field(description="The share of the largest gradients kept, for sampling by GOSS.")
    ]
    goss_beta: Annotated[
        Share, Field(description="The share of the other examples kept, for sampling by GOSS.")
    ]
    l1_regularization: Annotated[Weight, Field(description="Of the values of leaves.")]
    l2_categorical_regularization: Annotated[
        Weight, Field(description="Of the values of leaves, where categories are divided.")
    ]
    l2_regularization: Annotated[Weight, Field(description="Of the values of leaves.")]
    multinomial_initial_class_priors: Annotated[
        bool | None, Field(description="Begin with the shares of the classes, if they are several.")
    ]
    sampling_method: Annotated[
        Literal["NONE", "RANDOM", "GOSS"],
        Field(description="How the examples of a tree are drawn."),
    ]
    total_max_num_nodes: Annotated[
        Limit, Field(description="The most nodes of all trees together; -1: any number.")
    ]
    use_hessian_gain: Annotated[bool, Field(description="Judge a split by second derivatives too.")]
    validation_interval_in_trees: Annotated[
        Count, Field(description="Look at the eval split after so many trees.")
    ]


class RandomOptions(TreeOptions, total=False):
    """How the trees of a random forest are grown."""

    bootstrap_size_ratio: Annotated[
        float, Field(gt=0, description="Examples of a tree, as a share of all.")
    ]
    bootstrap_training_dataset: Annotated[
        bool, Field(description="Draw the examples of each tree; else all see all.")
    ]
    compute_oob_performances: Annotated[
        bool, Field(description="Measure the forest on what its trees have not seen.")
    ]
    compute_oob_variable_importances: Annotated[
        bool, Field(description="Measure features on what the trees have not seen.")
    ]
    num_oob_variable_importances_permutations: Annotated[
        Count, Field(description="How often each feature is shuffled for it.")
    ]
    sampling_with_replacement: Annotated[
        bool, Field(description="An example may be drawn several times for a tree.")
    ]
    growing_strategy: Annotated[
        Literal["LOCAL", "BEST_FIRST_GLOBAL"],
        Field(description="Divide every node down to `max_depth`, or the best one first."),
    ]
    max_num_nodes: Annotated[
        Limit | None, Field(description="The most leaves, for `BEST_FIRST_GLOBAL`.")
    ]


_ELSEWHERE = "said elsewhere in the spec, or found from the data"
_RANKING = "for ranking, which no task asks for"
_UPLIFT = "for uplift, which no task asks for"
_KIND = "for kinds of features that no transform makes"
_RANDOM = "for random forests of classes alone"
_CLOCK = "would make the forest depend on how fast the machine is"
_OURS = "set by the training itself"

LEFT_OUT: dict[str, str] = {
    **dict.fromkeys(
        ("label", "task", "weights", "class_weights", "features", "label_classes", "loss",
         "random_seed", "validation_ratio", "focal_loss_alpha", "focal_loss_gamma"),
        _ELSEWHERE,
    ),
    **dict.fromkeys(
        ("ranking_group", "cross_entropy_ndcg_truncation", "ndcg_truncation", "lambda_loss",
         "selective_gradient_boosting_ratio"),
        _RANKING,
    ),
    **dict.fromkeys(
        ("uplift_treatment", "uplift_min_examples_in_treatment", "uplift_split_score"), _UPLIFT
    ),
    **dict.fromkeys(
        ("categorical_set_split_greedy_maximum_mask_size", "categorical_set_split_greedy_sampling",
         "categorical_set_split_max_num_items", "categorical_set_split_min_item_frequency",
         "numerical_vector_sequence_enable_closer_than_conditions",
         "numerical_vector_sequence_enable_projected_more_than_conditions",
         "numerical_vector_sequence_num_examples", "numerical_vector_sequence_num_random_anchors"),
        _KIND,
    ),
    **dict.fromkeys(("mhld_oblique_max_num_attributes", "mhld_oblique_sample_attributes"), _RANDOM),
    **dict.fromkeys(
        ("maximum_training_duration_seconds", "adapt_subsample_for_maximum_training_duration",
         "adapt_bootstrap_size_ratio_for_maximum_training_duration"),
        _CLOCK,
    ),
    **dict.fromkeys(
        ("include_all_columns", "max_vocab_count", "min_vocab_frequency",
         "discretize_numerical_columns", "num_discretized_numerical_bins",
         "max_num_scanned_rows_to_infer_semantic", "max_num_scanned_rows_to_compute_statistics",
         "data_spec", "extra_training_config", "apply_link_function", "pure_serving_model",
         "compute_permutation_variable_importance", "workers", "resume_training",
         "resume_training_snapshot_interval_seconds", "working_dir", "num_threads", "tuner",
         "feature_selector", "explicit_args"),
        _OURS,
    ),
}  # fmt: skip
"""The arguments of YDF's learners that a spec does not have, and why."""


def check_monotone(
    monotone: Mapping[str, str] | None, strategy: str | None, hessian: bool | None
) -> None:
    """Refuses what YDF does not do together with monotone features.

    Args:
        monotone: The features.
        strategy: The given `growing_strategy`; None: not given.
        hessian: The given `use_hessian_gain`; None: not given.

    Raises:
        SpecError: One of both does not go with them.
    """
    if not monotone:
        return
    for name, given, refused in (
        ("growing_strategy", strategy, "BEST_FIRST_GLOBAL"),
        ("use_hessian_gain", hessian, False),
    ):
        if given == refused:
            raise SpecError(
                f"Monotone trees cannot be grown with {name}={given}",
                "model.boosted_trees",
                f"Take `{name}` out, or `monotone`.",
            )
