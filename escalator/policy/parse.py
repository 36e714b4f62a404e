"""The ways into the language: everything that is wrong, or the policy; and a policy that was accepted before."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from escalator.errors import PolicyError
from escalator.model.policy import Policy
from escalator.policy import checks
from escalator.policy.checks import placeholders
from escalator.policy.checks.placeholders import misplaced_placeholders
from escalator.policy.draft import read_draft
from escalator.policy.problems import PolicyFinding, PolicyProblem
from escalator.policy.yaml_reader import Document, read_yaml

FILE = "escalation.yml"


@dataclass(frozen=True, slots=True)
class ParsedPolicy:
    """What became of a text: the policy, unless a problem is an error, and all problems by their lines."""

    policy: Policy | None
    problems: tuple[PolicyProblem, ...]

    @property
    def errors(self) -> tuple[PolicyProblem, ...]:
        """Return the problems that make the policy unusable."""
        return tuple(problem for problem in self.problems if not problem.is_warning)

    @property
    def warnings(self) -> tuple[PolicyProblem, ...]:
        """Return the problems that leave the policy usable."""
        return tuple(problem for problem in self.problems if problem.is_warning)


def parse(text: str | bytes, env: Mapping[str, str]) -> ParsedPolicy:
    """Return the policy, or every problem at once; `env` only says which `${NAME}` are set. Raises nothing."""
    document = read_yaml(text)
    if document.is_unreadable:
        return ParsedPolicy(None, tuple(document.problem(finding) for finding in document.findings))
    draft, misfits = read_draft(document.tree)
    # Of a `${NAME}` that stands where it may not, only that is told, not what else its text is not.
    wrong = misplaced_placeholders(draft)
    findings = [finding for finding in misfits if finding.place not in wrong]
    problems = _problems(document, [*document.findings, *findings, *checks.all_findings(draft, env)])
    has_errors = any(not problem.is_warning for problem in problems)
    return ParsedPolicy(None if has_errors else draft.policy(), problems)


def load(text: str | bytes, env: Mapping[str, str], file: str = FILE) -> Policy:
    """Return the policy; raise PolicyError with every error, each naming `file`, when there is none."""
    parsed = parse(text, env)
    if parsed.policy is None:
        raise PolicyError(tuple(problem.told(file) for problem in parsed.errors))
    return parsed.policy


def load_accepted(text: str | bytes) -> Policy:
    """Return a policy that was accepted once: read, and not judged again by what has come to be asked since.

    Raises PolicyError for what this version of the product cannot read.
    """
    document = read_yaml(text)
    draft, misfits = read_draft(document.tree)
    problems = _problems(document, [*document.findings, *misfits])
    if document.is_unreadable or any(not problem.is_warning for problem in problems):
        raise PolicyError(tuple(problem.told(FILE) for problem in problems))
    return draft.policy()


def unset_values(text: str | bytes, env: Mapping[str, str]) -> tuple[PolicyProblem, ...]:
    """Return what a policy asks of the environment by `${NAME}` and does not get, or cannot use."""
    document = read_yaml(text)
    if document.is_unreadable:
        return ()
    draft, _ = read_draft(document.tree)
    return _problems(document, [one for one in placeholders.check_placeholders(draft, env) if one.is_warning])


def _problems(document: Document, findings: Iterable[PolicyFinding]) -> tuple[PolicyProblem, ...]:
    """Return the findings with their lines, in the order of the file, each once."""
    told = dict.fromkeys(document.problem(finding) for finding in findings)
    return tuple(sorted(told, key=lambda problem: (problem.line, problem.is_warning)))
