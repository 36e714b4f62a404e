"""Which routes an incident can take, told from the file alone."""

import pytest

from escalator.model.levels import Severity
from escalator.model.policy import Conditions, Route
from escalator.policy.route_reachability import IncidentKind, reachable_routes

CRITICAL = IncidentKind("csam", Severity.CRITICAL)
ANY_SEVERITY = IncidentKind("hate", Severity.UNKNOWN)
NO_CATEGORY = IncidentKind(None, Severity.UNKNOWN)
JUST_HIGH = IncidentKind("hate", Severity.HIGH, Severity.HIGH)


@pytest.mark.parametrize(
    ("kind", "when", "unless", "taken"),
    [
        pytest.param(CRITICAL, {}, {}, [0], id="a route without conditions takes all"),
        pytest.param(CRITICAL, {"category": ("csam",)}, {}, [0], id="its category takes it, nothing below is asked"),
        pytest.param(CRITICAL, {"category": ("hate",)}, {}, [None], id="another category does not"),
        pytest.param(CRITICAL, {"category": ("CS-AM",)}, {}, [0], id="case and hyphens do not count"),
        pytest.param(NO_CATEGORY, {"category": ("*",)}, {}, [None], id="anything is not nothing"),
        pytest.param(CRITICAL, {"category": ("*",)}, {}, [0], id="a star is every category"),
        pytest.param(CRITICAL, {"min_severity": ("high",)}, {}, [0], id="critical is always above high"),
        pytest.param(CRITICAL, {"severity": ("low", "medium")}, {}, [None], id="critical is never low"),
        pytest.param(ANY_SEVERITY, {"min_severity": ("low",)}, {}, [0, None], id="an unknown severity passes by"),
        pytest.param(JUST_HIGH, {"min_severity": ("critical",)}, {}, [None], id="what is just high is never critical"),
        pytest.param(JUST_HIGH, {"severity": ("high",)}, {}, [0], id="what is just high always is"),
        pytest.param(CRITICAL, {"kind": ("image",)}, {}, [0, None], id="of other facts nothing is known"),
        pytest.param(CRITICAL, {"during": ("office",)}, {}, [0, None], id="hours may be closed"),
        pytest.param(CRITICAL, {}, {"category": ("csam",)}, [None], id="what it is named in `unless` never takes it"),
        pytest.param(CRITICAL, {}, {"category": ("hate",)}, [0], id="an `unless` of others excludes nothing"),
        pytest.param(CRITICAL, {}, {"kind": ("image",)}, [0, None], id="an `unless` may hold"),
        pytest.param(ANY_SEVERITY, {}, {"severity": ("*",)}, [None], id="an `unless` of every severity"),
    ],
)
def test_takers(
    kind: IncidentKind, when: dict[str, tuple[str, ...]], unless: dict[str, tuple[str, ...]], taken: list[int]
) -> None:
    route = Route("A", "path", Conditions(when), Conditions(unless))
    assert list(reachable_routes(kind, {0: route})) == taken
