# SPDX-License-Identifier: Apache-2.0 OR MIT
"""results.json, which bench/run and bench/nginx write into: a list of figures, each name once."""
import json
import os


def figure(name, value, unit, limit=None, instructions=None):
    """One entry. limit: the least that the hardware allows, in the same unit; None: it has no meaning here."""
    def rounded(number):
        return None if number is None else float("%.5g" % number)
    return {"name": name, "value": rounded(value), "unit": unit, "limit": rounded(limit),
            "ratio": rounded(value / limit) if limit and value is not None else None,
            "instructions": instructions}


def merge(path, figures):
    """Puts figures in the place of those of the same name; others stay, in their order."""
    try:
        with open(path, encoding="utf-8") as results:
            merged = {one["name"]: one for one in json.load(results)}
    except FileNotFoundError:
        merged = {}
    merged.update((one["name"], one) for one in figures)
    with open(path + ".new", "w", encoding="utf-8") as results:
        json.dump(list(merged.values()), results, indent=2)
        results.write("\n")
    os.replace(path + ".new", path)
