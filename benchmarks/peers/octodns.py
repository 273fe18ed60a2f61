"""octoDNS with as many records, one a file: its YAML layer, and a plan that finds nothing."""

import shutil
import sys
from pathlib import Path

from benchmarks.cases import Case

_CONFIG = """\
providers:
  source: {{class: octodns.provider.yaml.YamlProvider, directory: {folder}, split_extension: .}}
  target: {{class: octodns.provider.yaml.YamlProvider, directory: {folder}, split_extension: .}}
zones:
  bench.test.: {{sources: [source], targets: [target]}}
"""
_RECORD = """\
---
m{number:05}:
  ttl: 300
  type: TXT
  values: [Generated record number {number}., bench, group-{group}]
"""
_BIN = Path(sys.executable).parent


def octodns_cases(folder: Path, records: int) -> tuple[Case, ...]:
    """Its check, which reads all records once, and its plan, which reads them as both sides."""
    missing = "" if shutil.which("octodns-sync", path=_BIN) else "no package octodns in .venv"
    config = folder / "config.yaml"
    zone = folder / "bench.test."
    zone.mkdir(parents=True, exist_ok=True)
    config.write_text(_CONFIG.format(folder=folder), encoding="utf-8")
    for number in range(records):
        text = _RECORD.format(number=number, group=number % 10)
        (zone / f"m{number:05}.yaml").write_text(text, encoding="utf-8")
    return tuple(
        Case(name, (str(_BIN / tool), "--config-file", str(config)), missing=missing)
        for name, tool in (
            ("octoDNS, octodns-validate", "octodns-validate"),
            ("octoDNS, octodns-sync with nothing to do", "octodns-sync"),
        )
    )
