"""The policies that the tests read."""

from pathlib import Path

HERE = Path(__file__).parent
BAD = sorted((HERE / "bad").glob("*.yml"))
EXAMPLE = (HERE / "example.yml").read_text()
SHIPPED = HERE.parents[1] / "escalator" / "policy"

MINIMAL = """\
version: 1
sources:
  app: {api_key: key, api_secret: secret}
people:
  ana: {name: Ana, slack: U0ANA, stream: ana}
  eli: {name: Eli, slack: U0ELI, stream: eli, role: admin}
teams:
  mods: {members: [ana]}
destinations:
  alerts: {slack: "#alerts", urgent: true}
categories:
  csam: {title: Child safety, labels: [CSAM], at_least: critical}
routes:
  - {name: Grave, when: {category: csam}, assign: mods, path: urgent}
default: urgent
paths:
  urgent:
    - {notify: [alerts]}
    - {after: 5m, notify: ["team:mods"]}
"""


def minimal(*changes: tuple[str, str], more: str = "") -> str:
    """Return the smallest policy without a problem, with each first text replaced by the second, and more below."""
    text = MINIMAL
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return text + more
