"""
What fills the slots of a template.

A rule (`{number:1-500}`) is drawn anew each time; a name (`{user}`) is drawn once a story and then remembered.
"""

import base64
import hashlib
from collections.abc import Callable, Sequence
from functools import cache

from commands.simulation import names
from commands.simulation.chance import Chance
from commands.simulation.hosts import FLEET
from commands.simulation.scene import Scene

Maker = Callable[[Scene], str]

HOME_DOMAIN = "nordwind.example"
STRANGE_NETWORKS = (23, 31, 45, 46, 61, 78, 80, 91, 103, 112, 118, 141, 159, 178, 185, 193, 202, 212, 218)


def maker(slot: str, rule: str) -> Maker:
    """What fills `{slot:rule}` of a template; KeyError names a slot that does not exist."""
    if rule:
        return RULES[slot](rule)
    return _remembered(slot, NAMED[slot])


def named(slot: str, scene: Scene) -> str:
    """The value of a named slot in this scene, drawn if it is the first time."""
    values = scene.values
    if slot not in values:
        values[slot] = NAMED[slot](scene)
    return values[slot]


def _remembered(slot: str, make: Maker) -> Maker:
    """`make`, but only once a scene."""

    def value(scene: Scene) -> str:
        values = scene.values
        if slot not in values:
            values[slot] = make(scene)
        return values[slot]

    return value


def _number(rule: str) -> Maker:
    """`1-500`: a whole number, small ones more likely."""
    low, high = (int(bound) for bound in rule.split("-"))
    return lambda scene: str(scene.chance.mostly_low(low, high))


def _decimal(rule: str) -> Maker:
    """`0.001-2.5`: a number with as many decimals as the lower bound, small ones more likely."""
    low, high = rule.split("-")
    decimals = len(low.partition(".")[2])
    scale: int = 10**decimals
    least, most = round(float(low) * scale), round(float(high) * scale)

    def value(scene: Scene) -> str:
        whole, fraction = divmod(scene.chance.mostly_low(least, most), scale)
        return f"{whole}.{fraction:0{decimals}d}"

    return value


def _hexadecimal(rule: str) -> Maker:
    """`8`: that many hexadecimal digits."""
    length = int(rule)

    def value(scene: Scene) -> str:
        digits = "".join(f"{scene.chance.below(2**48):012x}" for _ in range(0, length, 12))
        return digits[:length]

    return value


def _one(rule: str) -> Maker:
    """`a|b|c`: one of them."""
    values = rule.split("|")
    return lambda scene: scene.chance.pick(values)


def _any(rule: str) -> Maker:
    """`article`: what the named slot would be, drawn anew."""
    return NAMED[rule]


def _delays(rule: str) -> Maker:
    """`9.00`: the delays of a mail in postfix's words, the longest of the four in seconds; their sum comes first."""
    longest = round(float(rule) * 100)

    def value(scene: Scene) -> str:
        parts = [scene.chance.mostly_low(1, most) for most in (40, 5, longest, longest)]
        total, *four = [f"{hundredths // 100}.{hundredths % 100:02d}" for hundredths in (sum(parts), *parts)]
        return f"delay={total}, delays={'/'.join(four)}"

    return value


def _favourite(pool: Sequence[str]) -> Maker:
    """A name from a pool, the first ones far more often than the last."""
    return lambda scene: scene.chance.favour(pool)


def _equal(pool: Sequence[str]) -> Maker:
    """A name from a pool, each as often."""
    return lambda scene: scene.chance.pick(pool)


def _colleague(scene: Scene) -> str:
    """Another host of the fleet."""
    return scene.chance.pick([host.name for host in FLEET if host is not scene.machine.host])


def _uid(scene: Scene) -> str:
    """The number of the scene's user, one of the staff: a story that settles another user settles this too."""
    return str(1001 + names.STAFF.index(named("user", scene)))


def _operator_uid(scene: Scene) -> str:
    """The number of the scene's operator."""
    return str(1001 + names.STAFF.index(named("operator", scene)))


def _fingerprint(scene: Scene) -> str:
    """The fingerprint of the one key that the scene's user has."""
    return _key_of(named("user", scene))


@cache
def _key_of(user: str) -> str:
    """43 characters that look like a hash because they are one."""
    return base64.b64encode(hashlib.sha256(user.encode()).digest()).decode().rstrip("=")


def _stranger(scene: Scene) -> str:
    """An address somewhere in the internet."""
    return strange_address(scene.chance)


def strange_address(chance: Chance) -> str:
    """An address somewhere in the internet, for whoever has no scene yet."""
    return f"{chance.pick(STRANGE_NETWORKS)}.{chance.below(256)}.{chance.below(256)}.{chance.between(1, 254)}"


def _client(scene: Scene) -> str:
    """An address in the offices."""
    return f"10.20.{scene.chance.below(4)}.{scene.chance.between(10, 199)}"


def _mac(scene: Scene) -> str:
    """The hardware address of a laptop."""
    chance = scene.chance
    return f"3c:52:82:{chance.below(256):02x}:{chance.below(256):02x}:{chance.below(256):02x}"


def _queue_id(scene: Scene) -> str:
    """What postfix calls a message."""
    return f"{scene.chance.below(2**40):010X}"


def _partner_address(scene: Scene) -> str:
    """A mail address outside."""
    return f"{scene.chance.favour(names.MAILBOXES)}@{named('partner', scene)}"


def _nginx_worker(scene: Scene) -> str:
    """A worker process of nginx and its thread, which has the same number."""
    worker = scene.chance.between(1_000, 90_000)
    return f"{worker}#{worker}"


def _page(scene: Scene) -> str:
    """What a browser asks the shop for."""
    chance = scene.chance
    section = chance.favour(names.SECTIONS)
    return f"/{section}/{chance.favour(names.ARTICLES)}-{chance.between(100, 9_999)}"


RULES: dict[str, Callable[[str], Maker]] = {
    "number": _number,
    "decimal": _decimal,
    "hex": _hexadecimal,
    "one": _one,
    "any": _any,
    "delays": _delays,
}

NAMED: dict[str, Maker] = {
    # people and machines
    "user": _favourite(names.STAFF),
    "operator": _favourite(names.OPERATORS),
    "leaver": _equal(names.LEAVERS),
    "guess": _favourite(names.GUESSES),
    "uid": _uid,
    "operator_uid": _operator_uid,
    "address": lambda scene: scene.machine.host.address,
    "here": lambda scene: scene.machine.host.name,
    "colleague": _colleague,
    "client": _client,
    "stranger": _stranger,
    "stranger_name": lambda scene: "host-" + named("stranger", scene).replace(".", "-") + ".pool.example.net",
    "port": lambda scene: str(scene.chance.between(32_768, 60_999)),
    "pts": lambda scene: f"pts/{scene.chance.mostly_low(0, 6)}",
    "session": lambda scene: scene.machine.new_session(),
    "fingerprint": _fingerprint,
    "laptop": _favourite(names.LAPTOPS),
    "mac": _mac,
    "public_name": _favourite(names.PUBLIC_NAMES),
    "array": _equal(("md0", "md1")),
    "nic": _equal(("eth0", "eth1")),
    "usb_port": lambda scene: f"{scene.chance.between(1, 4)}-{scene.chance.between(1, 8)}",
    "usb_device": _number("3-60"),
    "rsyslogd_pid": lambda scene: scene.pid("rsyslogd"),
    "backup_run": _hexadecimal("8"),
    "date": lambda scene: scene.clock.date(scene.time),
    # mail
    "queue_id": _queue_id,
    "partner": _favourite(names.PARTNERS),
    "bulk_sender": _equal(names.BULK_SENDERS),
    "outside": _partner_address,
    "inside": lambda scene: f"{named('user', scene)}@{HOME_DOMAIN}",
    "message_id": lambda scene: f"{scene.chance.below(2**48):012x}.{scene.chance.below(10**6):06d}",
    "mail_size": lambda scene: str(scene.chance.mostly_low(1_200, 2_400_000)),
    "mail_pid": _number("9000-90000"),
    "mail_session": _hexadecimal("16"),
    # web
    "nginx_worker": _nginx_worker,
    "page": _page,
    "shop": _favourite(names.SHOPS),
    "agent": _favourite(names.AGENTS),
    "access_time": lambda scene: scene.clock.access(scene.time),
    # the shop
    "customer": _favourite(names.CUSTOMERS),
    "article": _favourite(names.ARTICLES),
    "order": lambda scene: str(scene.chance.between(410_000, 489_999)),
    "warehouse": _favourite(names.WAREHOUSES),
    "carrier": _favourite(names.CARRIERS),
    "bank": _favourite(names.BANKS),
    "reason": _favourite(names.REASONS),
    "queue": _favourite(names.QUEUES),
    "worker": _equal(names.WORKERS),
    "report": _equal(names.REPORTS),
    "job": lambda scene: str(scene.chance.between(100_000, 999_999)),
    # databases and builds
    "database": _favourite(names.DATABASES),
    "table": _favourite(names.TABLES),
    "project": _favourite(names.PROJECTS),
    "branch": _favourite(names.BRANCHES),
    "document": _equal(names.DOCUMENTS),
    "statement": _number("2-400"),
    "app_address": _equal(("10.10.2.21", "10.10.2.22")),
    "veth": _hexadecimal("7"),
    "share": _favourite(names.SHARES),
    "container": _hexadecimal("12"),
}
