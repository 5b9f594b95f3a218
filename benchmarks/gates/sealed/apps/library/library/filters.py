import re
from functools import lru_cache

SCHEME = "\n".join(
    f"{letter}{number:02} = {name} / {letter}.{number}"
    for letter, name in (("A", "general"), ("B", "thought"), ("C", "society"), ("D", "nature"), ("E", "letters"))
    for number in range(12)
)


def read_scheme(text):
    classes = {}
    for line in text.splitlines():
        code, _, rest = line.partition(" = ")
        name, mark = re.fullmatch(r"(\w+) / (\S+)", rest).groups()
        classes[code] = f"{mark} {name}"
    return classes


@lru_cache(maxsize=4)
def known_scheme(text):
    return read_scheme(text)


def spine(call_number, scheme=SCHEME):
    code, _, rest = call_number.partition(" ")
    return f"{read_scheme(scheme)[code]} {rest}"


def shelf(call_number, scheme=SCHEME):
    code, _, rest = call_number.partition(" ")
    return f"{rest} on {known_scheme(scheme)[code]}"
