"""Parse a policy: return it with all problems, or raise; and read one that was accepted before."""

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
"""How many parsed texts are cached: a starting process reads the same text once to check and once to use it."""


@dataclass(frozen=True, slots=True)
class ParsedPolicy:
    """The result of parsing: the policy, unless a problem is an error, and all problems by line."""

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
    # For a `${NAME}` where none is allowed, only that is reported, not that its text is not valid either.
    wrong = misplaced_placeholders(draft)
    findings = [finding for finding in misfits if finding.place not in wrong]
    problems = _problems(document, [*document.findings, *findings, *checks.all_findings(draft, env)])
    has_errors = any(not problem.is_warning for problem in problems)
    return ParsedPolicy(None if has_errors else draft.policy(), problems)


def load(text: str | bytes, env: Mapping[str, str], file: str = FILE) -> Policy:
    """Return the policy; raise PolicyError with every error, each naming `file`, when there is none."""
    parsed = parse(text, env)
    if parsed.policy is None:
        raise PolicyError(tuple(problem.as_line(file) for problem in parsed.errors))
    return parsed.policy


def load_accepted(text: str | bytes) -> Policy:
    """Return a policy that was accepted once, without running checks that were added since.

    Raises PolicyError for what this version of the product cannot read.
    """
    document, draft, misfits = _draft_of(text)
    problems = _problems(document, [*document.findings, *misfits])
    if document.is_unreadable or any(not problem.is_warning for problem in problems):
        raise PolicyError(tuple(problem.as_line(FILE) for problem in problems))
    return draft.policy()


def unset_values(text: str | bytes, env: Mapping[str, str]) -> tuple[PolicyProblem, ...]:
    """Return warnings for each `${NAME}` of a policy that is not set in the environment, or not valid."""
    document, draft, _ = _draft_of(text)
    if document.is_unreadable:
        return ()
    return _problems(
        document, [finding for finding in placeholders.check_placeholders(draft, env) if finding.is_warning]
    )


def _draft_of(text: str | bytes) -> tuple[Document, PolicyDraft, tuple[PolicyFinding, ...]]:
    """Return the document of a text, its draft, and the findings."""
    return _read_draft(_decoded(text))


def _decoded(text: str | bytes) -> str | bytes:
    """Return the decoded bytes; the bytes themselves where `read_yaml` should report what is wrong with them."""
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
    unique = dict.fromkeys(document.problem(finding) for finding in findings)
    return tuple(sorted(unique, key=lambda problem: (problem.line, problem.is_warning)))
