"""Pictures of beats, each drawn from its noun on given axes: for people who look into the data."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Ellipse
from matplotlib.ticker import FuncFormatter, LogLocator

from hrv.metrics.fluctuation import LONG_BEATS, SHORT_BEATS
from hrv.metrics.sd1 import sd1_ms
from hrv.metrics.sd2 import sd2_ms
from hrv.metrics.spectrum import HF_HZ, LF_HZ, VLF_HZ
from hrv.model import BeatLabel, Cleaned, FloatArray, Fluctuation, NNSeries, Spectrum
from hrv.report.figures import Ink

# a label's colour role, sign and sentence; signs differ so that colour is never alone
_SIGNS = {
    BeatLabel.MISSED: ("then", "^", "beat.missed"),
    BeatLabel.EXTRA: ("now", "v", "beat.extra"),
    BeatLabel.ECTOPIC: ("then", "x", "beat.ectopic"),
    BeatLabel.LONG: ("soft", "+", "beat.long"),
    BeatLabel.SHORT: ("soft", "_", "beat.short"),
    BeatLabel.UNUSABLE: ("neutral", ".", "beat.unusable"),
}


def draw_tachogram(ax: Axes, ink: Ink, cleaned: Cleaned) -> None:
    """Corrected intervals over minutes, recorded ones that were not normal, gaps shaded."""
    words, palette = ink.words, ink.palette
    nn = cleaned.nn
    recorded = cleaned.t_s
    begin = float(min(recorded[:1].tolist() + nn.t_s[:1].tolist(), default=0.0))
    minutes, value = _broken(nn, begin)
    ax.plot(minutes, value, color=palette.now, linewidth=0.9, label=words.say("beat.normal"))
    for label, (role, sign, word) in _SIGNS.items():
        here = cleaned.label == label
        if here.any():
            ax.plot(
                (recorded[here] - begin) / 60.0,
                cleaned.rr_ms[here],
                linestyle="none",
                marker=sign,
                markersize=6,
                color=getattr(palette, role),
                label=words.say(word, n=int(here.sum())),
            )
    starts = nn.t_s - nn.nn_ms / 1000.0
    for i in np.flatnonzero(starts[1:] - nn.t_s[:-1] > 0.05).tolist():
        ax.axvspan(
            (nn.t_s[i] - begin) / 60.0,
            (starts[i + 1] - begin) / 60.0,
            facecolor=palette.grid,
            hatch="///",
            edgecolor=palette.neutral,
            linewidth=0.0,
        )
    ax.set_xlabel(words.say("axis.time_min"))
    ax.set_ylabel(words.say("axis.rr"))
    ax.legend(loc="upper center", bbox_to_anchor=(0.45, -0.2), ncols=2)


def _broken(nn: NNSeries, begin_s: float) -> tuple[FloatArray, FloatArray]:
    """Minutes and intervals with a blank where a gap interrupts the line."""
    gap = np.flatnonzero(nn.t_s[1:] - nn.nn_ms[1:] / 1000.0 - nn.t_s[:-1] > 0.05) + 1
    minutes = np.insert((nn.t_s - begin_s) / 60.0, gap, np.nan)
    return minutes, np.insert(nn.nn_ms, gap, np.nan)


def draw_poincare(ax: Axes, ink: Ink, nn: NNSeries) -> None:
    """Each interval against the one before, true neighbours only, with the SD1/SD2 ellipse."""
    words, palette = ink.words, ink.palette
    pair = np.flatnonzero(nn.joined)
    before, after = nn.nn_ms[pair - 1], nn.nn_ms[pair]
    ax.plot(before, after, ".", color=palette.now, markersize=3, alpha=0.5)
    sd1, sd2 = (sd1_ms(nn), sd2_ms(nn)) if pair.size > 1 else (np.nan, np.nan)
    if np.isfinite(sd1) and np.isfinite(sd2):
        centre = float(before.mean()), float(after.mean())
        ax.add_patch(
            Ellipse(
                centre, 2 * sd2, 2 * sd1, angle=45.0, fill=False,
                edgecolor=palette.then, linewidth=1.5,
                label=words.say("beat.ellipse", sd1=sd1, sd2=sd2),
            )
        )  # fmt: skip
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0))
    low, high = (float(before.min()), float(before.max())) if pair.size else (0.0, 1.0)
    ax.plot([low, high], [low, high], color=palette.neutral, linewidth=0.8, linestyle=":")
    ax.set_aspect("equal", adjustable="datalim")
    ax.set_xlabel(words.say("axis.rr"))
    ax.set_ylabel(words.say("axis.rr.next"))


def draw_spectrum(ax: Axes, ink: Ink, spectrum: Spectrum) -> None:
    """Power density with its three bands; the legend gives each band's power."""
    words, palette = ink.words, ink.palette
    f, power = spectrum.frequency_hz, spectrum.density_ms2_per_hz
    bands = (
        ("VLF", VLF_HZ, palette.neutral, "--"),
        ("LF", LF_HZ, palette.then, "//"),
        ("HF", HF_HZ, palette.now, "\\\\"),
    )
    for name, (low, high), colour, hatch in bands:
        inside = (f >= low) & (f < high)
        ax.fill_between(
            f[inside],
            power[inside],
            facecolor="none",
            edgecolor=colour,
            hatch=hatch,
            linewidth=0.0,
            label=words.say("beat.band", name=name, power=spectrum.power_ms2(low, high)),
        )
    ax.plot(f, power, color=palette.ink, linewidth=0.9)
    ax.set_xlim(0.0, 0.5)
    ax.set_ylim(bottom=0.0)
    ax.set_xlabel(words.say("axis.frequency"))
    ax.set_ylabel(words.say("axis.power"))
    ax.legend(loc="upper right", handleheight=1.1, handlelength=2.4)


def draw_fluctuation(ax: Axes, ink: Ink, box: Fluctuation) -> None:
    """F(n) over n on logarithmic axes, with the lines whose slopes are alpha 1 and 2."""
    words, palette = ink.words, ink.palette
    n, value = box.scale_beats, box.fluctuation_ms
    ax.plot(n, value, "o", color=palette.ink, markersize=4, markerfacecolor="none")
    for (low, high), colour, style, name in (
        (SHORT_BEATS, palette.now, "-", "α1"),
        (LONG_BEATS, palette.then, "--", "α2"),
    ):
        slope = box.slope(low, high)
        if np.isfinite(slope):
            inside = (n >= low) & (n <= high) & (value > 0)
            x, y = np.log(n[inside]), np.log(value[inside])
            line = np.exp(y.mean() + slope * (x - x.mean()))
            ax.plot(
                n[inside], line, style, color=colour, label=f"{name} = {words.number(slope, 2)}"
            )
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xticks([4, 8, 16, 32, 64], labels=["4", "8", "16", "32", "64"])
    ax.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _=None: words.number(value)))
    ax.minorticks_off()
    ax.set_xlabel(words.say("axis.box"))
    ax.set_ylabel(words.say("axis.fluctuation"))
    if ax.get_legend_handles_labels()[0]:
        ax.legend(loc="upper left")
