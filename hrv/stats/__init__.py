"""The mathematics with no heart in it."""

from hrv.stats.bagls import DAILY_NOISE, EPISODE_NOISE, NoiseGrid, bagls
from hrv.stats.mixture import MixtureT
from hrv.stats.multiple import benjamini_hochberg, holm
from hrv.stats.resample import block_bootstrap, moving_block_indices, theil_sen
from hrv.stats.steps import Step, largest_step
from hrv.stats.survival import (
    AftFit,
    Jackknifed,
    LogRank,
    SurvivalCurve,
    aft_jackknife,
    aft_lognormal,
    bagls_imputed,
    censoring_shares,
    impute,
    kaplan_meier,
    log_rank,
    median_imputed,
    truncated_regression,
    turnbull,
)

__all__ = [
    "DAILY_NOISE",
    "EPISODE_NOISE",
    "AftFit",
    "Jackknifed",
    "LogRank",
    "MixtureT",
    "NoiseGrid",
    "Step",
    "SurvivalCurve",
    "aft_jackknife",
    "aft_lognormal",
    "bagls",
    "bagls_imputed",
    "benjamini_hochberg",
    "block_bootstrap",
    "censoring_shares",
    "holm",
    "impute",
    "kaplan_meier",
    "largest_step",
    "log_rank",
    "median_imputed",
    "moving_block_indices",
    "theil_sen",
    "truncated_regression",
    "turnbull",
]
