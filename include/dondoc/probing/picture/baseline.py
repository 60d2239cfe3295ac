"""What a camera's former checks tell the next one."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import Any

LAST = 5  # checks kept as they are
LONG = 30  # good checks of one light that a median is made of: about a month, so that it follows the seasons
SETTLED = 14  # nights after which a picture that was unlike before is how the camera looks now: two weekly reports
APART = timedelta(hours=6)  # two checks nearer than this are of one night: the second says nothing of frozen pictures
GREY = 130  # brightness of full range that a decoder's grey, 128 of limited range, is
COLOURS = ("u", "v")  # of 0, too, they are kept: see `signs`
MEDIANS = ("lap", "sharp", "coarse_lap", "coarse_sharp", "edge", *COLOURS)
UNLIKE = frozenset({"moved", "cut"})  # suspicions that come of comparing with former looks
_KEPT = ("light", "size", "hash", "tiles", "tail", "blank", "below", "below_colour", "place")


def history(features_list: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """`past` for `Decoder.judge`, from stored features of checks before tonight.

    Args:
        features_list: `Seen.features` as stored, oldest first, each with `at`, its moment (ISO 8601 with offset).

    Returns:
        for `day` and `night` (by the light, not the clock) `n` and `…_median` of MEDIANS; `last`: the newest good
        checks of different nights, newest last; `before`: the same before the picture was unlike them, while it is.
        JSON-safe; made of good checks only, so that a fault which lasts does not become what is usual.
    """
    good = [f for f in features_list if f.get("verdict") == "ok"]
    lights = {light: [f for f in good if f["light"] == light][-LONG:] for light in ("day", "night")}
    return {light: _usual(checks) for light, checks in lights.items() if checks} | _nights(good)


def _usual(checks: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    known = {name: [f[name] for f in checks if name in f] for name in MEDIANS}  # older ones know no colours
    return {"n": len(checks), **{f"{name}_median": round(median(all_), 5) for name, all_ in known.items() if all_}}


def _nights(good: Sequence[Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    apart: list[Mapping[str, Any]] = []  # newest first
    for check in reversed(good):
        when = datetime.fromisoformat(check["at"])
        if not apart or datetime.fromisoformat(apart[-1]["at"]) - when >= APART:
            apart.append(check)
        if len(apart) == SETTLED + LAST:
            break
    alike = [check for check in apart if check.get("suspicion") not in UNLIKE]
    unlike = sum(check.get("suspicion") in UNLIKE for check in apart[:SETTLED])
    kept = {"last": apart[:LAST]} | ({"before": alike[:LAST]} if 0 < unlike < SETTLED else {})
    return {name: [_kept(check) for check in checks[::-1]] for name, checks in kept.items()}


def _kept(check: Mapping[str, Any]) -> dict[str, Any]:
    """Letters of what may have been a card are no name of the camera."""
    kept = [name for name in _KEPT if name != "place" or check.get("suspicion") != "card"]
    return {name: check[name] for name in kept if name in check}
