"""Values that several published libraries agree on, for real series.

Libraries: NeuroKit2 0.2.13, hrv-analysis 1.0.6, Systole 0.3.1, pyHRV 0.5.0, nolds 0.6.2; the
Welch values are those the hrv package documents for its sample, and Systole's.
"""

from __future__ import annotations

import csv
import statistics
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from hrv.metrics import BY_NAME
from hrv.metrics.spectrum import welch
from hrv.model import NNSeries, Spectrum
from tests.hearts import column, words

NAMES = ("mean_nn", "sdnn", "rmssd", "pnn50", "sdsd", "sample_entropy")
TABLE: dict[str, tuple[int, tuple[float | None, ...], float | None]] = {
    "pyhrv_short": (337, (888.955, 95.690, 101.301, 48.512, 101.45, 1.7122), 0.66522),
    "hrv_rest": (910, (1058.7, 57.818, 55.137, 35.314, 55.168, 1.7738), 0.88058),
    "nsr004_5min": (329, (909.46, 41.050, 28.779, 7.622, 28.823, 1.3067), 1.2267),
    "nsr004": (97_814, (850.9611, 172.6196, 32.8854, 8.733, 32.8856, None), None),
    "mitdb100": (2_272, (794.5936, 48.8461, 63.2318, None, 63.2457, None), None),
}
FILES = {
    "pyhrv_short": "pyhrv_short_5min.csv",
    "hrv_rest": "hrv_rest_15min.csv",
    "nsr004_5min": "nsr004_24h.csv",
    "nsr004": "nsr004_24h.csv",
    "mitdb100": "mitdb100_30min.csv",
}
P37 = {  # n, SDNN, RMSSD of vu (ECG), empatica (wrist), heartmath (ear)
    "sitting": ((279, 89.455, 95.003), (279, 92.521, 101.365), (268, 168.014, 187.808)),
    "arithmetic": ((174, 104.632, 85.988), (173, 166.340, 222.127), (176, 172.402, 178.214)),
    "recovery": ((171, 75.974, 82.640), (172, 80.278, 86.707), (172, 85.818, 103.905)),
    "standing": ((197, 58.245, 39.315), (198, 60.135, 42.856), (198, 60.613, 49.318)),
}


def series(folder: Path, name: str) -> NNSeries:
    rr = column(folder / "rr" / FILES[name], "rr_ms")
    return NNSeries.unbroken(rr[np.cumsum(rr) <= 300_000] if name == "nsr004_5min" else rr)


def half_digit(value: float) -> float:
    """Half of the last printed place."""
    places = len(f"{value!r}".partition(".")[2])
    return 0.501 * 10.0**-places


@pytest.mark.parametrize("name", TABLE)
def test_metrics_agree_to_the_printed_digits(shared_data: Path, name: str) -> None:
    n, values, alpha = TABLE[name]
    nn = series(shared_data, name)
    assert nn.nn_ms.size == n
    for metric, value in zip(NAMES, values, strict=True):
        if value is not None:
            found = BY_NAME[metric].formula(nn)
            assert found == pytest.approx(value, abs=half_digit(value)), metric
    if alpha is not None:
        assert BY_NAME["dfa_alpha1"].value(nn) == pytest.approx(alpha, abs=half_digit(alpha))


def test_a_difference_of_exactly_50_ms_is_not_counted_by_rounding(shared_data: Path) -> None:
    nn = series(shared_data, "mitdb100")
    samples = np.rint(nn.nn_ms * 0.36).astype(int)  # 360 Hz: 50 ms are 18 samples
    more = np.count_nonzero(np.abs(np.diff(samples)) > 18)
    assert BY_NAME["pnn50"].formula(nn) == pytest.approx(100.0 * more / (samples.size - 1))


def whole(path: Path, scale: int = 1) -> list[int]:
    """Intervals as whole numbers of 1 / scale ms, read without any array."""
    with path.open(newline="") as file:
        return [round(float(row["rr_ms"]) * scale) for row in csv.DictReader(file)]


def test_two_values_the_libraries_disagree_on_by_exact_arithmetic(shared_data: Path) -> None:
    """A printed mean of 888.964 ms is a slip: 299,578 ms lie in 337 intervals. A printed pNN50 of
    9.9956 % counts differences of exactly 50 ms (18 of 360 samples a second) that only the
    rounding of a float lifts above 50: nine of the 33 there are."""
    beats = whole(shared_data / "rr" / FILES["pyhrv_short"])
    mean = Fraction(sum(beats), len(beats))
    assert (sum(beats), len(beats)) == (299_578, 337)
    assert float(mean) == statistics.fmean(beats) == pytest.approx(888.9555, abs=5e-5)
    assert BY_NAME["mean_nn"].formula(series(shared_data, "pyhrv_short")) == float(mean)
    samples = [round(Fraction(us * 9, 25_000)) for us in whole(  # 360 Hz: 0.00036 a microsecond
        shared_data / "rr" / FILES["mitdb100"], 1000)]  # fmt: skip
    steps = [abs(b - a) for a, b in pairwise(samples)]
    above, equal = sum(s > 18 for s in steps), steps.count(18)
    assert (above, equal, len(steps)) == (218, 33, 2_271)
    assert BY_NAME["pnn50"].formula(series(shared_data, "mitdb100")) == pytest.approx(
        float(Fraction(100 * above, len(steps))), rel=1e-12
    )
    floats = [sample / 360 * 1000 for sample in samples]
    lifted = sum(abs(b - a) > 50 for a, b in pairwise(floats))
    assert lifted == above + 9
    assert 100 * lifted / len(steps) == pytest.approx(9.9956, abs=5e-5)


def trapezoid(spectrum: Spectrum, low: float, high: float) -> float:
    """Band power as those libraries integrate it."""
    inside = (spectrum.frequency_hz >= low) & (spectrum.frequency_hz < high)
    power, f = spectrum.density_ms2_per_hz[inside], spectrum.frequency_hz[inside]
    return float(np.sum((power[1:] + power[:-1]) * np.diff(f)) / 2.0)


def test_welch_equals_what_the_hrv_package_documents(shared_data: Path) -> None:
    spectrum = welch(series(shared_data, "hrv_rest"), segment_s=64.0, trend=False)
    bands = [trapezoid(spectrum, *band) for band in ((0, 0.04), (0.04, 0.15), (0.15, 0.4))]
    assert bands == pytest.approx([546.817, 770.447, 895.025], abs=6e-4)
    assert sum(bands) == pytest.approx(2212.289, abs=6e-4)
    assert bands[1] / bands[2] == pytest.approx(0.86081, abs=6e-6)


@pytest.mark.parametrize(
    ("name", "lf", "hf"), [("hrv_rest", 825.97, 885.00), ("pyhrv_short", 1631.86, 5468.42)]
)
def test_welch_equals_systole_to_four_digits(
    shared_data: Path, name: str, lf: float, hf: float
) -> None:
    spectrum = welch(series(shared_data, name), trend=False)
    found = trapezoid(spectrum, 0.04, 0.15), trapezoid(spectrum, 0.15, 0.4)
    assert found == pytest.approx((lf, hf), rel=5e-5)


def seconds(clock: str) -> float:
    h, m, s = clock.split(":")
    return 3600.0 * int(h) + 60.0 * int(m) + float(s)


@pytest.mark.parametrize("condition", P37)
def test_three_devices_on_one_person(shared_data: Path, condition: str) -> None:
    folder = shared_data / "rr" / "wearables_p37"
    columns = (words(folder / "events.csv", c) for c in ("conditions", "datapoint", "timestamp"))
    marks = zip(*columns, strict=True)
    times = {point: seconds(at) for name, point, at in marks if name == condition}
    for device, (n, sdnn, rmssd) in zip(
        ("vu", "empatica", "heartmath"), P37[condition], strict=True
    ):
        t = column(folder / f"{device}.csv", "local_time_s")
        rr = column(folder / f"{device}.csv", "rr_ms")
        nn = NNSeries.unbroken(rr[(t >= times["start"]) & (t < times["end"])])
        assert nn.nn_ms.size == n
        assert BY_NAME["sdnn"].formula(nn) == pytest.approx(sdnn, abs=6e-4)
        assert BY_NAME["rmssd"].formula(nn) == pytest.approx(rmssd, abs=6e-4)
