"""Every threshold in one frozen tree, each with its unit and source.

`describe()` lists them for the report's method page; `altered()` gives a copy with one changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any


def threshold(default: Any, unit: str, source: str) -> Any:
    """A field of the tree: its default, unit and where the number comes from."""
    return field(default=default, metadata={"unit": unit, "source": source})


OWN = "own choice, sensitivity in `hrv calibrate`"


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestSettings:
    """What is taken from files."""

    hr_min_bpm: float = threshold(25.0, "bpm", "physiological range")
    hr_max_bpm: float = threshold(240.0, "bpm", "physiological range")
    rr_min_ms: float = threshold(100.0, "ms", "shorter is no beat; artefacts are left to cleaning")
    rr_max_ms: float = threshold(3000.0, "ms", "longer is a gap")
    rmssd_min_ms: float = threshold(3.0, "ms", "physiological range")
    rmssd_max_ms: float = threshold(300.0, "ms", "physiological range")
    future_tolerance_s: float = threshold(86_400.0, "s", "one day of time-zone error")


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanSettings:
    """Beat correction: Lipponen & Tarvainen (2019), doi:10.1080/03091902.2019.1640306."""

    window_beats: int = threshold(91, "beats", "Lipponen & Tarvainen (2019), eq. 2")
    median_beats: int = threshold(11, "beats", "Lipponen & Tarvainen (2019)")
    alpha: float = threshold(5.2, "quartile deviations", "Lipponen & Tarvainen (2019), eq. 2")
    c1: float = threshold(0.13, "1", "Lipponen & Tarvainen (2019), fig. 1")
    c2: float = threshold(0.17, "1", "Lipponen & Tarvainen (2019), fig. 1")
    floor_ms: float = threshold(20.0, "ms", "device intervals are quantised; " + OWN)
    gap_s: float = threshold(2.5, "s", OWN)
    longest_run: int = threshold(3, "beats", "longer runs of bad beats become gaps; " + OWN)
    rr_min_ms: float = threshold(300.0, "ms", "Task Force (1996), 200 bpm")
    rr_max_ms: float = threshold(2000.0, "ms", "30 bpm")
    amber_share: float = threshold(0.05, "share", "Quigley et al. (2024): report; 5 % customary")
    red_share: float = threshold(0.15, "share", "customary; " + OWN)
    time_tolerance_s: float = threshold(0.05, "s", "rounding of exact beat times; " + OWN)
    borrow_s: float = threshold(120.0, "s", "shorter gaps share one threshold window; " + OWN)
    cycle_tolerance: float = threshold(0.15, "share of local RR", "a repaired cycle; " + OWN)
    far: float = threshold(0.20, "share of local RR", "slow swings are no artefacts; " + OWN)
    displaced_share: float = threshold(0.06, "share of local RR", "smaller shifts stay; " + OWN)
    few_beats: int = threshold(31, "beats", "fewer: quartiles are capped; " + OWN)
    few_cap: float = threshold(0.20, "share of local RR", "20 % rule, Malik et al. (1989)")
    irregular: float = threshold(0.17, "QD of dRR / RR", "SD 25 % of RR: no sinus rhythm; " + OWN)
    irregular_optical: float = threshold(0.10, "QD of dRR / RR", "SD 15 % of RR: motion; " + OWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureSettings:
    """From raw days to the regular clock."""

    minute_s: float = threshold(60.0, "s", "METs and steps are per minute")
    fine_s: float = threshold(15.0, "s", "shortest step with one AR(1) noise model; " + OWN)
    fine_needs_period_s: float = threshold(15.0, "s", "streams no coarser get a fine grid")
    spot_s_per_day: float = threshold(600.0, "s", "less heart rate than that is no stream; " + OWN)
    minute_needs_period_s: float = threshold(150.0, "s", "coarser streams give no recovery")
    hrv_window_s: float = threshold(300.0, "s", "Task Force (1996): short recordings")
    hrv_step_s: float = threshold(60.0, "s", OWN)
    hrv_min_beats: int = threshold(50, "beats", OWN)
    hrv_min_coverage: float = threshold(0.8, "share", OWN)
    met_per_step_per_min: float = threshold(0.022, "MET min/step", "walking 100/min is 3.2 MET")
    met_per_g_sd: float = threshold(12.0, "MET/g", "wrist SD 0.18 g while walking; " + OWN)
    met_per_intensity: float = threshold(1.0, "MET/class", OWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class EpisodeSettings:
    """Where the heart beats faster than motion and time of day explain."""

    enter_bpm: float = threshold(5.0, "bpm", OWN)
    enter_sigma: float = threshold(1.6, "sigma", OWN)
    stay_bpm: float = threshold(2.5, "bpm", OWN)
    stay_sigma: float = threshold(0.8, "sigma", OWN)
    peak_bpm: float = threshold(7.0, "bpm", OWN)
    peak_sigma: float = threshold(2.2, "sigma", OWN)
    window_s: float = threshold(10_800.0, "s", "of the local rest; " + OWN)
    short_window_s: float = threshold(2400.0, "s", "the same in recordings of an hour; " + OWN)
    min_z: float = threshold(3.0, "sd of the mean", "false episodes of steady people; " + OWN)
    min_s: float = threshold(180.0, "s", OWN)
    median_s: float = threshold(180.0, "s", OWN)
    fine_step_s: float = threshold(20.0, "s", "up to here a stream shows 45-s rises")
    fine_min_s: float = threshold(45.0, "s", "labelled studies: shortest rises; " + OWN)
    fine_peak_sigma: float = threshold(
        4.0, "sigma", "for rises under three minutes: a false one every other day; " + OWN
    )
    fine_median_s: float = threshold(45.0, "s", OWN)
    max_s: float = threshold(7200.0, "s", OWN)
    score_high: float = threshold(51.0, "score", "Firstbeat: medium from 51, high from 76")
    score_quantile: float = threshold(0.85, "share of own scores", OWN)
    score_period_s: float = threshold(300.0, "s", "vendors give one every 3 min; " + OWN)
    merge_s: float = threshold(180.0, "s", OWN)
    still_met: float = threshold(0.2, "MET above rest", OWN)
    still_steps_per_min: float = threshold(40.0, "steps/min", OWN)
    feet_steps_per_min: float = threshold(6.0, "steps/min", "MMASH: sitting 0-2, standing 24")
    after_feet_s: float = threshold(120.0, "s", "heart rate falls on sitting down; " + OWN)
    load_met: float = threshold(0.35, "MET above rest", "mean of the last minutes; " + OWN)
    load_s: float = threshold(90.0, "s", "heart rate follows motion in about a minute; " + OWN)
    calm_share: float = threshold(0.35, "share", "of the half hour around that is still; " + OWN)
    calm_s: float = threshold(1800.0, "s", OWN)
    effort_bpm: float = threshold(
        30.0, "bpm", "for five minutes: effort that motion misses; " + OWN
    )
    brisk_met: float = threshold(1.0, "MET above rest", "slow walking; " + OWN)
    after_motion_s: float = threshold(180.0, "s", "heart rate settles after walking; " + OWN)
    after_exercise_s: float = threshold(1500.0, "s", "shadow of sustained effort; " + OWN)
    after_waking_s: float = threshold(600.0, "s", OWN)
    after_gap_s: float = threshold(120.0, "s", "wrist sensors need to lock; " + OWN)

    def median_half_bins(self, step_s: float) -> int:
        """Neighbours on each side of the running median that smooths the excess."""
        span_s = self.fine_median_s if step_s <= self.fine_step_s else self.median_s
        return int(span_s / step_s - 1e-9) // 2


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoverySettings:
    """How fast the heart comes back."""

    prior_median_s: float = threshold(120.0, "s", "labelled studies 40-70 s, daily life slower")
    prior_sd: float = threshold(1.0, "ln", "weak; divided out before any trend")
    rest_sd_bpm: float = threshold(1.5, "bpm", OWN)
    cap_s: float = threshold(1800.0, "s", "longest follow-up of a half-time")
    settle_cap_s: float = threshold(7200.0, "s", "longest follow-up of settling")
    min_follow_up_s: float = threshold(60.0, "s", "and two samples; " + OWN)
    max_missing_share: float = threshold(0.2, "share", OWN)
    min_height_sigma: float = threshold(2.0, "sigma", OWN)
    resolved_factor: float = threshold(1.25, "sampling steps", "75 s on a 60-s stream")
    vagal_s: float = threshold(300.0, "s", "Goldberger et al. (2006): the first five minutes")
    vagal_segments: int = threshold(4, "segments of 30 s", "two minutes; " + OWN)
    day_one_episodes: int = threshold(10, "episodes", "a level with interval from here on")


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineSettings:
    """Nights, still hours and a person's own range."""

    night_min_hours: float = threshold(4.0, "h", OWN)
    night_min_coverage: float = threshold(0.7, "share", OWN)
    night_min_hrv_windows: int = threshold(12, "windows of 5 min", OWN)
    resting_min_minutes: float = threshold(120.0, "min", OWN)
    resting_percentile: float = threshold(20.0, "percent", OWN)
    min30_min_hours: float = threshold(12.0, "h worn", OWN)
    reference_days: int = threshold(28, "valid days", "four whole weeks")
    range_days: int = threshold(60, "days", "Plews et al. (2014)")
    range_min_days: int = threshold(14, "days", OWN)
    range_level: float = threshold(0.9, "share of own days", OWN)
    day_one_nights: int = threshold(7, "nights", "a level with interval from here on")
    night_join_min: float = threshold(60.0, "min", "one night in two pieces; " + OWN)
    night_clock_hours: float = threshold(6.0, "h", "midnight to six where sleep is not known")
    still_run_min: float = threshold(10.0, "min", OWN)
    still_met: float = threshold(0.2, "MET above rest", OWN)
    gap_periods: float = threshold(2.5, "sampling periods", "a longer step is a gap; " + OWN)
    hrv_min_clean: float = threshold(0.8, "share", OWN)
    load_bpm: float = threshold(3.0, "bpm above the frozen reference", OWN)
    load_sigma: float = threshold(0.75, "sigma", OWN)
    load_min_minutes: float = threshold(120.0, "min", OWN)
    pattern_min_days: int = threshold(10, "reference days", OWN)
    technique_mark_min: float = threshold(
        20.0, "min", "length of a technique without an end; " + OWN
    )
    weight_night_hr: float = threshold(0.4, "1", OWN)
    weight_ln_rmssd: float = threshold(0.3, "1", OWN)
    weight_resting_hr: float = threshold(0.3, "1", OWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendSettings:
    """Which changes are worth having, and how sure we must be."""

    level: float = threshold(0.95, "1", "convention")
    alpha: float = threshold(0.05, "two-sided", "convention")
    alpha_worse: float = threshold(
        0.02, "two-sided, for a primary", "1 in 100 people without a change are told so; " + OWN
    )
    worth_half_time: float = threshold(0.20, "ln (18 %)", OWN)
    worth_baseline_sd: float = threshold(0.5, "SD of own days", "Plews et al. (2014)")
    worth_amplitude: float = threshold(0.10, "ln", OWN)
    worth_rate: float = threshold(0.15, "ln", OWN)
    worth_load: float = threshold(0.2, "logit", OWN)
    equivalence: float = threshold(0.90, "probability", "two one-sided tests at 5 %")
    imputations: int = threshold(8, "draws", OWN)
    daily_lrv_exponent: float = threshold(0.0, "1", OWN)
    episode_lrv_exponent: float = threshold(-0.5, "1", OWN)
    level_lrv_exponent: float = threshold(-0.25, "1", OWN)
    daily_min_values: int = threshold(10, "days", OWN)
    daily_min_span_days: int = threshold(14, "days", OWN)
    episodes_min: int = threshold(20, "episodes", OWN)
    episode_min_days: int = threshold(8, "days with an episode", OWN)
    at_most_share_level: float = threshold(0.5, "share too fast to time", "a median needs half")
    at_most_share_trend: float = threshold(
        0.8, "share too fast to time", "no bias, size .042 at .64 to .74; " + OWN
    )
    seen_min_share: float = threshold(0.2, "share of episodes that are not censored", OWN)
    confounded_above: float = threshold(
        0.95, "|correlation| of breaks with time", "one break has .87 at most: twice the error"
    )
    step_lrv_exponent: float = threshold(-1.0, "1", "false steps in the worst noise; " + OWN)
    level_min_values: int = threshold(5, "days", OWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkerSettings:
    """Least data of each practical test; below it the test says what is missing."""

    device_days: int = threshold(
        15, "recorded days around", "a replaced watch stays for a week; " + OWN
    )
    illness_tail_days: int = threshold(2, "days left out after an illness", OWN)
    longest_illness_days: int = threshold(
        28, "days", "what lasts longer is a level of its own, not a stretch to leave out; " + OWN
    )
    course_gap_days: int = threshold(
        28, "days between two marks of one medicine that is still being taken", OWN
    )
    still_day_hours: float = threshold(3.0, "h still, awake", "a rate a day needs; " + OWN)
    still_days: int = threshold(30, "days", OWN)
    spread_days: int = threshold(14, "days", "two whole weeks")
    rebound_days: int = threshold(14, "days", "two whole weeks")
    bad_percentile: float = threshold(80.0, "percent of reference days", OWN)
    back_percentile: float = threshold(60.0, "percent of reference days", OWN)
    bad_days: int = threshold(3, "bad days", OWN)
    bad_days_trend: int = threshold(12, "bad days", OWN)
    recorded_days: int = threshold(28, "days", "four whole weeks")
    recorded_reach_days: int = threshold(3, "days to the nearest tag", OWN)
    sessions: int = threshold(8, "sessions", OWN)
    matched_sets: int = threshold(8, "treated episodes", OWN)
    matches: int = threshold(5, "untreated episodes a set", OWN)
    height_caliper: float = threshold(0.3, "ln bpm", OWN)
    level_s: float = threshold(120.0, "s", "up to the start of a technique; " + OWN)
    level_caliper_bpm: float = threshold(4.0, "bpm", OWN)
    practice_days: int = threshold(10, "days with and days without a session", OWN)
    lapse_days: int = threshold(20, "days without a session", OWN)
    exposures_before: int = threshold(8, "exposures", "a share of none in 5 must differ from it")
    exposures_after: int = threshold(5, "exposures", "as above")
    tag_early_s: float = threshold(300.0, "s", "a tag may come first; " + OWN)
    tag_late_s: float = threshold(1200.0, "s", "tags are often late; " + OWN)
    step_days: int = threshold(60, "days", OWN)
    step_edge_days: int = threshold(21, "days", "three whole weeks on each side")
    step_rival_days: int = threshold(14, "days", "two whole weeks")
    habit_days: int = threshold(
        60, "days between two marks of a habit", "what comes again explains no step; " + OWN
    )
    events_per_label: int = threshold(5, "events", OWN)
    nights_after: int = threshold(5, "nights", OWN)
    ratings: int = threshold(4, "ratings", OWN)
    ratings_trend: int = threshold(24, "days with a rating", OWN)
    bouts: int = threshold(10, "comparable efforts", OWN)
    bout_peak_bpm: float = threshold(12.0, "bpm from the usual peak", OWN)
    bout_threshold_share: float = threshold(0.6, "of the usual rise", "ACSM: vigorous from 60 %")
    bout_time_ratio: float = threshold(2.0, "times the usual time above it", OWN)
    bout_step_s: float = threshold(20.0, "s", "coarser clocks blur the first minute; " + OWN)
    walking_days: int = threshold(24, "days", OWN)
    walking_minutes: float = threshold(5.0, "min a day", OWN)
    days_a_side: int = threshold(14, "days", "two whole weeks before and after a named date")
    episodes_a_side: int = threshold(12, "episodes", OWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictSettings:
    """Gates: below them a question is not asked."""

    window_days: int = threshold(180, "days", "half a year, the default window")
    min_days: int = threshold(56, "days", "eight weeks: shorter windows have no power")
    min_nights: int = threshold(24, "nights", OWN)
    min_night_share: float = threshold(0.45, "share of days", OWN)
    min_episodes: int = threshold(40, "technique-free episodes", OWN)
    min_episodes_per_third: int = threshold(10, "episodes", OWN)
    min_waking_share: float = threshold(0.6, "share of waking hours", OWN)
    min_waking_days: float = threshold(0.6, "share of days", OWN)
    max_censoring_shift: float = threshold(0.20, "share", OWN)
    probable: float = threshold(
        0.97, "one-sided support of the weaker primary", "errs in 3 % where one alone moved; " + OWN
    )
    jump_over_line: float = threshold(
        2.0,
        "2 ln of the Bayes factor for a step, or for a drift of a resting level by itself",
        "Kass & Raftery (1995): positive evidence",
    )
    supported: float = threshold(0.98, "one-sided support of the weaker primary", OWN)
    gain_unlikely: float = threshold(0.30, "support for a gain worth having", OWN)
    fitness_support: float = threshold(0.80, "one-sided support of a gain in fitness", OWN)
    fitness_walking_se_bpm: float = threshold(1.5, "bpm over the window", OWN)
    fitness_bouts_se_bpm: float = threshold(5.0, "bpm over the window", OWN)
    began_high_sd: float = threshold(1.0, "SD of the later days", OWN)
    watched_less_share: float = threshold(0.7, "share of still hours", OWN)
    technique_episodes_on: int = threshold(15, "episodes", OWN)
    technique_episodes_off: int = threshold(30, "episodes", OWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All thresholds and the seed."""

    seed: int = threshold(20260101, "1", "any number; fixes every random draw")
    ingest: IngestSettings = field(default_factory=IngestSettings)
    clean: CleanSettings = field(default_factory=CleanSettings)
    features: FeatureSettings = field(default_factory=FeatureSettings)
    episodes: EpisodeSettings = field(default_factory=EpisodeSettings)
    recovery: RecoverySettings = field(default_factory=RecoverySettings)
    baseline: BaselineSettings = field(default_factory=BaselineSettings)
    trend: TrendSettings = field(default_factory=TrendSettings)
    markers: MarkerSettings = field(default_factory=MarkerSettings)
    verdict: VerdictSettings = field(default_factory=VerdictSettings)

    def describe(self) -> Iterator[tuple[str, Any, str, str]]:
        """Dotted name, value, unit and source of every threshold."""
        yield from _describe(self, "")

    def as_dict(self) -> dict[str, Any]:
        """Dotted name to value, for the record in a report."""
        return {name: value for name, value, _, _ in self.describe()}

    def altered(self, name: str, value: Any) -> Settings:
        """A copy with one threshold changed, by dotted name."""
        changed: Settings = _altered(self, name.split("."), value)
        return changed


def _describe(node: Any, prefix: str) -> Iterator[tuple[str, Any, str, str]]:
    for item in fields(node):
        value = getattr(node, item.name)
        if is_dataclass(value):
            yield from _describe(value, f"{prefix}{item.name}.")
        else:
            yield prefix + item.name, value, item.metadata["unit"], item.metadata["source"]


def _altered(node: Any, path: list[str], value: Any) -> Any:
    head, *rest = path
    return replace(node, **{head: _altered(getattr(node, head), rest, value) if rest else value})
