# SPDX-License-Identifier: Apache-2.0
"""Reads what the generator needs of the packs: roles with unit, kind, resolution; limits by role.

The packs keep one role a line and one limit entry a list item; anything else is refused here, so a
change of their form is noticed.
"""

import re
from pathlib import Path

GAS_CLASS = "high"


def one(pattern, text, default=""):
    m = re.search(pattern, text)
    return m.group(1).strip('"') if m else default


def read_roles(root):
    roles = {}
    for path in sorted(Path(root, "packs").glob("*/points/*.yaml")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if not line.startswith("  - {"):
                continue
            rid = one(r"\{id: ([^,]+),", line)
            roles[rid] = {
                "kind": one(r"kind: (\w+)", line),
                "unit": one(r"unit: (\"[^\"]*\"|[^,}]+)", line),
                "resolution": float(one(r"resolution: ([\d.]+)", line, "0")),
                "zh": one(r"zh: ([^,}]+)", line),
                "en": one(r"en: (\"[^\"]*\"|[^,}]+)", line),
                "stale": one(r"stale_after: (\w+)", line),
                "cutoff": "cutoff: true" in line,
            }
    if len(roles) < 50:
        raise SystemExit("packs/*/points: roles are not one a line any more; mend scripts/demosite/packs.py")
    return roles


def read_limits(root):
    limits = {}
    for path in sorted(Path(root, "packs").glob("*/limits/*.yaml")):
        for entry in re.split(r"^  - ", path.read_text(encoding="utf-8"), flags=re.M)[1:]:
            roles, values = one(r"roles: \[([^\]]*)\]", entry), one(r"values: \{([^}]*)\}", entry)
            classes = one(r"gas_class: \[([^\]]*)\]", entry)
            if not roles or not values or (classes and GAS_CLASS not in classes):
                continue
            pairs = dict(p.split(":") for p in values.replace(" ", "").split(","))
            for role in roles.replace(" ", "").split(","):
                limits[role] = {k: float(v) for k, v in pairs.items()}
    return limits
