"""The differences of two dumps, as (path, flux's, weir's)."""

ABSENT = "<absent>"


def differences(flux, weir, path=""):
    if isinstance(flux, dict) and isinstance(weir, dict):
        for key in sorted(set(flux) | set(weir)):
            yield from differences(flux.get(key, ABSENT), weir.get(key, ABSENT), path + "/" + key)
    elif isinstance(flux, list) and isinstance(weir, list):
        if [x for x in flux if x not in weir] == [] == [x for x in weir if x not in flux] and len(flux) == len(weir) and flux != weir:
            yield path + " (order)", flux, weir
            return
        # What only one of them has is told as such; else item by item.
        if path.endswith("]") or not any(isinstance(x, dict) for x in flux + weir):
            if flux != weir:
                yield path, flux, weir
            return
        left, right = [x for x in flux if x not in weir], [x for x in weir if x not in flux]
        for i in range(max(len(left), len(right))):
            yield from differences(left[i] if i < len(left) else ABSENT, right[i] if i < len(right) else ABSENT, "%s[%d]" % (path, i))
    elif flux != weir or type(flux) is not type(weir):
        yield path, flux, weir


def compare(flux, weir):
    """Of the dumps of one scenario: rows (step, path, flux's, weir's)."""
    out = []
    for i in range(max(len(flux), len(weir))):
        a, b = flux[i] if i < len(flux) else {}, weir[i] if i < len(weir) else {}
        step = (a or b).get("step", "")
        for path, x, y in differences(a, b):
            out.append((step, path, x, y))
    return out
