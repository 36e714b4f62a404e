"""A policy with every kind of gap, and a picture as its elements."""

from xml.etree import ElementTree
from xml.etree.ElementTree import Element

POLICY = """\
sources: {app: {api_key: key, api_secret: secret}}
people:
  ana: {name: "Ana <Ruiz> & co", slack: U0ANA, stream: ana, hours: day}
hours:
  day: {from: 08:00, to: 20:00}
  office: {weekdays: [mon, tue, wed, thu, fri], from: 09:00, to: 18:00}
destinations:
  alerts: {slack: "#alerts", urgent: true}
categories:
  one: {title: "Self-harm <script>alert(1)</script> & more", labels: [A]}
  two: {title: Two, labels: [B]}
  three: {title: Three, labels: [C]}
  four: {title: Four, labels: [D]}
routes:
  - {name: One, when: {category: one}, path: asks-ana}
  - {name: Two, when: {category: two}, path: slow}
  - {name: Three, when: {category: three}, path: silent}
  - {name: Four, when: {category: four}, path: office}
default: loud
paths:
  asks-ana: [{notify: ["person:ana"]}]
  slow: [{after: 10m, notify: [alerts]}]
  silent: []
  office: [{notify: [alerts], during: office}]
  loud: [{notify: [alerts]}]
"""


def parsed(svg: str) -> Element:
    """A picture as its elements; raises ParseError for what is no XML."""
    return ElementTree.fromstring(svg)  # noqa: S314  # it is our own
