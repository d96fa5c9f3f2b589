"""Values of lifelines and statsmodels for `tests/stats`, written with their versions.

Run in the environment of foreign libraries: `python tests/standards/make_stats_oracles.py`.
"""

from __future__ import annotations

import json
from pathlib import Path

import lifelines
import numpy as np
import pandas as pd
import statsmodels
import statsmodels.api as sm
from lifelines.statistics import logrank_test
from statsmodels.stats.multitest import multipletests

TARGET = Path(__file__).parent / "stats_oracles.json"


def times(rng: np.random.Generator, n: int = 60) -> pd.DataFrame:
    """Log-normal times of two groups, some interrupted, some faster than 40 s."""
    a, b = rng.normal(size=n), (np.arange(n) % 2).astype(float)
    true = np.exp(4.6 + 0.3 * a - 0.4 * b + 0.6 * rng.normal(size=n))
    stop = rng.uniform(60.0, 500.0, n)
    seen = true <= stop
    return pd.DataFrame(
        {"time": np.round(np.minimum(true, stop), 1), "seen": seen.astype(int), "a": a, "b": b}
    ).round({"a": 3})


def aft(frame: pd.DataFrame) -> dict[str, object]:
    right = lifelines.LogNormalAFTFitter().fit(frame, "time", "seen")
    return {
        "right": {
            "beta": [float(right.params_["mu_"][k]) for k in ("Intercept", "a", "b")],
            "ln_sd": float(right.params_["sigma_"]["Intercept"]),
            "se": [float(right.standard_errors_["mu_"][k]) for k in ("Intercept", "a", "b")],
            "log_likelihood": float(right.log_likelihood_),
        },
        "interval": interval(frame),
    }


def interval(frame: pd.DataFrame) -> dict[str, object]:
    low = np.where(frame.time < 40.0, 1e-8, frame.time)
    high = np.where(frame.time < 40.0, 40.0, np.where(frame.seen == 1, frame.time, np.inf))
    table = pd.DataFrame({"low": low, "high": high, "a": frame.a, "b": frame.b})
    table["seen"] = (table.low == table.high).astype(int)
    fit = lifelines.LogNormalAFTFitter()
    start = np.array([4.6, 0.0, 0.0, 0.0])
    fit.fit_interval_censoring(table, "low", "high", event_col="seen", initial_point=start)
    return {
        "beta": [float(fit.params_["mu_"][k]) for k in ("Intercept", "a", "b")],
        "ln_sd": float(fit.params_["sigma_"]["Intercept"]),
    }


def curves(frame: pd.DataFrame) -> dict[str, object]:
    fit = lifelines.KaplanMeierFitter().fit(frame.time, frame.seen)
    band = lifelines.utils.median_survival_times(fit.confidence_interval_)
    first = frame.b == 1
    test = logrank_test(
        frame.time[first], frame.time[~first], frame.seen[first], frame.seen[~first]
    )
    return {
        "survival_at_100": float(fit.predict(100.0)),
        "median": float(fit.median_survival_time_),
        "median_interval": [float(x) for x in band.iloc[0]],
        "log_rank": float(test.test_statistic),
        "log_rank_p": float(test.p_value),
    }


def corrections() -> dict[str, object]:
    p = [0.001, 0.04, 0.03, 0.2, 0.012, 0.9]
    return {
        "p": p,
        "holm": multipletests(p, method="holm")[1].tolist(),
        "fdr": multipletests(p, method="fdr_bh")[1].tolist(),
    }


def newey_west(rng: np.random.Generator) -> dict[str, object]:
    y = np.round(np.cumsum(rng.normal(size=40)) * 0.3 + rng.normal(size=40), 3)
    design = sm.add_constant(np.arange(40) / 39.0)
    fit = sm.OLS(y, design).fit(
        cov_type="HAC", cov_kwds={"maxlags": 4, "use_correction": True}, use_t=True
    )
    plain = sm.OLS(y, design).fit()
    return {
        "y": y.tolist(),
        "lags": 4,
        "slope": float(fit.params[1]),
        "se": float(fit.bse[1]),
        "p": float(fit.pvalues[1]),
        "ols_p": float(plain.pvalues[1]),
    }


def cox(frame: pd.DataFrame) -> dict[str, object]:
    fit = lifelines.CoxPHFitter().fit(frame, "time", "seen")
    return {
        "beta": [float(fit.params_[k]) for k in ("a", "b")],
        "se": [float(fit.standard_errors_[k]) for k in ("a", "b")],
    }


def main() -> None:
    rng = np.random.default_rng(21)
    frame = times(rng)
    values = {
        "versions": {"lifelines": lifelines.__version__, "statsmodels": statsmodels.__version__},
        "times": frame.to_dict(orient="list"),
        "aft": aft(frame),
        "curves": curves(frame),
        "cox": cox(frame),
        "corrections": corrections(),
        "newey_west": newey_west(rng),
    }
    TARGET.write_text(json.dumps(values, indent=1) + "\n")


if __name__ == "__main__":
    main()
