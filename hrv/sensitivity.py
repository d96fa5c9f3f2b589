"""Would the answer be another one if the limits behind it were others?

The thresholds that gate the verdict are halved and doubled one at a time, and the verdict is made
again from the stages already done; trends that a threshold does not touch are not computed again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from hrv import verdict
from hrv.markers import MARKERS, Context, adjusted
from hrv.model import MarkerFinding, Varied
from hrv.settings import Settings

FACTORS = (0.5, 2.0)
_EPISODES = ("recovery_speed", "reactivity")


@dataclass(frozen=True, slots=True)
class Gate:
    """A threshold, and the markers that look at it themselves.

    `from_one` thresholds are probabilities near 1: what they leave open is halved and doubled.
    """

    name: str
    markers: tuple[str, ...] = ()
    from_one: bool = False

    def values(self, settings: Settings) -> Iterator[float]:
        """Half and double, whole numbers staying whole."""
        used = settings.as_dict()[self.name]
        for factor in FACTORS:
            tried = 1.0 - (1.0 - used) * factor if self.from_one else used * factor
            yield round(tried) if isinstance(used, int) else round(tried, 12)


# those of a report
GATES = (
    Gate("trend.alpha", ("baseline_arousal",)),
    Gate("trend.alpha_worse"),
    Gate("verdict.probable", from_one=True),
    Gate("verdict.jump_over_line"),
    Gate("verdict.min_days", ("baseline_arousal", "episode_rate", *_EPISODES)),
    Gate("verdict.min_night_share", ("baseline_arousal",)),
    Gate("verdict.min_episodes", _EPISODES),
    Gate("trend.worth_half_time", ("recovery_speed",)),
)
# and all others that can change a state
EVERY = (
    *GATES,
    Gate("trend.worth_baseline_sd", ("baseline_arousal",)),
    Gate("trend.equivalence", ("recovery_speed", "baseline_arousal"), from_one=True),
    Gate("verdict.min_nights", ("baseline_arousal",)),
    Gate("verdict.min_episodes_per_third", _EPISODES),
    Gate("verdict.max_censoring_shift", ("recovery_speed",)),
    Gate("verdict.gain_unlikely"),
    Gate("verdict.technique_episodes_on", ("technique_dependence",)),
    Gate("verdict.technique_episodes_off", ("technique_dependence",)),
)


def vary(
    context: Context, findings: Mapping[str, MarkerFinding], gates: Sequence[Gate] = GATES
) -> tuple[Varied, ...]:
    """The verdict under every gate halved and doubled."""
    return tuple(
        _answer(context, findings, gate, value)
        for gate in gates
        for value in gate.values(context.settings)
    )


def _answer(
    context: Context, findings: Mapping[str, MarkerFinding], gate: Gate, value: float
) -> Varied:
    settings = context.settings.altered(gate.name, value)
    other = replace(context, settings=settings)
    again = {m.id: m.find(other) for m in MARKERS if m.id in gate.markers}
    said = verdict.judge(other, adjusted({**findings, **again}, settings.trend))
    return Varied(
        name=gate.name,
        used=float(context.settings.as_dict()[gate.name]),
        tried=float(value),
        state=said.state,
        confidence=said.confidence,
    )
