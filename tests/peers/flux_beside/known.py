"""Where weir differs on purpose, or what no two runs have alike. README.md has the list in words."""
import re

SOURCES = "(HelmChart|HelmRepository|GitRepository|OCIRepository|Bucket)"


def both_counted(flux, weir):
    return isinstance(flux, int) and isinstance(weir, int) and min(flux, weir) > 0


def only_flux_waits(flux, weir):
    return weir == "<absent>" and "DependencyNotReady" in str(flux)


# ("MODULE.SCENARIO", the beginning of the path, why[, a function of both values]): regular expressions, the first of the whole name.
KNOWN = [
    (r"helm_.*", r"/(events|kubernetesEvents)/%s/" % SOURCES, "what sources tell is compared by their own scenarios"),
    (r"helm_.*", r"/objects/%s/[^/]*/[^/]*/status" % SOURCES, "the status of sources is compared by their own scenarios"),
    (r"helm_.*", r"/objects/HelmRelease/[^/]*/[^/]*/status/failures$", "how often it was tried in the meantime", both_counted),
    (r"helm_basic.depends_on.*", r"/(events|kubernetesEvents)/HelmRelease/", "weir is woken by its dependency and does not ask meanwhile", only_flux_waits),
]


def why(scenario, path, flux, weir):
    for row in KNOWN:
        name, where, reason = row[:3]
        holds = row[3] if len(row) > 3 else None
        if re.fullmatch(name, scenario) and re.match(where, path) and (holds is None or holds(flux, weir)):
            return reason
    return None
