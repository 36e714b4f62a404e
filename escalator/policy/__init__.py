"""The policy language: the text of escalation.yml -> a Policy, or every problem in it at once.

`parse` returns all problems; `load` raises unless there is a policy; `load_accepted` reads one accepted before.
`expand` is applied at the moment of use.
"""

from escalator.policy.parse import ParsedPolicy, load, load_accepted, parse, unset_values
from escalator.policy.placeholders import expand, unset_names
from escalator.policy.problems import PolicyProblem

__all__ = ["ParsedPolicy", "PolicyProblem", "expand", "load", "parse", "load_accepted", "unset_names", "unset_values"]
