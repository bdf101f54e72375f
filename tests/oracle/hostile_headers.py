"""Lines whose headers are made to be misread, and rules to read them by: what header kernels are tried with."""

from pathlib import Path

from hypothesis import strategies as st

from patterns.rules import FormatRule, Rules
from patterns.settings import load_formats
from patterns.words import DEFAULT_CLASSES, WordRules

SHIPPED = load_formats(Path(__file__).parents[2] / "conf/training.toml")

CLOCKS = st.builds("{:02}:{:02}:{:02}".format, st.integers(0, 24), st.integers(0, 60), st.integers(0, 60))
RFC3164 = st.builds(
    "{}{}".format, st.sampled_from(["Oct 11 ", "Nov  3 ", "Feb 29 ", "Oct\t11\v", "Xyz 11 ", "oct 11 "]), CLOCKS
)
ISO = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["2026-10-11T", "2026-02-30T", "0001-01-01T", "9999-12-31T", "2026-10-11 "]),
    CLOCKS,
    st.sampled_from(["", ".5", ",123456789", ".1234567890", ".", ".5.5"]),
    st.sampled_from(["", "Z", "+02:00", "-0930", "+02:00:30", "z"]),
)
PRIORITIES = st.sampled_from(
    [
        "",
        "",
        "<34>",
        "<3>",
        "<999>",
        "<1234>",
        "<>",
        "<3",
        "<34> ",
        "<34>1 ",
        "<34>0 ",
        "<34>12 ",
        "<34>01 ",
        "<34>123 ",
    ]
)
GAPS = st.sampled_from([" ", " ", "  ", "\t", "\v", "\r", "", "\x1c"])
HOSTS = st.sampled_from(["web1", "web1", "", "ho[st", "host:", "é1", "-", "a" * 255, "a" * 256, "a" * 257, "é" * 256])
TAGS = st.sampled_from(
    [
        *("su[77]:", "su:", "su[]:", "su[7", "su[7]", "docker/3f2a90c1:", "worker-17:", "deadbeef:", "é:", "a:b:", ":"),
        *("-:", "p" * 128 + ":", "p" * 129 + ":", "p[" + "7" * 64 + "]:", "p[" + "7" * 65 + "]:", "x" * 600 + ":"),
    ]
)
STRUCTURED = st.builds(
    "{}{}{}{}{}{}{}".format,
    st.sampled_from(["su", "-", "worker-17", "p" * 128, "p" * 129, "é"]),
    GAPS,
    st.sampled_from(["77", "-", "7" * 129]),
    GAPS,
    st.sampled_from(["ID47", "-"]),
    GAPS,
    st.sampled_from(
        ["-", "[a]", '[a k="v"]', '[a k="v w"]', '[a k="]"]', r'[a k="\""]', "[a][b]", "[a][b c]", "[", "--"]
    ),
)
MESSAGES = st.sampled_from(
    [
        "",
        "",
        "accepted",
        "port 22 open",
        "\ufeffmarked",
        "\ufeff",
        " x",
        "12",
        "é…",
        "\0",
        "<34>",
        "a\rb",
        "a: b",
        "x\r",
        "INFO abc1 7",
    ]
)
LINES = st.one_of(
    st.builds(
        "{}{}{}{}{}{}{}{}".format, PRIORITIES, RFC3164 | ISO, GAPS, HOSTS, GAPS, TAGS | STRUCTURED, GAPS, MESSAGES
    ),
    st.builds(
        "<34>1{}{}{}{}{}{}{}{}".format,
        GAPS,
        ISO | st.sampled_from(["-", "…", "x" * 65]),
        GAPS,
        HOSTS,
        GAPS,
        STRUCTURED,
        GAPS,
        MESSAGES,
    ),
    MESSAGES,
    st.sampled_from(
        [
            "2026-01-02 10:00:00,123 INFO some text",
            "[Sun Dec 04 04:47:44 2005] [notice] workerEnv x",
            "17/06/09 20:10:40 INFO executor.A: hello 5",
            "2026-01-02 10:00:00 - ERROR - [a:b@12] - x y",
            "2026-01-02T10:00:00 ERROR",
            "2026-01-02 10:00:00,123 FATAL r24=0x0f abc1",
            "2026-01-02 10:00:00,123 ERROR 12",
            "2026-01-02 10:00:00.1+02 WARN x",
            "t=1.5|su-1|WARN|text 1",
            "t=-|-|-|-",
            "t=|||",
            "t=x|é|é|é",
        ]
    ),
)
ENCODED = st.builds(lambda line, cut: line.encode()[:cut], LINES, st.none() | st.integers(0, 80)) | st.binary(
    max_size=9
)
CHUNKS = st.lists(ENCODED.map(lambda line: line.replace(b"\n", b" ").removesuffix(b"\r")), max_size=6)

OWN = r"t=(?P<timestamp>[^|]*)\|(?P<program>[^|]*)\|(?P<level>[^|]*)\|(?P<message>.*)"


def own(expression: str, time: str = "", zone: str = "") -> dict[str, FormatRule]:
    return {"own": FormatRule(expression, time, zone)}


RULES = {
    "built-in formats": [
        Rules(),
        Rules(zone="Europe/Berlin", max_line_bytes=256),
        Rules(header="plain"),
        Rules(header="rfc5424"),
        Rules(header="rfc3164", formats=SHIPPED),
        Rules(header="iso"),
    ],
    "shipped formats": [
        Rules(formats=SHIPPED),
        Rules(formats=SHIPPED, max_line_bytes=256),
        Rules(header="date_time_level", formats=SHIPPED),
    ],
    "times": [
        Rules(formats=own(OWN, "epoch")),
        Rules(formats=own(OWN, "iso", "Australia/Lord_Howe")),
        Rules(header="own", formats=own(r"(?P<timestamp>\w+ \d+ [0-9:]+) (?P<message>.*)", "%b %d %X")),
        Rules(formats=own(r"(?P<program>\w*)(?P<level>)(?P<message>:.*|x)")),
    ],
    "expressions": [
        Rules(formats={"one": FormatRule("(t)=(?P<message>.*)"), **own(OWN, "iso")}),
        Rules(formats=own("(?:(?P<program>t)|.)(?P<message>.*)")),
        Rules(formats=own("(?i)T=(?P<message>.*)|SU ?.*")),
        Rules(formats=own(r"(?P<message>.*)\Q|-")),
    ],
    "programs told apart by digits": [
        Rules(words=WordRules(classes={"x": "[a-z]+1"})),
        Rules(words=WordRules(classes={**DEFAULT_CLASSES, "number": "[0-9]+"})),
    ],
}
