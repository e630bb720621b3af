"""What the fixture scripts share: numbers written as C, and a generator that C repeats exactly."""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def number(value):
    value = float(value)
    if value != value:
        return "NAN"
    return repr(value)


def array(values):
    values = [number(v) for v in values]
    return "{" + ", ".join(values) + "}" if values else "{0}"


def integers(values):
    return "{" + ", ".join(str(int(v)) for v in values) + "}" if len(values) else "{0}"


def write(name, guard, lines):
    """Writes NAME beside this file: a header with fixtures, formatted as clang-format leaves it."""
    path = os.path.join(HERE, name)
    script = os.path.basename(sys.argv[0])
    with open(path, "w", encoding="utf-8") as out:
        out.write(f"/* Made by tests/oracle/{script}; not to be edited. clang-format off */\n")
        out.write(f"#ifndef {guard}\n#define {guard}\n\n")
        out.write("\n".join(lines))
        out.write("\n\n#endif\n")


class Noise:
    """Numbers in [-0.5, 0.5), all of 24 bits, so that float and double hold them exactly."""

    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = (self.state * 1664525 + 1013904223) % 2**32
        return (self.state >> 8) / 2**24 - 0.5

    def take(self, count):
        return [self.next() for _ in range(count)]
