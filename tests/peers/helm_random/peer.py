"""Runs helm and weir, and says whether both said the same."""
import base64, json, re, subprocess


def add_programs(parser):
    parser.add_argument("--weir", required=True)
    parser.add_argument("--helm")
    parser.add_argument("--library")
    parser.add_argument("--compat", default="helm-4.2")


def run(command, environment, lines=None):
    """("ok", output), ("error", message) or ("killed ...", b""); of the message the first `lines` lines."""
    try: done = subprocess.run(command, capture_output=True, env=environment, timeout=120)
    except subprocess.TimeoutExpired: return "no end in two minutes", b""
    if done.returncode == 0: return "ok", done.stdout
    if done.returncode < 0: return "killed by signal %d" % -done.returncode, b""
    return "error", message_of(done.stderr, lines)


def message_of(text, lines):
    error = text[max(text.find(b"Error: "), 0):].split(b"\n\nUse --debug")[0].strip()
    return b"\n".join(error.split(b"\n")[:lines])


class Library:
    """One process that answers many cases (tests/peers/helm_library); a new one now and then, and where one died."""
    def __init__(self, program, environment):
        self.program, self.environment, self.process, self.asked = program, environment, None, 0

    def answer(self, arguments, lines=None):
        if self.process is None or self.asked >= 200:
            if self.process: self.close()
            self.process = subprocess.Popen([self.program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=self.environment)
            self.asked = 0
        self.asked += 1
        if "--namespace" not in arguments and "-n" not in arguments: arguments = arguments + ["--namespace", "default"]
        try:
            self.process.stdin.write(json.dumps({"args": arguments}).encode() + b"\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError: line = b""
        if not line:
            self.process.wait()
            self.process = None
            return "died", b""
        answer = json.loads(line)
        if answer["code"] == 0: return "ok", base64.b64decode(answer["out"] or "")
        return "error", message_of(base64.b64decode(answer["err"] or ""), lines)

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process = None


def faults(text):
    names = lambda line: re.sub(rb"additional properties (.*) not allowed", lambda m: b" ".join(sorted(m.group(1).split(b", "))), line)
    # Of several references that lead nowhere, or addresses given twice, Helm names any.
    lost = lambda line: re.sub(rb"^(anchor in|json-pointer in|failing loading|invalid regex|duplicate (id|anchor)) .*", lambda m: b"lost" if m.group(1)[:3] != b"inv" else b"regex", line)
    # Behind a schema that is none itself the next chart's name stands on the same line.
    return sorted(lost(names(line)) for line in text.replace(b"sub:\n", b"\nsub:\n").split(b"\n") if line)


def same(theirs, ours):
    """Whether both say the same. Errors of reading YAML tell more here than theirs (the line), so only what led there is compared; the faults a
    schema finds come in no fixed order of theirs."""
    if theirs == ours: return True
    if theirs[0] != "error" or ours[0] != "error": return False
    a, b = theirs[1], ours[1]
    for mark in (b"error converting YAML to JSON", b"YAML parse error on"):
        if mark in a and mark in b: return a[:a.find(mark)] == b[:b.find(mark)]
    if b"syntax error in pattern" in a or b"double-star" in a: return b.endswith(a.removeprefix(b"Error: "))
    if b"don't meet the specifications" in a or b"validation failed" in a: return faults(a) == faults(b)
    return False


def first_difference(theirs, ours):
    a, b = theirs.split(b"\n"), ours.split(b"\n")
    for n, (x, y) in enumerate(zip(a + [b""] * len(b), b + [b""] * len(a))):
        if x != y: return "\n  line %d\n  helm %s\n  weir %s" % (n + 1, x[:400].decode(errors="replace"), y[:400].decode(errors="replace"))
    return ""
