"""The messages we read and write, in one table.

Numbers, names, types, scales and units follow the global FIT profile as generated into fitdecode
0.11.0 (profile 21.171, 4 August 2025), cross-checked with fit-tool 0.9.16 (profile 21.212). What
no profile names but real files hold is marked `documented=False`, with its source beside it.

A value is `raw / scale - offset`, in `unit`.
"""

from __future__ import annotations

from dataclasses import dataclass

PROFILE_VERSION = 21171
EPOCH_S = 631_065_600  # 1989-12-31T00:00Z, where FIT time starts, as Unix time
FIRST_DATE = 0x1000_0000  # smaller date_times are seconds since power-on


@dataclass(frozen=True, slots=True)
class BaseType:
    """A type of the file: its code there, its NumPy kind and its word for "no value"."""

    name: str
    code: int
    dtype: str  # without byte order; S for text
    invalid: int | None

    @property
    def size(self) -> int:
        return int(self.dtype[1:] or 1)


BASE_TYPES = {
    base.name: base
    for base in (
        BaseType("enum", 0x00, "u1", 0xFF),
        BaseType("sint8", 0x01, "i1", 0x7F),
        BaseType("uint8", 0x02, "u1", 0xFF),
        BaseType("sint16", 0x83, "i2", 0x7FFF),
        BaseType("uint16", 0x84, "u2", 0xFFFF),
        BaseType("sint32", 0x85, "i4", 0x7FFF_FFFF),
        BaseType("uint32", 0x86, "u4", 0xFFFF_FFFF),
        BaseType("string", 0x07, "S", None),
        BaseType("float32", 0x88, "f4", None),  # all bits set, which is a NaN
        BaseType("float64", 0x89, "f8", None),
        BaseType("uint8z", 0x0A, "u1", 0),
        BaseType("uint16z", 0x8B, "u2", 0),
        BaseType("uint32z", 0x8C, "u4", 0),
        BaseType("byte", 0x0D, "u1", 0xFF),
        BaseType("sint64", 0x8E, "i8", 0x7FFF_FFFF_FFFF_FFFF),
        BaseType("uint64", 0x8F, "u8", 0xFFFF_FFFF_FFFF_FFFF),
        BaseType("uint64z", 0x90, "u8", 0),
    )
}
# the upper bits only say that byte order matters, and some writers leave them out
BY_CODE = {base.code & 0x1F: base for base in BASE_TYPES.values()}

# names of the profile that stand for a base type; `local` is wall time on the scale of UTC
ALIASES = {"date_time": "uint32", "local": "uint32", "bool": "uint8"}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message. `type` is a base type, date_time (UTC) or local (wall time)."""

    number: int
    name: str
    type: str = "uint8"
    scale: float = 1.0
    offset: float = 0.0
    unit: str = ""
    array: bool = False
    documented: bool = True

    @property
    def base(self) -> BaseType:
        return BASE_TYPES[ALIASES.get(self.type, self.type)]

    @property
    def is_time(self) -> bool:
        return self.type in ("date_time", "local")


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the profile; an unnamed field is simply not listed."""

    number: int
    name: str
    fields: tuple[Field, ...]

    def field(self, name: str) -> Field:
        """The field of that name. KeyError if there is none."""
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(f"{self.name} has no field {name}")


F = Field
TIMESTAMP = F(253, "timestamp", "date_time", unit="s")
TIMESTAMP_MS = F(0, "timestamp_ms", "uint16", unit="ms")  # added to timestamp


def _totals(first: int) -> tuple[Field, ...]:
    """What session and lap count alike, from number 7 on."""
    return (
        TIMESTAMP,
        F(0, "event", "enum"),
        F(1, "event_type", "enum"),
        F(2, "start_time", "date_time"),
        F(7, "total_elapsed_time", "uint32", 1000, unit="s"),
        F(8, "total_timer_time", "uint32", 1000, unit="s"),
        F(9, "total_distance", "uint32", 100, unit="m"),
        F(11, "total_calories", "uint16", unit="kcal"),
        F(first, "avg_heart_rate", unit="bpm"),
        F(first + 1, "max_heart_rate", unit="bpm"),
    )


_TABLE = (
    Message(
        0,
        "file_id",
        (
            F(0, "type", "enum"),
            F(1, "manufacturer", "uint16"),
            F(2, "product", "uint16"),
            F(3, "serial_number", "uint32z"),
            F(4, "time_created", "date_time"),
            F(8, "product_name", "string"),
        ),
    ),
    Message(
        18,
        "session",
        (
            *_totals(16),
            F(5, "sport", "enum"),
            F(6, "sub_sport", "enum"),
            F(194, "avg_spo2", unit="%"),
            F(195, "avg_stress", unit="%"),
            F(197, "sdrr_hrv", unit="ms"),
            F(198, "rmssd_hrv", unit="ms"),
        ),
    ),
    Message(19, "lap", (*_totals(15), F(24, "lap_trigger", "enum"), F(25, "sport", "enum"))),
    Message(
        20,
        "record",
        (
            TIMESTAMP,
            F(3, "heart_rate", unit="bpm"),
            F(4, "cadence", unit="rpm"),
            F(5, "distance", "uint32", 100, unit="m"),
            F(6, "speed", "uint16", 1000, unit="m/s"),
            F(13, "temperature", "sint8", unit="C"),
            F(73, "enhanced_speed", "uint32", 1000, unit="m/s"),
            F(99, "respiration_rate", unit="breaths/min"),
            F(108, "enhanced_respiration_rate", "uint16", 100, unit="breaths/min"),
            F(116, "current_stress", "uint16", 100),
            F(135, "record_135", documented=False),
            F(136, "wrist_heart_rate", unit="bpm", documented=False),  # GoldenCheetah #4480
            F(143, "body_battery", unit="%", documented=False),
            F(144, "external_heart_rate", unit="bpm", documented=False),
        ),
    ),
    Message(
        21,
        "event",
        (
            TIMESTAMP,
            F(0, "event", "enum"),
            F(1, "event_type", "enum"),
            F(2, "data16", "uint16"),
            F(3, "data", "uint32"),
            F(4, "event_group"),
            F(14, "activity_type", "enum"),
            F(15, "start_timestamp", "date_time"),
        ),
    ),
    Message(
        23,
        "device_info",
        (
            TIMESTAMP,
            F(0, "device_index"),
            F(1, "device_type"),  # ANT+ or BLE type, or the local one, by source_type
            F(2, "manufacturer", "uint16"),
            F(3, "serial_number", "uint32z"),
            F(4, "product", "uint16"),
            F(18, "sensor_position", "enum"),
            F(25, "source_type", "enum"),
            F(27, "product_name", "string"),
        ),
    ),
    Message(
        34,
        "activity",
        (
            TIMESTAMP,
            F(0, "total_timer_time", "uint32", 1000, unit="s"),
            F(1, "num_sessions", "uint16"),
            F(2, "type", "enum"),
            F(3, "event", "enum"),
            F(4, "event_type", "enum"),
            F(5, "local_timestamp", "local"),
        ),
    ),
    Message(49, "file_creator", (F(0, "software_version", "uint16"), F(1, "hardware_version"))),
    Message(
        55,
        "monitoring",
        (
            TIMESTAMP,
            F(1, "calories", "uint16", unit="kcal"),
            F(2, "distance", "uint32", 100, unit="m"),
            F(3, "cycles", "uint32", 2, unit="cycles"),  # 2 steps a cycle: raw counts steps
            F(4, "active_time", "uint32", 1000, unit="s"),
            F(5, "activity_type", "enum"),
            F(8, "distance_16", "uint16", unit="100 m"),
            F(9, "cycles_16", "uint16", unit="2 cycles"),
            F(11, "local_timestamp", "local"),
            F(19, "active_calories", "uint16", unit="kcal"),
            F(24, "current_activity_type_intensity", "byte"),  # type: bits 0-4, intensity: 5-7
            F(26, "timestamp_16", "uint16", unit="s"),  # low half of the time
            F(27, "heart_rate", unit="bpm"),
            F(29, "duration_min", "uint16", unit="min"),
            F(33, "moderate_activity_minutes", "uint16", unit="min"),
            F(34, "vigorous_activity_minutes", "uint16", unit="min"),
        ),
    ),
    Message(78, "hrv", (F(0, "time", "uint16", 1000, unit="s", array=True),)),
    Message(
        103,
        "monitoring_info",
        (
            TIMESTAMP,
            F(0, "local_timestamp", "local"),
            F(1, "activity_type", "enum", array=True),
            F(3, "cycles_to_distance", "uint16", 5000, unit="m/cycle", array=True),
            F(4, "cycles_to_calories", "uint16", 5000, unit="kcal/cycle", array=True),
            F(5, "resting_metabolic_rate", "uint16", unit="kcal/day"),
        ),
    ),
    Message(
        132,
        "hr",
        (
            TIMESTAMP,
            F(0, "fractional_timestamp", "uint16", 32768, unit="s"),
            F(1, "time256", "uint8", 256, unit="s"),
            F(6, "filtered_bpm", unit="bpm", array=True),
            F(9, "event_timestamp", "uint32", 1024, unit="s", array=True),
            F(10, "event_timestamp_12", "byte", array=True),  # 12-bit words, low nibble first
        ),
    ),
    Message(
        162,
        "timestamp_correlation",
        (
            TIMESTAMP,
            F(1, "system_timestamp", "date_time"),
            F(3, "local_timestamp", "local"),
        ),
    ),
    Message(
        206,
        "field_description",
        (
            F(0, "developer_data_index"),
            F(1, "field_definition_number"),
            F(2, "fit_base_type_id"),
            F(3, "field_name", "string"),
            F(8, "units", "string"),
        ),
    ),
    Message(
        207,
        "developer_data_id",
        (
            F(1, "application_id", "byte", array=True),
            F(2, "manufacturer_id", "uint16"),
            F(3, "developer_data_index"),
        ),
    ),
    Message(
        211,
        "monitoring_hr_data",
        (
            TIMESTAMP,
            F(0, "resting_heart_rate", unit="bpm"),  # of seven days
            F(1, "current_day_resting_heart_rate", unit="bpm"),
        ),
    ),
    Message(
        227,
        "stress_level",
        (
            F(0, "stress_level_value", "sint16"),
            F(1, "stress_level_time", "date_time"),
            F(3, "body_battery", "sint8", unit="%", documented=False),
        ),
    ),
    Message(
        229,
        "max_met_data",
        (F(0, "update_time", "date_time"), F(2, "vo2_max", "uint16", 10, unit="mL/kg/min")),
    ),
    Message(
        269,
        "spo2_data",
        (
            TIMESTAMP,
            F(0, "reading_spo2", unit="%"),
            F(1, "reading_confidence"),
            F(2, "mode", "enum"),
        ),
    ),
    Message(
        273,
        "sleep_info",
        (
            TIMESTAMP,
            F(1, "step", "uint16", unit="s", documented=False),
            F(2, "local_timestamp", "local", documented=False),
        ),
    ),
    Message(275, "sleep_level", (TIMESTAMP, F(0, "sleep_level", "enum"))),
    Message(
        290,
        "beat_intervals",
        (TIMESTAMP, TIMESTAMP_MS, F(1, "time", "uint16", unit="ms", array=True)),
    ),
    Message(
        297,
        "respiration_rate",
        (TIMESTAMP, F(0, "respiration_rate", "sint16", 100, unit="breaths/min")),
    ),
    Message(
        346,
        "sleep_assessment",
        (
            F(0, "combined_awake_score"),
            F(1, "awake_time_score"),
            F(2, "awakenings_count_score"),
            F(3, "deep_sleep_score"),
            F(4, "sleep_duration_score"),
            F(5, "light_sleep_score"),
            F(6, "overall_sleep_score"),
            F(7, "sleep_quality_score"),
            F(8, "sleep_recovery_score"),
            F(9, "rem_sleep_score"),
            F(10, "sleep_restlessness_score"),
            F(11, "awakenings_count"),
            F(14, "interruptions_score"),
            F(15, "average_stress_during_sleep", "uint16", 100),
        ),
    ),
    Message(
        370,
        "hrv_status_summary",
        (
            TIMESTAMP,
            F(0, "weekly_average", "uint16", 128, unit="ms"),
            F(1, "last_night_average", "uint16", 128, unit="ms"),
            F(2, "last_night_5_min_high", "uint16", 128, unit="ms"),
            F(3, "baseline_low_upper", "uint16", 128, unit="ms"),
            F(4, "baseline_balanced_lower", "uint16", 128, unit="ms"),
            F(5, "baseline_balanced_upper", "uint16", 128, unit="ms"),
            F(6, "status", "enum"),
        ),
    ),
    Message(371, "hrv_value", (TIMESTAMP, F(0, "value", "uint16", 128, unit="ms"))),
    Message(
        372,
        "raw_bbi",
        (
            TIMESTAMP,
            TIMESTAMP_MS,
            F(1, "data", "uint16", array=True),  # ms: bits 0-13, quality: bit 14, gap: bit 15
        ),
    ),
    Message(
        398,
        "skin_temp_overnight",
        (
            TIMESTAMP,
            F(0, "local_timestamp", "local"),
            F(1, "average_deviation", "float32", unit="C"),
            F(2, "average_7_day_deviation", "float32", unit="C"),
            F(4, "nightly_value", "float32", unit="C"),
        ),
    ),
    Message(
        412,
        "nap_event",
        (
            TIMESTAMP,
            F(0, "start_time", "date_time"),
            F(1, "start_timezone_offset", "sint16", unit="min"),
            F(2, "end_time", "date_time"),
            F(3, "end_timezone_offset", "sint16", unit="min"),
            F(4, "feedback", "enum"),
            F(5, "is_deleted", "bool"),
            F(6, "source", "enum"),
        ),
    ),
)

MESSAGES = {message.number: message for message in _TABLE}
BY_NAME = {message.name: message for message in _TABLE}

FILE_TYPES = {
    "activity": 4,
    "monitoring": 32,
    "metrics": 44,  # this and the next two are in no profile; seen in files of watches
    "sleep": 49,
    "hrv_status": 68,
}

SPORTS = {
    0: "generic",
    1: "running",
    2: "cycling",
    3: "transition",
    4: "fitness equipment",
    5: "swimming",
    10: "training",
    11: "walking",
    12: "cross-country skiing",
    13: "alpine skiing",
    14: "snowboarding",
    15: "rowing",
    16: "mountaineering",
    17: "hiking",
    18: "multisport",
    19: "paddling",
    21: "e-biking",
    25: "golf",
    30: "inline skating",
    31: "rock climbing",
    33: "ice skating",
    35: "snowshoeing",
    37: "stand-up paddleboarding",
    41: "kayaking",
    47: "boxing",
    48: "floor climbing",
    53: "diving",
    62: "HIIT",
    64: "racket",
    67: "meditation",
    83: "dance",
    84: "jump rope",
}

MANUFACTURERS = {
    1: "garmin",
    13: "dynastream_oem",
    15: "dynastream",
    23: "suunto",
    32: "wahoo_fitness",
    40: "concept2",
    70: "sigmasport",
    71: "tomtom",
    89: "tacx",
    95: "stryd",
    112: "bryton_sensors",
    123: "polar_electro",
    129: "coros_byte",
    255: "development",
    260: "zwift",
    265: "strava",
    267: "bryton",
    289: "hammerhead",
    294: "coros",
    305: "whoop",
    310: "decathlon",
}
