"""Writes data as YAML in every style that people use: the same data, other bytes, drawn from a random source.

dump(data, random) gives the text. Strings that no style but one can hold are written in that one. Odd(text) stands
for a plain scalar as it is to appear (numbers like 0o14, dates, y and n), whatever it may mean.
"""
import re


class Odd(str):
    """A scalar to be written without quotes, as it stands."""


SCALARS = [Odd(t) for t in (
    "0o14", "014", "0x1F", "0b11", "1e3", "1E3", "1.0", "1.50", "-0", "+5", ".5", "5.", "1_000", "6.02e+23", "1e-7", ".inf", "-.inf", ".nan", ".NaN", "0.1",
    "123456789012345678901", "9223372036854775807", "9223372036854775808", "1e400", "2020-01-01", "2020-01-01T00:00:00Z", "2001-12-14 21:59:43.10 -5", "12:30:45", "190:20:30",
    "y", "n", "Y", "N", "yes", "No", "on", "OFF", "true", "True", "TRUE", "false", "null", "Null", "NULL", "~", "", "=", "<<", "1.2.3", "v1", "0755", "08", "1e", "e1", "0x", "0xg", "1__0", "-", "-.5", "!!str 5",
    "!!int '7'", "!!float 3", "!!binary aGk=", "!custom x", "a#b", "a: b" if False else "a:b", "é", "日本", "*", "[]", "{}", "a,b", "%a", "@x", "`x`", "\\n", "C:\\x", "-1", "- 1" if False else "-a", "?x", ":x", "a:", "x y  z")]
SCALARS = [s for s in SCALARS if s not in ("*", "%a", "@x", "`x`", "a:", "=")]
STRINGS = ["line one\nline two\n", "no end\nx", "trailing  \nspace\n", "\n\nleading", "ends\n\n\n", " lead space", "tab\tin", "\ttab first", "a" * 90, "word " * 30, "word " * 30 + "\n", "x: y", "# no", "'q'", '"dq"',
           "back\\slash", "nul", "uni é 日本 \U0001f600", "\u00a0nbsp", "- x", "? y", "[1, 2]", "{a: b}", "%TAG", "@at", "`tick`", "!bang", "&amp", "*star", "| pipe", "> gt", "...", "---", "--- a", "", " ", "\n",
           "  indented\n    more\n  back\n", "#!/bin/sh\necho hi\n", "key: |\n  nested\n", "a\n\n\nb\n", "long " * 25 + "\nsecond " * 20, "ends with colon:", "a : b", "a #b", "0", "true", "null", "1.0", "1e3", "0x1f", "012", "2020-01-01", "y", "~", ".", "-", "=", "<<",
           "ed\u200bzw", "{{ .Values.x }}", "$(VAR)", "${VAR}", "a\tb\n", "x\n y\n", "\n", "very-long-unbroken-" * 8, "https://example.com/" + "a" * 70 + " " + "b" * 40]


WORDS = ("y", "n", "yes", "no", "on", "off", "true", "false", "null", "~", "<<", "=", ".", "-")


def double(text):
    out = ""
    for c in text:
        n = ord(c)
        if c == '"': out += '\\"'
        elif c == "\\": out += "\\\\"
        elif c == "\n": out += "\\n"
        elif c == "\t": out += "\\t"
        elif c == "\r": out += "\\r"
        elif n < 32 or n == 0x7f: out += "\\x%02x" % n
        elif n in (0x85, 0xa0, 0x2028, 0x2029, 0xfeff): out += "\\u%04x" % n
        else: out += c
    return '"' + out + '"'


def plain_ok(text):
    if not text or text != text.strip() or re.search(r"[\n\r\t\x00-\x1f\x7f\x85\u2028\u2029\ufeff]", text): return False
    if re.match(r"[-?:,\[\]{}#&*!|>'\"%@`=]", text) or text.startswith(("---", "...")): return False
    if ": " in text or " #" in text or text.endswith(":") or re.search(r"[,\[\]{}]", text): return False
    return text.lower() not in WORDS and not re.match(r"[-+]?\.?\d|[-+]?\.(inf|nan)", text, re.I)


class Writer:
    def __init__(self, random, wild):
        self.r, self.wild = random, wild
        self.anchors = 0
        self.nl = "\n"

    def chance(self, p): return self.r.random() < p

    def scalar(self, value, flow, indent):
        if isinstance(value, Odd): return str(value)
        if value is None: return self.r.choice(["null", "~", "null"]) if flow else self.r.choice(["null", "~", "", "null", "null"])
        if value is True: return "true"
        if value is False: return "false"
        if isinstance(value, int): return str(value)
        if isinstance(value, float):
            text = repr(value)
            return text if text not in ("inf", "-inf", "nan") else "." + text
        options = [double(value)]
        if not re.search(r"[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029\ufeff\n\t]", value): options.append("'" + value.replace("'", "''") + "'")
        if plain_ok(value): options += [value] * 6
        block = not flow and not re.search(r"[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029\ufeff]", value) and value.strip(" \n\t")
        if block and "\n" in value and not value.startswith((" ", "\n", "\t")): options += [self.literal(value, indent)] * 6
        if block and not re.search(r"(^|\n)[ \t]|[ \t](\n|$)|\n\n", value) and self.wild: options.append(self.folded(value, indent))
        return self.r.choice(options)

    def chomp(self, value):
        body = value.rstrip("\n")
        ends = len(value) - len(body)
        return body, "-" if ends == 0 else "" if ends == 1 else "+", ends

    def literal(self, value, indent):
        body, mark, ends = self.chomp(value)
        pad = " " * (indent + self.r.choice([2, 2, 2, 4]))
        lines = [pad + line if line else "" for line in body.split("\n")]
        return "|" + mark + "\n" + "\n".join(lines) + "\n" * max(0, ends - 1)

    def folded(self, value, indent):
        body, mark, ends = self.chomp(value)
        pad = " " * (indent + 2)
        lines = []
        for i, line in enumerate(body.split("\n")):
            if i: lines.append("")
            words, current = line.split(" "), ""
            if "" in words: lines.append(pad + line); continue
            for w in words:
                if current and len(current) + len(w) > 50 and self.chance(0.7): lines.append(pad + current); current = w
                else: current = current + " " + w if current else w
            lines.append(pad + current)
        return ">" + mark + "\n" + "\n".join(lines) + "\n" * max(0, ends - 1)

    def key(self, key):
        if isinstance(key, Odd): return str(key)
        text = str(key)
        if plain_ok(text) and not self.chance(0.04): return text
        return self.r.choice([double(text), "'" + text.replace("'", "''") + "'"]) if "\n" not in text else double(text)

    def flow(self, value):
        space = self.r.choice(["", " "])
        if isinstance(value, dict):
            return "{" + space + ", ".join(self.key(k) + ": " + self.flow(v) for k, v in value.items()) + space + "}"
        if isinstance(value, list): return "[" + space + ", ".join(self.flow(v) for v in value) + space + "]"
        if isinstance(value, Odd) and (value == "" or re.search(r"[,\[\]{}]", value) or value.startswith(("!", ":", "?", "-"))): return "''"
        return self.scalar(value, True, 0)

    def comment(self, indent):
        if self.chance(0.03): return " " * indent + self.r.choice(["# comment", "#", "# - a: b", "#comment: [x"]) + "\n"
        if self.chance(0.03): return "\n"
        if self.wild and self.chance(0.01): return " " * (indent + 2) + "\n"
        return ""

    def trailing(self):
        if self.chance(0.03): return " # why"
        return "  " if self.wild and self.chance(0.01) else ""

    def block(self, value, indent):
        """The lines of a non-empty map or list, each ended."""
        out = ""
        pad = " " * indent
        if isinstance(value, dict):
            for k, v in value.items():
                out += self.comment(indent) + pad + self.key(k) + ":"
                out += self.below(v, indent, self.chance(0.5))
            return out
        for v in value:
            out += self.comment(indent) + pad + "-"
            if isinstance(v, dict) and v and not self.chance(0.1):
                gap = self.r.choice([1, 1, 1, 3]) if self.wild else 1
                text = self.block(v, indent + 1 + gap)
                first = text.lstrip("\n")
                if text.startswith(" " * (indent + 1 + gap)) and not text.lstrip().startswith("#") and first == text:
                    out += " " * gap + text[indent + 1 + gap:]
                    continue
                out += "\n" + text
                continue
            out += self.below(v, indent, True)
        return out

    def below(self, value, indent, deeper):
        if isinstance(value, (dict, list)):
            if not value: return " " + ("{}" if isinstance(value, dict) else "[]") + self.trailing() + "\n"
            if self.chance(0.07): return " " + self.flow(value) + self.trailing() + "\n"
            step = self.r.choice([2, 2, 2, 4]) if self.wild else 2
            if isinstance(value, list) and not deeper: step = 0
            return self.trailing() + "\n" + self.block(value, indent + step)
        text = self.scalar(value, False, indent)
        if "\n" in text or text.startswith(("|", ">")): return " " + text + "\n"
        return (" " + text if text else "") + self.trailing() + "\n"


def dump(value, random, wild=True):
    w = Writer(random, wild)
    if not isinstance(value, (dict, list)) or not value: return w.flow(value) + "\n"
    text = w.block(value, 0)
    if wild:
        if random.random() < 0.08: text = "---\n" + text
        if random.random() < 0.03: text = "\n# head\n\n" + text
        if random.random() < 0.02: text = text + "...\n"
        if random.random() < 0.03: text = text + "---\n"
        if random.random() < 0.02: text = text + "\n# tail\n"
        if random.random() < 0.02: text = text.rstrip("\n")
        if random.random() < 0.02: text = text.replace("\n", "\r\n")
        if random.random() < 0.01: text = "\ufeff" + text
        if random.random() < 0.01: text = "--- # doc\n" + text.removeprefix("---\n")
    return text
