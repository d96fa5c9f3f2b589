"""The other side of `beats.py`: runs in the environment of foreign libraries, without ours.

`python beats_foreign.py speed LIBRARY JOBS.json`, or `values|correct FILE.json`; prints JSON.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

warnings.simplefilter("ignore")
LIBRARIES = ("neurokit2", "systole", "hrv-analysis", "biosppy", "nolds", "heartpy", "astropy")


def windows(rr: Any, step_s: float = 300.0) -> list[Any]:
    """Five-minute windows, one after the other."""
    t = np.cumsum(rr) / 1000.0
    bounds = np.searchsorted(t, np.arange(0.0, t[-1], step_s))
    return [rr[a:b] for a, b in pairwise(bounds)]


def neurokit(item: str, rr: Any) -> Callable[[], Any]:
    nk = import_module("neurokit2")
    peaks = nk.intervals_to_peaks(rr, sampling_rate=1000)

    def spectrum(x: Any, method: str) -> Any:
        beats = nk.intervals_to_peaks(x, sampling_rate=1000)
        rate = None if method == "lomb" else 4  # its default of 100 Hz is slower and worse
        return nk.hrv_frequency(
            beats, sampling_rate=1000, psd_method=method, normalize=False, interpolation_rate=rate
        )

    def entropy(x: Any) -> Any:
        r = 0.2 * float(np.std(x, ddof=1))
        return nk.entropy_sample(x, delay=1, dimension=2, tolerance=r)

    def scaling(x: Any) -> Any:
        return nk.fractal_dfa(x, scale=np.arange(4, 17))

    def day() -> None:
        for x in windows(rr):
            nk.hrv_time(nk.intervals_to_peaks(x, sampling_rate=1000), sampling_rate=1000)
            spectrum(x, "welch")
            scaling(x)
            entropy(x)

    def roll() -> None:
        for x in windows(rr):
            nk.hrv_time(nk.intervals_to_peaks(x, sampling_rate=1000), sampling_rate=1000)

    jobs: dict[str, Callable[[], Any]] = {
        "artefacts": lambda: nk.signal_fixpeaks(
            peaks, sampling_rate=1000, iterative=True, method="kubios"
        ),
        "artefacts, one pass": lambda: nk.signal_fixpeaks(
            peaks, sampling_rate=1000, iterative=False, method="kubios"
        ),
        "time domain": lambda: nk.hrv_time(peaks, sampling_rate=1000),
        "Welch": lambda: spectrum(rr, "welch"),
        "Lomb": lambda: spectrum(rr, "lomb"),
        "DFA alpha 1": lambda: scaling(rr),
        "sample entropy": lambda: entropy(rr),
        "rolling": roll,
        "day of windows": day,
    }
    return jobs[item]


def others(item: str, library: str, rr: Any) -> Callable[[], Any]:
    if library == "systole":
        peaks = np.zeros(int(rr.sum()) + 2, dtype=bool)
        peaks[np.cumsum(rr).astype(int)] = True
        if item == "artefacts, detection":
            artefacts = import_module("systole.detection").rr_artefacts
            return lambda: artefacts(rr)
        module = import_module("systole.hrv")
        if item == "time domain":
            return lambda: module.time_domain(rr, input_type="rr_ms")
        return lambda: module.frequency_domain(rr, input_type="rr_ms")
    if library == "hrv-analysis":
        module = import_module("hrvanalysis")
        if item == "Lomb":
            return lambda: module.get_frequency_domain_features(rr.tolist(), method="lomb")
        return lambda: [module.get_time_domain_features(x.tolist()) for x in windows(rr)]
    if library == "nolds":
        module = import_module("nolds")
        return lambda: module.dfa(rr, nvals=list(range(4, 17)), overlap=False, fit_exp="poly")
    if library == "biosppy":
        module = import_module("biosppy.signals.hrv")
        return lambda: module.hrv_frequencydomain(rr, detrend_rri=False, show=False)
    module = import_module("heartpy.analysis")
    return lambda: module.calc_breathing(rr, measures={}, working_data={})


def peak_mb(reset: bool = False) -> float:
    """Largest resident size since the last reset (Linux), MB."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return float(line.split()[1]) / 1024.0
    return float("nan")


def timed(run: Callable[[], Any], least_s: float = 0.5) -> dict[str, float]:
    """CPU seconds of the best run, and the memory that runs add at their peak."""
    before = peak_mb(reset=True)
    times: list[float] = []
    while sum(times) < least_s and len(times) < 20:
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return {"cpu_s": min(times), "more_mb": peak_mb() - before}


def speed(library: str, jobs: list[tuple[str, str]]) -> list[Any]:
    """Every job (item, file) of one library in one process, after a small run of each."""
    done: list[Any] = []
    for item, file in jobs:
        rr = np.load(file)
        try:
            for beats in (rr[:400], rr) if item != "day of windows" else (rr,):
                run = (
                    neurokit(item, beats)
                    if library == "neurokit2"
                    else others(item, library, beats)
                )
                if beats is not rr:
                    run()
            done.append(timed(run))
        except Exception as error:  # whatever a foreign library raises
            print(f"{library} {item}: {error!r}", file=sys.stderr)
            done.append(None)
    return done


def values(series: dict[str, list[float]]) -> dict[str, Any]:
    """Metric by library for every series."""
    nk, ha = import_module("neurokit2"), import_module("hrvanalysis")
    systole, nolds = import_module("systole.hrv"), import_module("nolds")
    out: dict[str, Any] = {}
    for name, rr_list in series.items():
        rr = np.array(rr_list)
        peaks = nk.intervals_to_peaks(rr, sampling_rate=1000)
        time_nk = nk.hrv_time(peaks, sampling_rate=1000).iloc[0]
        welch = nk.hrv_frequency(
            peaks, sampling_rate=1000, psd_method="welch", normalize=False, interpolation_rate=4
        ).iloc[0]
        lomb = nk.hrv_frequency(
            peaks, sampling_rate=1000, psd_method="lomb", normalize=False, interpolation_rate=None
        ).iloc[0]
        nonlinear = nk.hrv_nonlinear(peaks, sampling_rate=1000).iloc[0]
        time_ha = ha.get_time_domain_features(rr.tolist())
        welch_ha = ha.get_frequency_domain_features(rr.tolist(), method="welch")
        lomb_ha = ha.get_frequency_domain_features(rr.tolist(), method="lomb")
        sd_ha = ha.get_poincare_plot_features(rr.tolist())
        time_sy = systole.time_domain(rr, input_type="rr_ms").set_index("Metric")["Values"]
        freq_sy = systole.frequency_domain(rr, input_type="rr_ms").set_index("Metric")["Values"]
        line_sy = systole.nonlinear_domain(rr, input_type="rr_ms").set_index("Metric")["Values"]
        r = 0.2 * float(np.std(rr, ddof=1))
        out[name] = {
            "mean_nn": {"neurokit2": time_nk["HRV_MeanNN"], "hrv-analysis": time_ha["mean_nni"],
                        "systole": time_sy["MeanRR"]},
            "median_nn": {"neurokit2": time_nk["HRV_MedianNN"],
                          "hrv-analysis": time_ha["median_nni"], "systole": time_sy["MedianRR"]},
            "sdnn": {"neurokit2": time_nk["HRV_SDNN"], "hrv-analysis": time_ha["sdnn"],
                     "systole": time_sy["SDNN"]},
            "rmssd": {"neurokit2": time_nk["HRV_RMSSD"], "hrv-analysis": time_ha["rmssd"],
                      "systole": time_sy["RMSSD"]},
            "sdsd": {"neurokit2": time_nk["HRV_SDSD"], "hrv-analysis": time_ha["sdsd"]},
            "pnn50": {"neurokit2": time_nk["HRV_pNN50"], "hrv-analysis": time_ha["pnni_50"],
                      "systole": time_sy["pnn50"]},
            "pnn20": {"neurokit2": time_nk["HRV_pNN20"], "hrv-analysis": time_ha["pnni_20"]},
            "cvnn": {"neurokit2": 100 * time_nk["HRV_CVNN"],
                     "hrv-analysis": 100 * time_ha["cvnni"]},
            "cvsd": {"neurokit2": 100 * time_nk["HRV_CVSD"],
                     "hrv-analysis": 100 * time_ha["cvsd"]},
            "iqr_nn": {"neurokit2": time_nk["HRV_IQRNN"]},
            "sd1": {"neurokit2": nonlinear["HRV_SD1"], "hrv-analysis": sd_ha["sd1"],
                    "systole": line_sy["SD1"]},
            "sd2": {"neurokit2": nonlinear["HRV_SD2"], "hrv-analysis": sd_ha["sd2"],
                    "systole": line_sy["SD2"]},
            "lf": {"neurokit2": lomb["HRV_LF"], "hrv-analysis": lomb_ha["lf"]},
            "hf": {"neurokit2": lomb["HRV_HF"], "hrv-analysis": lomb_ha["hf"]},
            "lf_hf": {"neurokit2": lomb["HRV_LFHF"], "hrv-analysis": lomb_ha["lf_hf_ratio"]},
            "lf_welch": {"neurokit2": welch["HRV_LF"], "hrv-analysis": welch_ha["lf"],
                         "systole": freq_sy["lf_power"]},
            "hf_welch": {"neurokit2": welch["HRV_HF"], "hrv-analysis": welch_ha["hf"],
                         "systole": freq_sy["hf_power"]},
            "dfa_alpha1": {"neurokit2": nonlinear["HRV_DFA_alpha1"],
                           "nolds": nolds.dfa(rr, nvals=list(range(4, 17)), overlap=False,
                                              fit_exp="poly")},
            "sample_entropy": {"neurokit2": nk.entropy_sample(rr, delay=1, dimension=2,
                                                              tolerance=r)[0],
                               "nolds": nolds.sampen(rr, emb_dim=2, tolerance=r)},
        }  # fmt: skip
    return {
        name: {m: {k: float(v) for k, v in row.items()} for m, row in table.items()}
        for name, table in out.items()
    }


def corrected(cases: list[list[float]]) -> dict[str, list[Any]]:
    """Flagged intervals and the RMSSD that is left, per library and case."""
    nk = import_module("neurokit2")
    systole = import_module("systole.detection"), import_module("systole.correction")
    out: dict[str, list[Any]] = {
        "NeuroKit2": [],
        "NeuroKit2, one pass": [],
        "Systole": [],
    }

    def rmssd(x: Any) -> float:
        return float(np.sqrt(np.mean(np.diff(x) ** 2)))

    for case in cases:
        rr = np.array(case)
        peaks = np.concatenate(([0], np.rint(np.cumsum(rr)))).astype(int)
        for name, again in (("NeuroKit2", True), ("NeuroKit2, one pass", False)):
            if again and rr.size > 5000:  # half a minute for one record
                out[name].append(None)
                continue
            found, fixed = nk.signal_fixpeaks(
                peaks, sampling_rate=1000, iterative=again, method="kubios"
            )
            marks = sorted({int(i) for k in ("ectopic", "missed", "extra", "longshort")
                            for i in found[k]})  # fmt: skip
            flags = [i - 1 for i in marks if 0 < i <= rr.size]
            out[name].append({"flags": flags, "rmssd": rmssd(np.diff(fixed))})
        found = systole[0].rr_artefacts(rr)
        marks = np.flatnonzero(
            found["ectopic"] | found["short"] | found["long"] | found["extra"] | found["missed"]
        ).tolist()
        try:
            left = rmssd(systole[1].correct_rr(rr)[0])
        except (IndexError, ValueError):  # its own overflow after corrections
            left = rmssd(rr)
        out["Systole"].append({"flags": [int(i) for i in marks], "rmssd": left})
    return out


def main(task: str, *rest: str) -> None:
    if task == "versions":
        done: Any = {name: version(name) for name in (*LIBRARIES, "numpy", "scipy", "pandas")}
    elif task == "speed":
        done = speed(rest[0], json.loads(Path(rest[1]).read_text()))
    else:
        given = json.loads(Path(rest[0]).read_text())
        done = values(given) if task == "values" else corrected(given)
    print("\n" + json.dumps(done))


if __name__ == "__main__":
    main(*sys.argv[1:])
