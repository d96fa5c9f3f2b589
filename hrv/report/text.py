"""Every sentence of the report in one table, and the numbers put into them.

A code that is not in `SENTENCES` cannot be said: `Words.say` raises, and a test collects every
code used in the house. Sentences are gettext message ids; `locale/` holds the translations.
Format specifications beyond Python's own: duration, clock, date, num, pct, rare, weeks, and the
plural forms of a count, "{n:# day|# days}", in the order of the catalogue's Plural-Forms.
"""
# ruff: noqa: E501 - a sentence stands on one line, as translators see it

from __future__ import annotations

import gettext
import math
import string
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from hrv.errors import SettingsError
from hrv.model import Estimate, Missing, Need, NeedKind, Note, as_date
from hrv.report.file_notes import NOTES, REFUSALS, STREAMS

LOCALE = Path(__file__).with_name("locale")
NBSP = "\u00a0"
PERCENT = {"%", "in 100"}  # units in which nobody wants decimals

VERDICT = {
    "verdict.healing.supported": "Your signals fit the pattern the articles call healing.",
    "verdict.healing.probable": "Your signals probably fit the pattern the articles call healing.",
    "verdict.partial.recovery": "One of the two signs improved: your body recovers faster.",
    "verdict.partial.baseline": "One of the two signs improved: your baseline became calmer.",
    "verdict.partial.reactions": "Your reactions became softer; recovery and baseline have not clearly moved.",
    "verdict.mixed": "Your signals point in different directions.",
    "verdict.coping": "Your signals fit the pattern the articles call coping.",
    "verdict.unchanged": "Your signals stayed about the same.",
    "verdict.undetermined": "It cannot be told yet whether your signals changed.",
    "verdict.undetermined.step": "Your resting level changed, perhaps in one step; whether that is you or the device cannot be told.",
    "verdict.worsening.recovery": "In this period your body took longer to come back to rest.",
    "verdict.worsening.baseline": "In this period your body rested at a higher level.",
    "verdict.worsening.both": (
        "In this period your body took longer to come back to rest, and it rested at a higher level."
    ),
    "verdict.insufficient": "There is not enough data yet to tell.",
    "together.healing": "Both signs moved the same way, towards calm, also without a technique.",
    "together.healing.untagged": "Both signs moved the same way, towards calm.",
    "together.partial.not_measured": "Whether the other sign changed could not be looked at.",
    "together.partial.not_shown": "The other sign has not clearly moved.",
    "together.partial.opposite": "The other sign moved the other way.",
    "together.partial.step": "The other sign changed too, perhaps in one step, and is not counted.",
    "together.partial.reactions": "Softer reactions are a sign of their own; the answer rests on recovery and baseline, which have not clearly moved.",
    "together.mixed": "One sign became calmer, another less calm. Neither is left out here.",
    "together.coping": "Peaks are better handled, the baseline has not clearly moved. Both have value.",
    "together.unchanged": "A change large enough to matter is unlikely in this period.",
    "together.undetermined": "This is neither good nor bad news: the data allow a change in either direction.",
    "together.undetermined.leaning": "One sign leans one way. Of two signs looked at, that is too weak to count, so no direction is named.",
    "together.undetermined.step": "By itself, what may be a step is a sign neither for nor against you, so it is not counted.",
    "together.worsening": "This says what was measured, not why, and not that you did anything wrong.",
    "together.insufficient": "What the data already show stands above; a direction needs more.",
    "sure.partial": "How sure: clear for one sign, not for the other.",
    "sure.partial.fairly": "How sure: fairly clear for one sign, not for the other.",
    "sure.partial.reactions": "How sure: clear for the strength of reactions, not for recovery and baseline.",
    "sure.partial.reactions.fairly": "How sure: fairly clear for the strength of reactions, not for recovery and baseline.",
    "sure.worsening": "How sure: clear for what is named here, and for nothing else.",
    "sure.chance": "By chance alone, a result this clear would come up {p:rare}; season, fitness or illness are not part of that number.",
    "now.healing": "What now: carry on as you are, and look again in about three months.",
    "now.healing.season": "After a full year the seasons are behind it.",
    "now.partial": "What now: nothing needs to change because of this. Look again in about three months.",
    "now.mixed": "What now: nothing needs to change because of this. Look again in about three months.",
    "now.coping": "What now: keep what helps, and look again in about three months whether the baseline follows.",
    "now.unchanged": "What now: nothing follows from this alone. Look again when something in your life has changed.",
    "now.undetermined": "What now: nothing needs to change because of this. Go on wearing the device, and look again in about three months.",
    "now.undetermined.weeks": "What now: go on wearing the device; after about {weeks:weeks} more, a change worth having would show.",
    "now.step": "What now: if the watch, its software or a medicine changed about {day:date}, note it, and this can be judged.",
    "now.worsening": "What now: illness, poor sleep, alcohol, medicine or a new device can do this. If you feel unwell, talk to a clinician.",
    "now.insufficient": "What now: further down you find which recordings would answer more.",
    "now.insufficient.weeks": "What now: go on wearing the device, also at night; a direction needs about {weeks:weeks} more.",
    "now.rated_worse": "You rate yourself worse than before: talk about that with someone who can help, whatever this page says.",
    "sure.supported": "How sure: well supported by both signs.",
    "sure.probable": "How sure: probable, not certain.",
    "sure.fall": "With no real change, a fall this clear would appear {p:rare}.",
    "sure.rise": "With no real change, a rise this clear would appear {p:rare}.",
    "sure.coping": "How sure: this rests on the comparison with and without a technique, shown below.",
    "sure.unchanged": "How sure: changes large enough to matter are excluded with 9 in 10 confidence.",
    "sure.undetermined": "How sure: not sure in either direction.",
    "sure.insufficient": "How sure: no direction is claimed.",
    "sure.mixed": "How sure: each sign on its own; they disagree.",
}

QUALIFIERS = {
    "qualifier.fitness_possible": (
        "Exercise or walking may have become easier on your heart as well: better fitness could explain some of this."
    ),
    "qualifier.fitness_not_checked": (
        "Better fitness could not be ruled out: too few comparable workouts."
    ),
    "qualifier.fitness_told": (
        "You said that you train more than before: better fitness could explain some of this."
    ),
    "qualifier.confounded": "Something else changed at the same time and could explain this.",
    "qualifier.confounded.step": "Something else may have changed at the same time and could explain this.",
    "qualifier.confounded.open": "Something else changed at the same time, and could hide a change.",
    "qualifier.began_unusually_high": (
        "The period began at an unusually high level; part of the change may be a return to normal."
    ),
    "qualifier.tested_less_often": (
        "There were fewer or softer rises to recover from than before; part of the change may be an easier life."
    ),
    "qualifier.season_repeated": (
        "The resting level changed in the same way in these months a year before: a season could explain it."
    ),
    "qualifier.explained_by_heart_rate": (
        "The change in beat-to-beat variation is explained by the lower heart rate."
    ),
}

RECOVERY = {
    "recovery.level.fast": (
        "After a rise in heart rate, half of it was gone in about {value_s:duration} "
        "({low_s:clock}–{high_s:clock}; {counts} in the whole period)."
    ),
    "recovery.level.at_most": (
        "Half of a rise was usually gone within {bound_s:duration}, faster than this recording can resolve ({counts})."
    ),
    "recovery.level.settling": (
        "After a rise, your heart was back in its own resting range in about {value_s:duration} "
        "({low_s:clock}–{high_s:clock}; {counts} in the whole period)."
    ),
    "recovery.level.wide": "How fast you come back lies anywhere between {low_s:duration} and {high_s:duration} ({counts}): too wide for one number.",
    "recovery.level.days": "After a bad day you were back in your own range in about {value} days ({low}–{high}; {n} bad days).",
    "counts.episodes": "{n} rises",
    "counts.censored": "{n} rises, {censored} of them cut short",
    "counts.at_most": "{n} rises, {at_most} of them too fast to time",
    "counts.both": "{n} rises, {censored} cut short, {at_most} too fast to time",
    "score.level": "Your device's own stress score ({vendor}) was high {n} times, and half-way down again in about {value_s:duration} ({low_s:clock}–{high_s:clock}; {cut} cut short). This is the device's score and not your heart rate, which comes too rarely to follow a rise; the two are never mixed.",
    "score.none": "Your device's own stress score ({vendor}) was high {n:once|# times}; how fast it falls cannot be said: {reason}",
    "score.no_use": "Your device's own stress score cannot stand in for heart rate: {reason}",
    "recovery.one.measured": "The rise of {bpm} bpm at {at} was half gone after about {value_s:duration} ({low_s:clock}–{high_s:clock}).",
    "recovery.one.at_least": "The rise of {bpm} bpm at {at} was not yet half gone after {bound_s:duration}: {why}.",
    "recovery.one.at_most": "The rise of {bpm} bpm at {at} was half gone within {bound_s:duration}, faster than this recording can time.",
    "recovery.one.not": "The rise of {bpm} bpm at {at} could not be timed: {why}.",
    "recovery.one.effort": "After the effort that ended at {at} your heart rate fell by {bpm} bpm within the first minute.",
    "recovery.none": "Recovery speed could not be measured: {reason}",
    "recovery.days_only": (
        "How fast the heart settles cannot be seen in one value a day; what can be seen is how many days you need after a bad one."
    ),
    "recovery.trend.improving": "It became faster: {change}.",
    "recovery.trend.worsening": "It became slower: {change}.",
    "recovery.trend.steady": "It took about the same time: {change}.",
    "recovery.trend.undetermined": "No clear change: {change}.",
    "recovery.trend.leaning": "Not clear enough to be counted; by itself: {change}.",
    "recovery.trend.unknown": "No trend yet: {reason}",
    "recovery.not_told_apart": "Take these times with care: of known rises put into your own quiet hours, the program could not tell fast ones from slow ones.",
    "recovery.then_now": "Then about {then_s:duration}, now about {now_s:duration}.",
    "could_show.fall": "A fall of {smallest} would have shown 4 times in 5.",
    "could_show": "A change of {smallest} would have shown 4 times in 5.",
    "baseline.level": "{measure}: about {value} ({low}–{high}).",
    "baseline.level.recent": "{measure}, last {days} days: about {value} ({low}–{high}).",
    "baseline.range": "9 of 10 of your days of the last two months lay between {low} and {high}.",
    "baseline.none": "Baseline could not be measured: {reason}",
    "baseline.trend.improving": "It became calmer: {change}.",
    "baseline.trend.worsening": "It became less calm: {change}.",
    "baseline.trend.steady": "It stayed about the same: {change}.",
    "baseline.trend.undetermined": "No clear change: {change}.",
    "baseline.trend.step": "It changed, perhaps in one step, and is not counted: {change}.",
    "baseline.trend.leaning": "Not clear enough to be counted; by itself: {change}.",
    "baseline.trend.unknown": "No trend yet: {reason}",
    "measure.night_hr_bpm": "Heart rate at night",
    "measure.ln_rmssd": "Beat-to-beat variation at night (RMSSD)",
    "measure.resting_hr_bpm": "Heart rate at rest while awake",
    "measure.min30_hr_bpm": "Lowest half hour of heart rate",
    "measure.vendor_resting_hr_bpm": "Resting heart rate as your device gives it",
    "measure.vendor_ln_rmssd": "Beat-to-beat variation as your device gives it (RMSSD)",
    "measure.vendor_ln_sdnn": "Beat-to-beat variation as your device gives it (SDNN)",
    "measure.arousal_z": "Baseline arousal (heart rate and beat-to-beat variation at rest, joined)",
    "measure.ln_rmssd_per_rr": "Beat-to-beat variation relative to the beat length",
    "measure.sqrt_stress_index": "Baevsky stress index (square root)",
    "measure.vendor_night_hr_bpm": "Heart rate at night as your device gives it",
    "measure.other": "Baseline",
    "baseline.joined": "This change joins all resting measures; 1 daily swing (1 SD) is the usual spread of your own days.",
}

# change words: what a negative and a positive number are called
CHANGE = {
    "change.clear": "about {amount} (between {near} and {far})",
    "change.open": "anywhere between {down} and {up}",
    "change.flat": "no difference at all",
    "word.shorter": "shorter",
    "word.longer": "longer",
    "word.lower": "lower",
    "word.higher": "higher",
    "word.fewer": "fewer",
    "word.more": "more",
    "word.less": "less",
    "per.period": "over {weeks} weeks",
    "times.longer": "{n} times as long",
    "times.higher": "{n} times as high",
    "times.more": "{n} times as many",
    "plain.SD": "daily swings",
    "size.under": "under {size}",
    "weeks": "{n} weeks",
    "weeks.years": "{n} years",
    "weeks.one": "1 week",
    "rare.often": "about {n} times in 100",
    "rare.seldom": "less than once in 100",
    "rare.very": "less than once in 1,000",
    "months": "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
    "weekdays": "Mon Tue Wed Thu Fri Sat Sun",
    "date.short": "{day} {month}",
    "change.joined": "{change}, all measures together",
    "date.form": "{day} {month} {year}",
    "decimal": ".",
}

UNITS = {
    "unit.%": "%",
    "unit.bpm": "bpm",
    "unit.ms": "ms",
    "unit.min": "min",
    "unit.SD": "SD",
    "unit.in 100": "in 100",
    "unit.points": "points",
    "unit.1": "",
}

MARKERS = {
    "marker.recovery_speed.how": "Half-time of the heart-rate rise where heart rate comes every 15 s or finer, time back into one's own resting range where it comes every 1 to 2 minutes, days back into range where it comes more rarely. A rise with a technique counts until the technique begins; where it began before the heart was seen to fall, the rise stays out.",
    "marker.baseline_arousal.how": "Heart rate and beat-to-beat variation at night, or the best resting measure there is, joined into one number in units of the spread of one's own first four weeks.",
    "marker.activation_time.how": "From the start of a rise until back in one's own range; rises that were cut short count as at least that long.",
    "marker.reactivity.how": "Height of a rise above the local rest. The threshold of detection stays the same over the period, and small rises below it are allowed for.",
    "marker.episode_rate.how": "Rises per worn, waking, still hour.",
    "marker.technique_dependence.how": "Heart rate before, during and after a technique; rises with a technique against rises without one that were just as high at the same time; practice days against days without.",
    "marker.management_effort.how": "Minutes and sessions of techniques, and the share of rises that were managed, as far as tagged. What is not tagged is not recorded; it never counts as zero.",
    "marker.sleep_depth.how": "Minutes from falling asleep to the night's own quiet level, restlessness, and the device's own deep sleep where it gives one.",
    "marker.tagged_recovery.how": "Recovery after events that you tagged, by kind of event; with one value a day, the nights after.",
    "marker.chronic_load.how": "Share of still, waking minutes without a rise and without a technique in which the heart is above its own early level.",
    "marker.flexibility.how": "Spread from day to day around one's own slow course. More is neither better nor worse.",
    "marker.rebound.how": "Days until back in one's own range after a bad day, illness and alcohol left out.",
    "marker.release.how": "Share of tagged triggers that raise the heart rate, before against after; at least 8 and 5 exposures.",
    "marker.core_suffering.how": "Your own ratings, shown beside the signals of the body and never inferred from them.",
    "marker.exercise_recovery.how": "Fall of the heart rate after comparable efforts. It guards against taking fitness for healing.",
    "marker.recovery_speed.name": "Recovery speed",
    "marker.recovery_speed.test": "The body recovers faster from stress than it used to",
    "marker.recovery_speed.improving": "Your heart comes back faster: the time back became {change}.",
    "marker.recovery_speed.worsening": "Your heart comes back more slowly: the time back became {change}.",
    "marker.baseline_arousal.name": "Baseline arousal",
    "marker.baseline_arousal.test": "Healing shows in the baseline, not only in control of the peaks",
    "marker.baseline_arousal.improving": "Your body rests at a calmer level: {change}.",
    "marker.baseline_arousal.worsening": "Your body rests at a less calm level: {change}.",
    "marker.activation_time.name": "Time activated",
    "marker.activation_time.test": "You do not stay activated as long",
    "marker.activation_time.improving": "Rises end sooner: they became {change}.",
    "marker.activation_time.worsening": "Rises last longer: they became {change}.",
    "marker.reactivity.name": "Strength of reactions",
    "marker.reactivity.test": "Reactions soften",
    "marker.reactivity.improving": "Your reactions became softer: rises were {change}.",
    "marker.reactivity.worsening": "Your reactions became stronger: rises were {change}.",
    "marker.episode_rate.name": "How often",
    "marker.episode_rate.test": "Symptoms become less intense and less frequent",
    "marker.episode_rate.improving": "Rises became rarer: {change} per waking, still hour.",
    "marker.episode_rate.worsening": "Rises became more frequent: {change} per waking, still hour.",
    "marker.technique_dependence.name": "With and without a technique",
    "marker.technique_dependence.test": "Calmer only while using a technique, or also without it?",
    "marker.technique_dependence.improving": "You have become calmer also without a technique: {change}.",
    "marker.technique_dependence.worsening": "The difference between with and without a technique grew: {change}.",
    "marker.management_effort.name": "Effort to manage",
    "marker.management_effort.test": "Do you spend most of your time managing symptoms?",
    "marker.management_effort.improving": "You spend less time on managing: {change} a day.",
    "marker.management_effort.worsening": "You spend more time on managing: {change} a day.",
    "marker.sleep_depth.name": "Depth of sleep",
    "marker.sleep_depth.test": "Sleep becomes deeper",
    "marker.sleep_depth.improving": "Your nights became calmer: {change}.",
    "marker.sleep_depth.worsening": "Your nights became less calm: {change}.",
    "marker.tagged_recovery.name": "Recovery after your tagged events",
    "marker.tagged_recovery.test": "Settles more easily after conflict",
    "marker.tagged_recovery.improving": "After events you tagged you settle sooner: the time back became {change}.",
    "marker.tagged_recovery.worsening": "After events you tagged you settle later: the time back became {change}.",
    "marker.chronic_load.name": "Activated for no reason",
    "marker.chronic_load.test": "The body stays partly activated even when nothing is happening",
    "marker.chronic_load.improving": "Quiet time became calmer: at the end of the period {change} quiet minutes were raised than at its start.",
    "marker.chronic_load.worsening": "Quiet time became less calm: at the end of the period {change} quiet minutes were raised than at its start.",
    "marker.flexibility.name": "Swings from day to day",
    "marker.flexibility.test": "Swings between shutdown and overwhelm",
    "marker.flexibility.improving": "Day-to-day swings changed: they are {change}.",
    "marker.flexibility.worsening": "Day-to-day swings changed: they are {change}.",
    "marker.rebound.name": "Days to rebound",
    "marker.rebound.test": "After a bad day: recovers slower, needs more rest?",
    "marker.rebound.improving": "After bad days you are back sooner: {change}.",
    "marker.rebound.worsening": "After bad days you are back later: {change}.",
    "marker.release.name": "Release",
    "marker.release.test": "Something that was present is no longer present",
    "marker.release.improving": "Something you tagged still happens, and raises your heart rate less often: {change}.",
    "marker.release.worsening": "Something you tagged raises your heart rate more often: {change}.",
    "marker.core_suffering.name": "What you say yourself",
    "marker.core_suffering.test": "The same core suffering, even if you now manage it better?",
    "marker.core_suffering.improving": 'Your own ratings of "{scale}" became lower: {change}.',
    "marker.core_suffering.worsening": 'Your own ratings of "{scale}" became higher: {change}.',
    "marker.exercise_recovery.name": "Recovery after exercise",
    "marker.exercise_recovery.test": "Supporting evidence only: faster after effort may be fitness",
    "marker.exercise_recovery.improving": "After comparable effort your heart comes back faster: its fall within a minute is {change}.",
    "marker.exercise_recovery.worsening": "After comparable effort your heart comes back more slowly: its fall within a minute is {change}.",
    "marker.exercise_recovery.walking.improving": "At the same walking pace your heart beats slower than before: {change}.",
    "marker.exercise_recovery.walking.worsening": "At the same walking pace your heart beats faster than before: {change}.",
    "beside.rebound": "After a bad day you were back in your own range after about {value} days (between {low} and {high}; {n} bad days).",
    "beside.rebound.chance": "Ordinary ups and downs alone would take about {days} days.",
    "beside.flexibility": "{measure} swings by about {value} {unit} around its own course (between {low} and {high}). More is neither better nor worse.",
    "beside.during_less_before": "Mean heart rate during a technique less that before it: {size} bpm ({n} sessions).",
    "beside.after_less_before": "Mean heart rate 10 to 60 minutes after a technique less that before it: {size} bpm ({n} sessions).",
    "beside.sessions_described": "Such differences are described, not tested: when people begin a session decides much of them.",
    "beside.faster_with.sooner": "From the moment a technique began, rises ended sooner than others that were just as high at that time: {ratio} times as likely to end in any minute ({low}–{high}; {n} rises).",
    "beside.faster_with.later": "From the moment a technique began, rises did not end sooner than others that were just as high at that time: {ratio} times as likely to end in any minute ({low}–{high}; {n} rises). That does not make the technique the cause of slowness: people use one when they feel that a rise will last.",
    "beside.faster_with.open": "From the moment a technique began, rises ended neither clearly sooner nor later than others that were just as high at that time: {ratio} times as likely to end in any minute ({low}–{high}; {n} rises).",
    "beside.practice.size": "{measure}, days with practice against days without: {change} ({n} days with, {lapse} without).",
    "beside.practice.lower": "On days with practice the body rested calmer than on days without.",
    "beside.practice.higher": "On days with practice the body rested less calm than on days without.",
    "beside.practice.open": "Days with and without practice show no clear difference.",
    "beside.technique.on": "Recovery with a technique, over the period: {change} ({n} rises).",
    "beside.technique.off": "Recovery without a technique, over the period: {change} ({n} rises).",
    "beside.effort": "About {minutes:# minute|# minutes} a day in about {sessions:# session|# sessions} a week, as far as tagged.",
    "beside.effort.managed": "A technique was used in {share:pct} of the rises.",
    "beside.tagged": 'From the beginning of a rise at "{label}" until back in range: about {time_s:duration} ({n:once|# times}).',
    "beside.night_after": "{measure} after tagged events, against the days around them: {change}.",
    "beside.release": '"{label}" raised your heart rate in {before} of {before_n} cases before and in {after} of {after_n} after.',
    "beside.load": "Over the period about {share:pct} of still, quiet minutes were raised.",
    "beside.load.step": "A step in the resting level could explain such a change.",
    "beside.rate": "Over the period there were about {rate} rises in 10 waking, still hours.",
    "beside.heights": "The middle rise was {bpm} bpm high.",
    "beside.effort.bouts": "Measured by the fall of the heart rate within a minute after comparable efforts.",
    "beside.effort.walking": "Measured by the heart rate at the same walking pace.",
    "beside.sleep.settle": "Measured by the time from falling asleep to the quiet of the night.",
    "beside.sleep.restless": "Measured by restlessness during the night.",
    "beside.sleep.deep_share": "Measured by the share of sleep that your device does not call deep.",
    "beside.sleep.disagree": "The signs of sleep disagree, so that no direction is named.",
    "beside.ratings": 'Your rating "{scale}": at first about {early}, of late about {late} ({n:# rating|# ratings}).',
    "marker.steady": "About the same: {change}.",
    "marker.undetermined": "No clear change: {change}.",
    "marker.undetermined.leaning": "Not clear once the number of questions asked is allowed for; by itself: {change}.",
    "marker.undetermined.bare": "No clear change.",
    "marker.described.bare": "Described, and called neither better nor worse.",
    "marker.unknown": "Not known: {reason}",
    "state.improving": "better",
    "state.worsening": "less good",
    "state.steady": "about the same",
    "state.undetermined": "no clear change",
    "state.described": "described",
    "state.unknown": "not known",
    "state.no_trend": "no trend yet",
    "state.step": "perhaps one step",
}

# What a negative and a positive change of each marker is called.
PAIRS = {
    "recovery_speed": ("shorter", "longer"),
    "baseline_arousal": ("lower", "higher"),
    "activation_time": ("shorter", "longer"),
    "reactivity": ("lower", "higher"),
    "episode_rate": ("fewer", "more"),
    "technique_dependence": ("lower", "higher"),
    "management_effort": ("less", "more"),
    "sleep_depth": ("lower", "higher"),
    "tagged_recovery": ("shorter", "longer"),
    "chronic_load": ("fewer", "more"),
    "flexibility": ("lower", "higher"),
    "rebound": ("shorter", "longer"),
    "release": ("lower", "higher"),
    "core_suffering": ("lower", "higher"),
    "exercise_recovery": ("lower", "higher"),
}

# Codes of `Missing`, each a sentence; facts by the names that the code is made with.
MISSING = {
    "missing.none": "no reason was given.",
    "missing.no_data": "there are no data for this.",
    "missing.no_ratings": "there are no ratings of your own; a ratings file adds them.",
    "missing.few_ratings": "{n:there is # day|there are # days} with a rating; {needed} are needed.",
    "missing.few_efforts": "{n:there is # comparable effort|there are # comparable efforts}; {needed} are needed.",
    "missing.efforts_not_followed": "{count:# workout ends|# workouts end} with the effort: keep recording for three minutes after it, standing still.",
    "missing.no_effort": "no workouts and no steady walking were recorded.",
    "missing.no_technique_tags": "no technique was tagged: not recorded, which does not mean never used.",
    "missing.few_recorded_days": "techniques were recorded on {n:# day|# days}; {needed} are needed.",
    "missing.few_bad_days": "{n:there is # bad day|there are # bad days} to come back from; {needed} are needed.",
    "missing.no_event_tags": "no events were tagged.",
    "missing.few_exposures": "no tagged trigger has {before} exposures before and {after} after.",
    "missing.few_event_tags": "{n:there is # tagged event|there are # tagged events} of one kind; {needed} are needed.",
    "missing.unexplained_step": "The change of the resting level may be one step about {day:date} rather than a slow drift: a new device, an update of its software or a medicine can do that, and none is known of that time.",
    "missing.season_possible": "{days} days are less than a year: a season alone can move the resting heart by this much.",
    "missing.season_beyond": "the same months a year before did not change the resting level by as much, so a season does not explain all of it.",
    "missing.season_repeated": "the same months a year before changed the resting level in the same way.",
    "missing.season_open": "what the same months did to the resting level a year before neither shows nor rules out a season.",
    "missing.ratings_agree": 'Your own ratings of "{scale}" point the same way.',
    "missing.ratings_better": 'Your own ratings of "{scale}" became better, which the signals do not show. What you say counts more than the sensor.',
    "missing.ratings_worse": 'Your own ratings of "{scale}" became worse, which the signals do not show. What you say counts more than the sensor.',
    "missing.few_days_a_side": "there are {before} days with a value before the date and {after} from it on; {needed} are needed on each side.",
    "missing.few_episodes_a_side": "there are {before} rises before the date and {after} from it on; {needed} are needed on each side.",
    "missing.few_lapse_days": "{practice_days} days had a session and {lapse_days} had none; {needed} of each are needed to compare them.",
    "missing.few_technique_sessions": "{n:there is # technique session|there are # technique sessions} that can be looked at; {needed} are needed.",
    "missing.recovery_not_measured": "Recovery could not be asked about a direction: {reason}",
    "missing.recovery_better": "Recovery became faster.",
    "missing.recovery_worse": "Recovery became slower.",
    "missing.recovery_steady": "Recovery stayed about the same.",
    "missing.recovery_open": "Recovery shows no clear change.",
    "missing.baseline_not_measured": "Baseline could not be asked about a direction: {reason}",
    "missing.baseline_better": "Baseline became calmer.",
    "missing.baseline_worse": "Baseline became less calm.",
    "missing.baseline_steady": "Baseline stayed about the same.",
    "missing.baseline_open": "Baseline shows no clear change.",
    "missing.techniques_not_seen": "We could not look at techniques, because none was tagged; coping was not examined.",
    "missing.techniques_carry_it": "The gain shows with the technique, and not clearly without it.",
    "missing.known_break": "From {day:date} on something else was different ({kind}: {label}); it was held constant.",
    "missing.known_break.bare": "From {day:date} on something else was different ({kind}); it was held constant.",
    "missing.illness_left_out": "Days left out for illness and for getting well again: {n}.",
    "missing.confounded": "something else changed together with time, and the two cannot be told apart.",
    "missing.worn_too_little.bare": "the device was worn too little through the waking day.",
    "missing.too_few_days": "{n:there is # day|there are # days} with a value; {needed} are needed.",
    "missing.window_too_short": "the data span {days:# day|# days}; {needed} are needed.",
    "missing.short_window": "the period has {days:# day|# days}; {needed} are needed.",
    "missing.no_variation": "the values do not vary, so that no trend can be tested.",
    "missing.too_few_episodes": "too few rises to go by ({n}; {needed} are needed).",
    "missing.few_episodes": "too few rises without a technique ({n}; {needed} are needed).",
    "missing.worn_too_little": "the device recorded most of the waking hours on {share:pct} of the days; {needed:pct} are needed.",
    "missing.uneven_episodes": "one third of the period has only {least} rises; {needed} are needed in each.",
    "missing.too_few_episode_days": "rises were found on {days:# day|# days}; {needed} are needed.",
    "missing.faster_than_sampling": "most recoveries are faster than this recording can time (within {at_most_s:duration}).",
    "missing.faster_than_sampling.bare": "most recoveries are faster than this recording can time.",
    "missing.mostly_censored": "{share:pct} of the recoveries were cut short or too fast to time.",
    "missing.too_few_weeks": "rises were found in {weeks:# week|# weeks}; {needed} are needed.",
    "missing.too_few_values": "{n:there is # value|there are # values}; {needed} are needed.",
    "missing.score_too_coarse": "it comes every {period_s:duration}; to see a rise it must come every {needed_s:duration} or more often.",
    "missing.few_score_episodes": "{n:# stretch|# stretches} of high score could be followed; {needed} are needed.",
    "missing.interruptions_changed": "recoveries were cut short in {first:pct} of rises at first and in {last:pct} at last; that alone could look like a change.",
    "missing.recovery_not_from_workouts": "workouts show how the heart recovers from effort, not from stress.",
    "missing.needs_continuous_hr": "this needs a heart-rate value at least every 2 minutes.",
    "missing.needs_waking_hr": "this needs heart rate through the waking day.",
    "missing.needs_sleep_times": "this needs the times of sleep.",
    "missing.few_waking_days": "{n:there is # day|there are # days} with enough still, waking time; {needed} are needed.",
    "missing.few_resting_days": "{n:there is # day|there are # days} with a resting value; {needed} are needed.",
    "missing.few_still_days": "{n:there is # day|there are # days} with enough still time; {needed} are needed.",
    "missing.few_nights": "{n:there is # night|there are # nights}; {needed} are needed.",
    "missing.sleep_without_trend": "the nights show no trend that could be tested.",
    "missing.baseline_no_days": "no day has a resting value; a level needs {needed} nights or days.",
    "missing.baseline_no_days.bare": "no day has a resting value.",
    "missing.baseline_few_days": "days with a resting value so far: {n}; a level needs {needed}.",
}

# Codes of `Need`.
NEEDS = {
    "need.more_time_recovery": "Recovery: about {weeks:weeks} more of wearing the device as now.",
    "need.more_time_recovery.open": "Recovery: more time; how much cannot be said yet.",
    "need.more_time_baseline": "Baseline: about {weeks:weeks} more of wearing the device as now, also at night.",
    "need.more_time_baseline.open": "Baseline: more time; how much cannot be said yet.",
    "need.wear_more": "Recovery: wear the device through most of the waking day on at least {needed:pct} of the days; now it is {share:pct}.",
    "need.export_minute_hr": "An export with heart rate every 1 to 2 minutes or finer, if your device or its account has one; this one is too coarse to time a recovery.",
    "need.export_continuous_hr": "An export of the same account with heart rate through the day; one value a day cannot show how fast you recover.",
    "need.export_all_day_hr": "An export with heart rate through the whole day and night; workouts speak of fitness, not of stress.",
    "need.export_any_hr": "An export with heart rate in it. The command hrv formats lists what can be read and how to get it.",
    "need.export_fine_hr": "An export with heart rate every 15 seconds or finer: your recoveries are too fast or too often cut short for this one.",
    "need.export_workouts": "Your workouts, so that better fitness can be told apart from calm.",
    "need.device_too_sparse_for_recovery": "This device measures too rarely to time a recovery; no amount of waiting changes that. The baseline can still be followed.",
    "need.tag_techniques": "Note when you use a technique (breathing, meditation): then calm with it and without it can be told apart.",
    "need.tag_device_or_medicine": "If about {day:date} the watch or its software was new, or a medicine began or ended, note it: then the step is known and the rest of the period can be judged.",
    "need.tag_events": "Note a few events (a conflict, a hard day): then recovery after them can be looked at.",
    "need.rate_yourself": "Rate yourself now and then, from 0 to 10: how present it is, and how much effort keeps it in check.",
}

# Codes of episode fits.
CODES = {
    "stop.dropout": "the recording dropped out",
    "stop.next_episode": "the next rise began",
    "stop.motion": "movement began",
    "stop.gap": "the recording had a gap",
    "stop.asleep": "sleep began",
    "stop.cap": "the longest follow-up was reached",
    "stop.end": "the recording ended",
    "stop.exercise": "exercise began",
    "why.follow_up": "followed for too short a time",
    "why.missing": "heart rate is missing in it",
    "why.dropout": "the recording dropped out",
    "why.low": "the rise is too small to time",
    "why.exercise": "exercise",
    "kind.stress": "raised, cause unknown",
    "kind.exercise": "exercise",
    "kind.tagged": "tagged",
    "quality.green": "good",
    "quality.amber": "partly",
    "quality.red": "poor",
    "censored.no": "measured",
    "censored.right": "cut short: at least this long",
    "censored.left": "too fast to time: at most this long",
}

TIERS = {
    "tier.A": "every beat while worn",
    "tier.B": "heart rate every 1 to 15 seconds",
    "tier.C": "heart rate every 1 to 2 minutes",
    "tier.C2": "heart rate every 3 to 15 minutes",
    "tier.D": "one value a day",
    "tier.E": "workouts only",
    "tier.-": "nothing usable",
}

HOLDS = {
    "holds.fast": "time until half of a rise is gone",
    "holds.settling": "time until back in one's own resting range",
    "holds.days": "only days until back in range after a bad day",
    "holds.nights": "nights and still, waking time",
    "holds.daily": "only the vendor's one value a day",
    "holds.rises": "from single rises",
    "holds.waking": "from still, waking minutes",
    "holds.resting": "from the resting measure of each day",
    "holds.practice": "only days with practice against days without",
    "holds.tags": "from your tags",
    "holds.settle": "how fast the heart settles at night",
    "holds.deep": "only the vendor's share of deep sleep",
    "holds.night_after": "only the night after an event",
    "holds.step": "only a lasting step in the resting measure",
    "holds.ratings": "from your ratings",
    "holds.workouts": "from workouts",
    "holds.walking": "only from steady walking",
    "holds.can.yes": "yes",
    "holds.can.part": "in part",
    "holds.can.no": "no",
}

TERMS = {
    "term.rise.name": "Rise",
    "term.rise": "A stretch awake and still in which the heart beats clearly faster than movement and the time of day explain. Its cause is unknown unless you tagged it. A sensor at the wrist or chest does not tell sitting from standing, so standing up without a step can look like one.",
    "term.half_time.name": "Half-time",
    "term.half_time": "The time in which half of a rise is gone, once it has begun to fade.",
    "term.settling.name": "Time back into range",
    "term.settling": "The time from the end of a rise until the heart is back in its own resting range. Used where heart rate is recorded every 1 to 2 minutes.",
    "term.baseline.name": "Baseline",
    "term.baseline": "How high the body rests: heart rate and beat-to-beat variation at night, or the best resting measure there is. It is named wherever it is used.",
    "term.range.name": "Your own range",
    "term.range": "The span in which 9 of 10 of your own days of the last two months lie. It compares you with nobody else.",
    "term.interval.name": "Interval (the numbers in brackets)",
    "term.interval": "The span in which the true value lies with 95 in 100 confidence, if the assumptions of the method hold.",
    "term.chance.name": "How often chance alone would do it",
    "term.chance": "If nothing had changed, results this clear would still come up now and then. The rarer that is, the stronger the sign. It is not the chance that the result is wrong.",
    "term.cut_short.name": "Cut short",
    "term.cut_short": "The recovery was interrupted by movement, a new rise, sleep or a gap. It counts as at least as long as it was followed, and is never dropped.",
    "term.technique.name": "Technique",
    "term.technique": "Breathing, meditation or anything else you do to calm down, as far as you tagged it. Its time stays out of the baseline.",
    "term.night_hr.name": "Heart rate at night",
    "term.night_hr": "The mean of the lowest half hour of heart rate during sleep.",
    "term.rmssd.name": "RMSSD",
    "term.rmssd": "How much successive beats differ in length, in ms; higher at rest usually means calmer. From beats within sleep, in 5-minute windows.",
    "term.arousal.name": "Arousal",
    "term.arousal": "Heart rate and beat-to-beat variation at rest joined into one number, in units of the spread of your own days. Lower is calmer.",
    "term.tinn.name": "TINN (left out)",
    "term.tinn": "The base of a triangle fitted to the histogram of beat intervals. Its definition leaves open how wide the bins are and where the fit may search, so programs give 0, 195 and 250 ms for the same beats. It is therefore not computed; the triangular index, with its bins stated, and SDNN say the same.",
    "term.tier.name": "Data kind",
    "term.tier": "What your device recorded decides what can be said: A every beat, B heart rate every 1 to 15 s, C every 1 to 2 min, C2 every 3 to 15 min, D one value a day, E workouts only.",
    "term.healing.name": "Healing pattern",
    "term.healing": "Recovery and baseline both moved towards calm, also without a technique.",
    "term.partial.name": "Partly better",
    "term.partial": "One of recovery and baseline moved towards calm, or reactions became softer without a technique.",
    "term.mixed.name": "Mixed",
    "term.mixed": "One sign moved towards calm and another away from it.",
    "term.coping.name": "Coping pattern",
    "term.coping": "Calmer with a technique, or more effort with lower peaks, while recovery and baseline without it show no gain. It is only said where techniques were tagged. Coping has value.",
    "term.unchanged.name": "About the same",
    "term.unchanged": "A change large enough to matter is excluded. This is shown, not assumed.",
    "term.undetermined.name": "Cannot tell yet",
    "term.undetermined": "The data allow a change in either direction. The size that would have shown is given.",
    "term.worsening.name": "Less calm",
    "term.worsening": "Recovery or baseline moved away from calm. Illness, sleep, alcohol, medicine or a new device can do that.",
    "term.insufficient.name": "Not enough data yet",
    "term.insufficient": "There are too few days, nights or rises to ask about a direction.",
    "explain.exact": "Formula: {formula}. Statistic: {statistic}. Needs: {minimum}. Source: {reference}.",
    "explain.marker": "The test: {test}. {how}",
}

UI = {
    "axis.date": "Date ({years})",
    "axis.week": "Week that begins on",
    "axis.worn": "Hours worn",
    "axis.since_release": "Minutes since the rise began to fade",
    "axis.share_left": "Share of the rise\nstill there (%)",
    "axis.half_time": "Half-time (min:s)",
    "figure.then": "then ({n} rises)",
    "figure.now": "now ({n} rises)",
    "figure.before": "before ({n} rises)",
    "figure.after": "after ({n} rises)",
    "figure.all": "all ({n} rises)",
    "figure.half": "half gone",
    "figure.measured": "measured ({n})",
    "figure.at_least": "at least ({n})",
    "figure.at_most": "at most ({n})",
    "figure.trend": "trend, 95 %",
    "figure.range": "9 of 10 days",
    "figure.day": "one day",
    "figure.week": "7-day mean",
    "figure.curves.title": "How fast a rise fades: then and now",
    "figure.curves.title.change": "How fast a rise fades: before and after {date:date}",
    "figure.curves.alt.change": "Share of a heart-rate rise that is still there, by minutes. Half is gone {then} before {date:date} and {now} after it.",
    "figure.curves.range": "Back in your own range is reached before the line comes to zero: a small remainder drowns in the ordinary ups and downs.",
    "figure.curves.title.one": "How fast a rise fades",
    "figure.curves.caption.one": "Line: the middle recovery; shade: the middle half of all. Open circles: recoveries that were cut short there; they count up to that point.",
    "figure.curves.alt.both": "Share of a heart-rate rise that is still there, by minutes. Half is gone {then} then and {now} now.",
    "figure.curves.caption.change": "Lines: the middle recovery before and after {date:date}; shades: the middle half of all. Open circles: recoveries that were cut short there; they count up to that point.",
    "figure.curves.alt.one": "Share of a heart-rate rise that is still there, by minutes. Half is gone {now}.",
    "figure.curves.crossed": "after about {at_s:duration}",
    "figure.curves.not_crossed": "not within the time shown",
    "figure.curves.caption": (
        "Lines: the middle recovery; shades: the middle half of all. Then is the first third of the period, now the last third. "
        "Open circles: recoveries that were cut short there; they count up to that point."
    ),
    "figure.half_times.title": "Half-time of every rise",
    "figure.half_times.alt": "Half-times of {n:# rise|# rises} by date. {trend}",
    "figure.half_times.caption": "Each mark is one rise. Triangles up: cut short, so at least this long. Triangles down: faster than the recording can time.",
    "figure.half_times.trend": "Line and grey band: the trend, and where it lies with 95 in 100 confidence.",
    "figure.half_times.level": "Line and grey band: the middle one, and where it lies with 95 in 100 confidence.",
    "figure.baseline.title": "Baseline against your own range",
    "figure.baseline.alt": "{level} {trend}",
    "figure.baseline.caption": (
        "{measure}. Dots: one day each. Line: mean of 7 days. Grey band: where 9 of 10 of your own days of the last two months lie. {n} days in all."
    ),
    "figure.baseline.caption.none": (
        "{measure}. Dots: one day each. Line: mean of 7 days. Your own range is drawn from 14 days on; there are {n}."
    ),
    "figure.survival.title": "Share not yet back, then and now",
    "figure.survival.alt": "Share of rises that are not yet back {goal}, by minutes. Half are back {then} then and {now} now.",
    "figure.survival.title.change": "Share not yet back, before and after {date:date}",
    "figure.survival.alt.change": "Share of rises that are not yet back {goal}, by minutes. Half are back {then} before {date:date} and {now} after it.",
    "figure.survival.caption": "Each step is a rise that came back {goal}; ticks are recoveries that were cut short. Below: how many were still followed.",
    "figure.survival.half": "to half",
    "figure.survival.range": "into one's own range",
    "figure.survival.then": "then ({n})",
    "figure.survival.now": "now ({n})",
    "figure.survival.before": "before ({n})",
    "figure.survival.after": "after ({n})",
    "figure.survival.at_risk": "still followed",
    "axis.survival": "Share not yet back (%)",
    "axis.minutes": "Minutes since the rise began to fade",
    "figure.hours.title": "Heart rate by hour and weekday",
    "figure.hours.alt": "Heart rate in still, waking time by hour and weekday, against your own middle. Highest: {high}; lowest: {low}.",
    "figure.hours.caption": "Only still, waking minutes. Brighter: higher than your own middle. Hatched: under half an hour of such time.",
    "figure.hours.at": "{weekday} at {hour}:00 ({value:num} bpm)",
    "axis.hour": "Hour of the day",
    "axis.above_middle": "bpm above your middle",
    "figure.day.asked": "The day you asked for: {date:date}",
    "figure.day.typical": "A typical day: {date:date}",
    "figure.day.alt": "Heart rate through {date:date}, between {low} and {high} bpm, with sleep, movement, exercise and {n:# rise|# rises} marked.",
    "figure.day.caption": "Blue line: heart rate. Grey line: what movement and the time of day explain. Rows below: sleep, movement, exercise, time left out (for example just after movement), rises; hollow ones are not used for recovery speed.",
    "figure.day.caption.tags": "Above the line: what you tagged.",
    "axis.rmssd": "RMSSD (ms)",
    "axis.sdnn": "SDNN (ms)",
    "axis.arousal": "Arousal (SD)",
    "axis.other": "Baseline",
    "axis.hr": "Heart rate (bpm)",
    "axis.clock": "Local time (hour)",
    "row.sleep": "sleep",
    "row.moving": "moving",
    "row.exercise": "exercise",
    "row.left_out": "left out",
    "row.rise": "rise",
    "figure.tachogram.title": "Beat by beat",
    "figure.tachogram.alt": "Time from beat to beat of {n} recorded beats; {share:pct} of them were not normal and are marked.",
    "figure.tachogram.caption": "The time from each beat to the next; beats that were missed, false or early are marked, and put right before anything is measured. Shaded: nothing was recorded.",
    "figure.poincare.title": "Each interval against the one before",
    "figure.poincare.alt": "A cloud of beat intervals, each against the one before: about {sd1:num} ms wide (SD1) and {sd2:num} ms long (SD2).",
    "figure.poincare.caption": "The wider the cloud across the dotted line, the more each beat differs from the next; its length shows the slower swings.",
    "figure.spectrum.title": "How fast the intervals swing",
    "figure.spectrum.alt": "Strength of the swings by their speed: {lf:num} ms² in the slower band (LF), {hf:num} ms² in the faster one (HF).",
    "figure.spectrum.caption": "Slow swings stand on the left, fast ones on the right; calm breathing usually shows in the band HF.",
    "figure.fluctuation.title": "Swings over longer and longer stretches",
    "figure.fluctuation.alt": "Size of the swings by the number of beats looked at; the slope up to 16 beats, alpha 1, is {alpha:num}.",
    "figure.fluctuation.caption": "How the swings grow as more beats are looked at together (detrended fluctuation analysis); the slopes are called α1 and α2.",
    "beat.normal": "normal intervals",
    "beat.missed": "missed beat ({n})",
    "beat.extra": "false beat ({n})",
    "beat.ectopic": "early or displaced beat ({n})",
    "beat.long": "long ({n})",
    "beat.short": "short ({n})",
    "beat.unusable": "unusable ({n})",
    "beat.ellipse": "SD1 {sd1:num} ms, SD2 {sd2:num} ms",
    "beat.band": "{name} {power:num} ms²",
    "axis.time_min": "Time (min)",
    "axis.rr": "RR interval (ms)",
    "axis.rr.next": "Next RR interval (ms)",
    "axis.frequency": "Frequency (Hz)",
    "axis.power": "Power density (ms²/Hz)",
    "axis.box": "Box size (beats)",
    "axis.fluctuation": "Fluctuation F(n) (ms)",
    "figure.technique.title": "With and without a technique",
    "figure.technique.alt": "Half-times of {on} rises with a technique and {off} without, one mark each.",
    "figure.technique.caption": "Each mark is one rise. Triangles up: cut short, so at least this long; triangles down: too fast to time, at most this long. The line is the middle one, cut-short ones counted (Kaplan-Meier).",
    "figure.technique.on": "with ({n})",
    "figure.technique.off": "without ({n})",
    "figure.labels.title": "Recovery by what you tagged",
    "figure.labels.alt": "Time back to half after each kind of tagged event, with 95 % intervals.",
    "figure.labels.caption": "Dot: the middle time; line: 95 % interval; in brackets: how many. Kinds with fewer than five are listed and not drawn.",
    "figure.labels.other": "untagged",
    "figure.labels.few": "too few",
    "figure.coverage.title": "Where we do not know",
    "figure.coverage.alt": "Hours worn on each day: {known} of {days} days have data.",
    "figure.coverage.caption": "Each square is one day; the brighter, the longer the device was worn. Hatched: no data.",
    "figure.marks": "Marks along the top: {named}.",
    "tag.event": "events",
    "tag.technique": "techniques",
    "tag.therapy": "therapy",
    "tag.medicine": "medicine",
    "tag.illness": "illness",
    "tag.alcohol": "alcohol",
    "tag.cycle": "cycle",
    "tag.life": "life events",
    "tag.other": "other",
    "tag.device": "device",
    "figure.data": "Numbers of this picture",
    "ui.title": "Healing or coping?",
    "ui.skip": "Skip to the answer",
    "ui.period.one": "{since:date} (1 day)",
    "ui.period": "{since:date} to {until:date} ({days:# day|# days})",
    "ui.recovery": "Recovery",
    "ui.baseline": "Baseline",
    "ui.together": "Together",
    "ui.then_now": "Then and now",
    "ui.sign": "Sign",
    "ui.then": "Then",
    "ui.now": "Now",
    "ui.change": "Change over the whole period",
    "ui.then_now.caption.change": "Then: first third of the period. Now: last third. In brackets: 95 % intervals. Before and after {date:date}: in the next table.",
    "ui.then_now.caption": "Then: first third of the period. Now: last third. In brackets: 95 % intervals.",
    "ui.half_time": "Half-time of a rise",
    "ui.settling": "Time back into your own range",
    "ui.period_name": "Period",
    "ui.group": "Group",
    "ui.middle": "Half are back",
    "ui.minutes": "Minutes",
    "ui.then_share": "Then: middle (quartiles), %",
    "ui.now_share": "Now: middle (quartiles), %",
    "ui.before_share": "Before: middle (quartiles), %",
    "ui.after_share": "After: middle (quartiles), %",
    "ui.all_share": "All: middle (quartiles), %",
    "ui.week_until": "Week until",
    "ui.no_value": "not measured",
    "ui.at_most": "at most {bound_s:duration}",
    "ui.change.title": "Before and after {date:date}",
    "ui.change.title.label": "Before and after: {label} ({date:date})",
    "ui.change.lead": "The same statistics with a step at that date in the place of time. A date says nothing about a cause.",
    "ui.before": "Before",
    "ui.after": "After",
    "ui.difference": "Difference",
    "ui.changed": "What changed",
    "ui.same": "What did not change",
    "ui.unclear": "What is not clear",
    "ui.unseen": "Where no change could be looked for",
    "ui.nothing": "Nothing that can be said with confidence.",
    "ui.nothing.same": "Nothing could be shown to be the same; that needs more data than a change does.",
    "ui.settle": "What would settle it",
    "ui.settle.open": "More time as now would help; how much cannot be said yet.",
    "ui.settle.surer": "Nothing is missing for this answer; more time makes it surer. Look again in a few months.",
    "ui.settle.nothing": "Nothing more is needed for this answer. Look again in a few months.",
    "ui.pictures": "The two signs in pictures",
    "ui.markers": "Every practical test",
    "ui.markers.lead": 'Each test of the articles, with what your data say. "No clear change" means that the data allow a change in either direction.',
    "ui.test": "Test",
    "ui.says": "What the data say",
    "ui.state": "In short",
    "ui.numbers": "Numbers",
    "ui.more_pictures": "More pictures",
    "ui.episodes": "Every rise",
    "ui.beside": "Beside it",
    "ui.beside.back": "in range after {back}",
    "ui.beside.percent": "{percent} % gone after {minutes} min",
    "ui.beside.vagal": "vagal return {change} % a minute ({low} to {high})",
    "ui.episodes.lead": "Raised heart rate without movement; the cause is unknown unless you tagged it. Used for recovery speed: {used} of {all}.",
    "ui.episodes.show": "Show {n:# rise|# rises}",
    "ui.days": "Every day",
    "ui.days.show": "Show {n:# day|# days}",
    "ui.beats": "Beats",
    "ui.beats.lead": "A few minutes of beats, from {time} on {date:date}: the middle ones of that day. For people who look into the data; of all this only RMSSD can enter the answer.",
    "ui.beats.show": "Show {n:# picture|# pictures}",
    "ui.start": "Start",
    "ui.kind": "Kind",
    "ui.rise": "Rise (bpm)",
    "ui.half_time_s": "Half-time (min:s)",
    "ui.interval": "95 % interval",
    "ui.used": "Used",
    "ui.why_not": "Why not, or cut short by",
    "ui.yes": "yes",
    "ui.no": "no",
    "ui.curve": "Curve",
    "ui.date": "Date",
    "ui.worn": "Worn (h)",
    "ui.night_hr": "Night heart rate (bpm)",
    "ui.rmssd": "RMSSD (ms)",
    "ui.resting": "Resting heart rate (bpm)",
    "ui.arousal": "Arousal (SD)",
    "ui.quality": "Quality",
    "ui.data": "Data and their quality",
    "ui.coverage": "{days:# day|# days} and {nights:# night|# nights} with data; worn {worn:# hour|# hours}, of which {still:# hour|# hours} awake and still. Data kind {tier}: {tier_words}.",
    "ui.coverage.daily": "{days:# day|# days} with a value. Data kind {tier}: {tier_words}.",
    "ui.files": "Files",
    "ui.files.show": "Show the table ({n:# line|# lines})",
    "ui.files.grouped": "{n} files; those alike share a line. Each of them stands in report.json with its own numbers.",
    "ui.file": "File",
    "ui.format": "Format",
    "ui.streams": "Streams",
    "ui.first": "First",
    "ui.last": "Last",
    "ui.rows_used": "Rows used",
    "ui.rows_refused": "Rows refused",
    "ui.refused_why": "Why",
    "ui.notes": "Notes",
    "ui.no_notes": "No notes.",
    "ui.notes.more": "{n:# further note stands|# further notes stand} in the web page of this report.",
    "ui.methods": "Methods",
    "method.self_test": "To check itself, the program put {n} known rises into your own quiet hours and looked for them: it found {found:pct} of those that stand out (between {low:pct} and {high:pct}); the middle error of one half-time was {error:pct}.",
    "method.self_test.slope": "Of a true difference between half-times it shows about {slope:pct} (between {low:pct} and {high:pct}).",
    "method.self_test.none": "The program could not check itself on your data: too few quiet hours.",
    "method.same": "The answer stays the same when each of these limits is halved or doubled: {names}.",
    "method.other": "It changes to “{answer}” when {name} is {tried} instead of {used}.",
    "limit.trend.alpha": "the chance of a false alarm that is allowed",
    "limit.trend.alpha_worse": "the chance of a false alarm that is allowed for a sign that became worse",
    "limit.verdict.probable": "the certainty that each of the two signs must have",
    "limit.verdict.jump_over_line": "how clearly a slow drift must be told from a sudden step",
    "limit.verdict.min_days": "the number of days needed",
    "limit.verdict.min_night_share": "the share of days with a resting value that is needed",
    "limit.verdict.min_episodes": "the number of rises needed",
    "limit.trend.worth_half_time": "the change of recovery that is worth having",
    "answer.healing": "healing",
    "answer.partial": "one sign is better",
    "answer.mixed": "one better, one worse",
    "answer.coping": "coping",
    "answer.unchanged": "unchanged",
    "answer.undetermined": "cannot be told yet",
    "answer.worsening": "worse",
    "answer.insufficient": "too few data",
    "ui.method": "Method",
    "ui.p_value": "p (two-sided)",
    "ui.q_value": "q",
    "ui.n": "n",
    "ui.settings": "Settings",
    "ui.settings.lead": "Limits and times that the program went by, named as in the program and in report.json, with where each comes from.",
    "ui.settings.show": "Show {n} settings",
    "ui.setting": "Setting",
    "ui.value": "Value",
    "ui.unit": "Unit",
    "ui.source": "Source",
    "ui.glossary": "Words used here",
    "ui.raw": "The numbers for machines",
    "ui.raw.lead": "The same analysis as JSON, schema {schema}; report.json beside this page has it too, with every file on its own.",
    "ui.nav": "Contents",
    "ui.made": "Made by hrv-recovery {version}. Everything was computed on your machine; this page opens no connection.",
    "ui.clinician": "For a clinician",
    "ui.sources": "Files read: {n} ({kinds}). Rows used: {used}; refused: {refused}, each with its reason in the web page of this report.",
    "ui.made.short": "hrv-recovery {version}, settings {mark}. Computed on the person's own machine. Not a diagnosis; every number, episode and setting is in report.html and report.json.",
    "ui.not_diagnosis": (
        "This is a pattern in signals of the body, not a diagnosis and not a judgement of a person. A raised heart rate can be joy, coffee, cold or fear. "
        "Healing and coping are words of two articles; no validated test of the body tells them apart. If what you feel and what stands here disagree, what you feel counts."
    ),
    "method.recovery": (
        "Heart rate is compared with what movement and the time of day explain. A rise is a still, waking stretch clearly above that. "
        'Its half-time is the time in which half of the rise is gone, from a joint fit of rise, plateau and decay. Recoveries that were interrupted are kept as "at least", those too fast for the recording as "at most".'
    ),
    "method.baseline": (
        "Nights and still, waking hours give a resting level per day. The range is that of 9 of 10 own days of the last two months. Days with too little data are left out, not guessed."
    ),
    "method.trend": (
        "Trends are fitted with errors that may resemble each other from day to day, so that slow swings are not taken for progress. Both signs are tested on their own and corrected for being two (Holm)."
    ),
    "method.verdict": (
        "A pattern is named only when its intervals allow it. Fitness, illness, alcohol, season, device, medicine, cycle, pregnancy and heart rhythm can move the same signals."
    ),
}

ANSWERS = {
    "answer.where": "your answers",
    "answer.training.more": "You said that you train more than before: fitness alone makes the heart come back faster and rest lower.",
    "answer.training.more.since": "You said that you train more since {since}: fitness alone makes the heart come back faster and rest lower.",
    "answer.training.less": "You said that you train less than before: losing fitness alone makes the heart come back slower and rest higher.",
    "answer.training.less.since": "You said that you train less since {since}: losing fitness alone makes the heart come back slower and rest higher.",
    "answer.illness.yes": "You said that you were ill in this time: illness raises the resting heart rate and slows recovery for weeks.",
    "answer.illness.yes.since": "You said that you were ill from {since}: illness raises the resting heart rate and slows recovery for weeks.",
    "answer.intake.medicine": "You said that a medicine began, changed or ended: many act on the heart.",
    "answer.intake.medicine.since": "You said that a medicine began, changed or ended on {since}: many act on the heart. A step on that day is allowed for.",
    "answer.intake.alcohol_more": "You said that you drink more than before: alcohol raises the heart rate of the night.",
    "answer.intake.alcohol_more.since": "You said that you drink more since {since}: alcohol raises the heart rate of the night.",
    "answer.intake.alcohol_less": "You said that you drink less than before: that alone lowers the heart rate of the night.",
    "answer.intake.alcohol_less.since": "You said that you drink less since {since}: that alone lowers the heart rate of the night.",
    "answer.cycle.pregnancy": "You said that you were pregnant in this time: pregnancy raises the resting heart rate week by week.",
    "answer.cycle.pregnancy.since": "You said that you were pregnant from {since}: pregnancy raises the resting heart rate week by week.",
    "answer.cycle.change": "You said that your cycle or its hormones changed: they move the resting heart rate by a few beats.",
    "answer.cycle.change.since": "You said that your cycle or its hormones changed on {since}: they move the resting heart rate by a few beats.",
    "answer.rhythm.irregular": "You said that your heart beats irregularly: figures from beat to beat then speak of the rhythm and not of calm.",
    "answer.rhythm.pacemaker": "You said that you have a pacemaker: it may set the heart rate, so neither recovery nor baseline can be read as calm.",
}

REASONS = frozenset(REFUSALS.values())
SENTENCES: dict[str, str] = {
    **NOTES,
    **REFUSALS,
    **STREAMS,
    **TERMS,
    **UI,
    **VERDICT,
    **QUALIFIERS,
    **RECOVERY,
    **CHANGE,
    **UNITS,
    **MARKERS,
    **MISSING,
    **NEEDS,
    **CODES,
    **TIERS,
    **HOLDS,
    **ANSWERS,
}


class Words:
    """The sentences in one language, with numbers written as that language writes them."""

    def __init__(self, language: str = "en") -> None:
        if language not in languages():
            raise SettingsError(
                f"no words for language {language!r}",
                way_out=f"There are: {', '.join(languages())}",
            )
        self.language = language
        catalogue = gettext.translation(
            "hrv", LOCALE, languages=[language], fallback=language == "en"
        )
        self._translate = catalogue.gettext
        self._form: Callable[[int], int] = getattr(catalogue, "plural", lambda n: int(n != 1))
        self._numbers = _Numbers(self)
        self.decimal = self.say("decimal")

    def say(self, code: str, /, **facts: Any) -> str:
        """The sentence of a code; KeyError for a code that is not in the table."""
        return self._numbers.vformat(self._translated(SENTENCES[code]), (), facts)

    def _translated(self, sentence: str) -> str:
        return self._translate(sentence) if sentence else ""

    def note(self, note: Note) -> str:
        """A note of the analysis; its English template is its message id."""
        facts = {key: self.known(x) if isinstance(x, str) else x for key, x in note.facts.items()}
        text = self._numbers.vformat(self._translated(note.text), (), facts)
        alike = any(isinstance(x, int) for key, x in facts.items() if key != "files")
        return self.say("note.example", text=text) if "files" in facts and alike else text

    def where(self, note: Note) -> str:
        """What a note is about: a file, many of them, or a part of the analysis."""
        if "files" in note.facts:
            return self.say("note.files", n=note.facts["files"])
        return self.known(note.where)

    def refusal(self, reason: str) -> str:
        """Why rows of a file were not used."""
        for code in ("refusal.wild", "refusal.no_stress"):
            before, after = SENTENCES[code].split("{name}")
            if reason.startswith(before) and reason.endswith(after) and reason not in REASONS:
                name = reason[len(before) : len(reason) - len(after)]
                return self.say(code, name=self.known(self.stream(name)))
        return self.known(reason)

    def stream(self, name: str) -> str:
        """A kind of data that a file holds."""
        return self.say(f"stream.{name}") if f"stream.{name}" in SENTENCES else name

    def known(self, text: str) -> str:
        """A text that another room wrote, translated if it is one of the table."""
        return self._translated(text)

    def reason(self, missing: Missing) -> str:
        """Why a number is not there."""
        facts = dict(missing.facts)
        if "why" in facts:
            inner = str(facts.pop("why"))
            facts["reason"] = self.reason(Missing(inner, facts))
        if f"tag.{facts.get('kind')}" in SENTENCES:
            facts["kind"] = self.say(f"tag.{facts['kind']}")
        code = f"missing.{missing.code}"
        return self.say(code if needed_facts(code) <= set(facts) else f"{code}.bare", **facts)

    def need(self, need: Need) -> str:
        """What would settle the question."""
        known = need.weeks is not None and math.isfinite(need.weeks)
        code = f"need.{need.code}" + (
            "" if known or need.kind is not NeedKind.MORE_TIME else ".open"
        )
        return self.say(code, **{**need.facts, "weeks": need.weeks})

    # ------------------------------------------------------------------ numbers as words

    def number(self, value: float, digits: int | None = None) -> str:
        """A number with as many decimals as its size deserves."""
        if digits is None:
            size = abs(value)
            digits = 0 if size >= 9.95 or float(value).is_integer() else 1 if size >= 0.995 else 2
        text = f"{value:.{digits}f}"
        if float(text) == 0:
            text = text.lstrip("-")
        return text.replace("-", "−").replace(".", self.decimal)

    def duration(self, seconds: float) -> str:
        """Seconds as a person says them: 45 s, 2 min 30 s, 1 h 10 min."""
        if seconds < 59.5:
            return f"{self.number(max(round(seconds), 1))}{NBSP}s"
        if seconds < 600:
            whole = 5 * round(seconds / 5)
            minutes, rest = divmod(whole, 60)
            return f"{minutes}{NBSP}min" + (f" {rest}{NBSP}s" if rest else "")
        minutes = round(seconds / 60)
        if minutes < 100:
            return f"{minutes}{NBSP}min"
        hours, rest = divmod(minutes, 60)
        return f"{hours}{NBSP}h" + (f" {rest}{NBSP}min" if rest else "")

    def clock(self, seconds: float) -> str:
        """Seconds in the short form of a range: 1:50, 0:45; hours as 1:10 h."""
        if seconds >= 6000:
            hours, minutes = divmod(round(seconds / 60), 60)
            return f"{hours}:{minutes:02d}{NBSP}h"
        minutes, rest = divmod(round(seconds), 60)
        return f"{minutes}:{rest:02d}"

    def day(self, day: int | date) -> str:
        """A calendar day; numbers count from 1970-01-01."""
        when = day if isinstance(day, date) else as_date(day)
        month = self.say("months").split()[when.month - 1]
        return self.say("date.form", day=when.day, month=month, year=when.year)

    def short_day(self, day: int) -> str:
        """Day and month alone, for the ticks of an axis."""
        when = as_date(day)
        month = self.say("months").split()[when.month - 1]
        return self.say("date.short", day=when.day, month=month)

    def weeks(self, weeks: float) -> str:
        """A waiting time in weeks, or years where it is long, rounded up."""
        if weeks > 104:
            return self.say("weeks.years", n=math.ceil(weeks / 52.2))
        return self.say("weeks.one") if weeks <= 1 else self.say("weeks", n=math.ceil(weeks - 1e-9))

    def weekdays(self) -> list[str]:
        """Monday to Sunday, short."""
        return self.say("weekdays").split()

    def counted(self, n: float, forms: Sequence[str]) -> str:
        """A count in the form of its number: 1 day, 2 days; "#" is the number."""
        return forms[self._form(round(n))].replace("#", self.number(round(n)))

    def percent(self, share: float) -> str:
        """A share (0 to 1) in percent."""
        return f"{self.number(100 * share, 0 if share >= 0.095 or share == 0 else 1)}{NBSP}%"

    def rare(self, p: float) -> str:
        """How often chance alone would do it, never rounded towards rarity."""
        if p < 0.001:
            return self.say("rare.very")
        if p < 0.01:
            return self.say("rare.seldom")
        return self.say("rare.often", n=max(math.ceil(100 * p - 1e-9), 2))

    def size(self, amount: float, unit: str) -> str:
        """A positive amount with its unit; amounts too small to print are "under" something."""
        mark = self._mark(unit)
        least = 0.1 if unit in {"%", "bpm", "SD"} else 0.01
        if 0 < amount < least:
            return self.say(
                "size.under",
                size=f"{self.number(least, 1 if least == 0.1 else 2)}{NBSP}{mark}".rstrip(),
            )
        digits = 1 if unit == "SD" or (unit in PERCENT | {"bpm"} and amount < 1) else None
        if unit in PERCENT and amount >= 0.95:
            digits = 0
        return f"{self.number(amount, digits)}{NBSP}{mark}".rstrip()

    def _mark(self, unit: str) -> str:
        return self.say("plain.SD") if unit == "SD" else self.unit(unit)

    def unit(self, unit: str) -> str:
        """A unit as it is written after a number."""
        code = f"unit.{unit}"
        return self.say(code) if code in SENTENCES else unit

    def change(self, change: Estimate, unit: str, words: tuple[str, str]) -> str:
        """A change with its range; its direction is claimed only if the interval allows it."""
        low, high = change.low, change.high
        if low == high == 0:
            return self.say("change.flat")
        down, up = words
        if low > 0 or high < 0:
            word = up if low > 0 else down
            near, far = sorted((abs(low), abs(high)))
            return self.say(
                "change.clear",
                amount=self.amount(abs(change.value), unit, word),
                near=self.amount(near, unit, word, bare=far <= 100 or unit != "%"),
                far=self.amount(far, unit, word),
            )
        return self.say(
            "change.open", down=self.amount(-low, unit, down), up=self.amount(high, unit, up)
        )

    def amount(self, size: float, unit: str, word: str, *, bare: bool = False) -> str:
        """How much and in which direction: 22 % shorter, 2.5 times as long."""
        if unit == "%" and size > 100 and f"times.{word}" in SENTENCES:
            return self.say(f"times.{word}", n=self.number(1.0 + size / 100.0))
        text = self.size(size, unit)
        if not bare:
            return f"{text} {self.say(f'word.{word}')}"
        return text if unit == "%" else text.removesuffix(f"{NBSP}{self._mark(unit)}")


class _Numbers(string.Formatter):
    """`str.format` with the specifications of this module."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def format_field(self, value: Any, format_spec: str) -> str:
        words = self._words
        own = {
            "duration": words.duration,
            "clock": words.clock,
            "date": words.day,
            "pct": words.percent,
            "rare": words.rare,
            "num": words.number,
            "weeks": words.weeks,
        }
        if format_spec in own:
            return str(own[format_spec](value))
        if "|" in format_spec:
            return words.counted(value, format_spec.split("|"))
        if not format_spec and isinstance(value, float):
            return words.number(value)
        text = str(super().format_field(value, format_spec))
        return text.replace(".", words.decimal) if format_spec.endswith("f") else text


def needed_facts(code: str) -> set[str]:
    """Names of the facts that a sentence is made with."""
    return {name for _, name, _, _ in string.Formatter().parse(SENTENCES[code]) if name}


@cache
def languages() -> tuple[str, ...]:
    """Languages there are words for; English needs no catalogue."""
    found = {path.parents[1].name for path in LOCALE.glob("*/LC_MESSAGES/hrv.mo")}
    return tuple(sorted(found | {"en"}))


def known_codes() -> Mapping[str, str]:
    """Every code that can be said, with its English sentence."""
    return SENTENCES
