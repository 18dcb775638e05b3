"""Who and what the demo cooperative is: people, pools, assets, and what they used so far."""

from dataclasses import dataclass

PASSWORD = "our own network"
NAME = "Valley Network Cooperative"
IBAN = "ES9121000418450200051332"


@dataclass(frozen=True)
class Person:
    """Somebody of the demo: founding units by pool; `steward` may keep the register."""

    email: str
    name: str
    language: str = "en"
    steward: bool = False
    backbone: int = 0
    storage: int = 0


@dataclass(frozen=True)
class Thing:
    """A physical asset: cost in cents, capacity in millitokens per period."""

    pool: str
    name: str
    kind: str
    place: str
    serial: str
    cost: int
    capacity: dict[str, int]


PEOPLE = (
    Person("ana@example.org", "Ana Ortiz", steward=True, backbone=1150, storage=450),
    Person("ben@example.org", "Ben Fischer", language="de", backbone=700, storage=300),
    Person("chloe@example.org", "Chloe Ferrer"),
    Person("dario@example.org", "Dario Conti", backbone=250),
    Person("eva@example.org", "Eva Lindqvist", storage=120),
)
APPLICANT = Person("farid@example.org", "Farid Haddad")

RESOURCES = (
    ("bandwidth", "Bandwidth", "GB", 1),
    ("storage", "Storage", "GB·day", 2),
    ("cpu", "CPU", "core·hour", 3),
)
POOLS = (
    ("backbone", "Valley backbone", "Two masts and the fibre between the villages."),
    ("storage", "Storage room", "A server and a shelf of disks in the old school."),
)
THINGS = (
    Thing("backbone", "Ridge mast", "mast", "Ridge", "RM-2024-01", 120_000, {"bandwidth": 900_000}),
    Thing(
        "backbone", "Mill fibre", "fibre", "Mill lane", "FB-0412", 95_000, {"bandwidth": 700_000}
    ),
    Thing(
        "backbone", "Core router", "router", "School", "RB5009-77", 25_000, {"bandwidth": 200_000}
    ),
    Thing("storage", "Storage server", "server", "School", "SRV-19", 60_000, {"cpu": 1_440_000}),
    Thing(
        "storage", "Disk shelf", "disk shelf", "School", "DS-4x8", 40_000, {"storage": 9_000_000}
    ),
)
COSTS = (
    ("backbone", "Transit and power", 72_000, {"bandwidth": 1}),
    ("storage", "Power and rent", 27_000, {"storage": 2, "cpu": 1}),
)
PRICES = {
    "backbone:bandwidth": 80_000_000,
    "storage:storage": 3_500_000,
    "storage:cpu": 12_000_000,
}
"""micro-cents per token"""

USED = (
    {
        "ana": (620, 1900, 300),
        "ben": (410, 1500, 120),
        "chloe": (70, 200, 10),
        "dario": (190, 0, 0),
    },
    {"ana": (655, 2100, 320), "ben": (380, 1450, 90), "chloe": (95, 260, 16), "dario": (205, 0, 0)},
    {
        "ana": (590, 2050, 280),
        "ben": (455, 1600, 110),
        "chloe": (110, 300, 12),
        "dario": (230, 0, 0),
    },
)
"""Past months, oldest first: tokens of bandwidth, storage and CPU by first name."""

POLICIES = {
    "notice_seconds": 0,
    "voting_seconds": 45,
    "timelock_seconds": 0,
    "timelock_rights_seconds": 0,
    "delegation_enabled": True,
    "proxy_share": [1, 3],
}
"""So short that a decision can be watched from proposal to effect; the site says so."""

LONGER = 3 * 86_400
UNHURRIED = ("action:resolution",)
"""Types of decision that stay open for three days, so that a visitor finds one."""
