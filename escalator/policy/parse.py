"""The ways into the language: everything that is wrong, or the policy; and a policy that was accepted before."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from escalator.errors import PolicyError
from escalator.model.policy import Policy
from escalator.policy import checks
from escalator.policy.checks import placeholders
from escalator.policy.checks.placeholders import misplaced_placeholders
from escalator.policy.draft import PolicyDraft, read_draft
from escalator.policy.problems import PolicyFinding, PolicyProblem
from escalator.policy.yaml_reader import MAX_CHARACTERS, Document, read_yaml

FILE = "escalation.yml"
TEXTS_KEPT = 4
"""So many texts are kept as they were read: a process that starts reads the same one to judge it and to go by it."""


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
    document, draft, misfits = _draft_of(text)
    if document.is_unreadable:
        return ParsedPolicy(None, tuple(document.problem(finding) for finding in document.findings))
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
    document, draft, misfits = _draft_of(text)
    problems = _problems(document, [*document.findings, *misfits])
    if document.is_unreadable or any(not problem.is_warning for problem in problems):
        raise PolicyError(tuple(problem.told(FILE) for problem in problems))
    return draft.policy()


def unset_values(text: str | bytes, env: Mapping[str, str]) -> tuple[PolicyProblem, ...]:
    """Return what a policy asks of the environment by `${NAME}` and does not get, or cannot use."""
    document, draft, _ = _draft_of(text)
    if document.is_unreadable:
        return ()
    return _problems(document, [one for one in placeholders.check_placeholders(draft, env) if one.is_warning])


def _draft_of(text: str | bytes) -> tuple[Document, PolicyDraft, tuple[PolicyFinding, ...]]:
    """Return a text as it was read, and what does not fit in it."""
    return _read_draft(_decoded(text))


def _decoded(text: str | bytes) -> str | bytes:
    """Return the characters that the bytes stand for; the bytes where `read` is to say what is wrong with them."""
    if isinstance(text, str) or len(text) > MAX_CHARACTERS:
        return text
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError:
        return text


@lru_cache(maxsize=TEXTS_KEPT)
def _read_draft(text: str | bytes) -> tuple[Document, PolicyDraft, tuple[PolicyFinding, ...]]:
    document = read_yaml(text)
    return document, *read_draft(document.tree)


def _problems(document: Document, findings: Iterable[PolicyFinding]) -> tuple[PolicyProblem, ...]:
    """Return the findings with their lines, in the order of the file, each once."""
    told = dict.fromkeys(document.problem(finding) for finding in findings)
    return tuple(sorted(told, key=lambda problem: (problem.line, problem.is_warning)))
