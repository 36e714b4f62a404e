"""The active policy: its diagram, its problems, and links to explanations and earlier versions."""

from collections.abc import Iterable

from flask import Blueprint, g, render_template

from escalator.engine.digests import zone_of
from escalator.engine.targets import last_resort_targets
from escalator.rendering.conditions import condition_words
from escalator.rendering.policy_diagram import Aim, copies, ladders, target_aim
from escalator.rendering.watched_queues import limit_words
from escalator.services.core.context import Core
from escalator.services.policies.versions import policy_status
from escalator.services.silences.manage import list_silences
from web.dashboard import policy_explain, policy_history
from web.session import running_policy, viewer


def register(blueprint: Blueprint, core: Core) -> None:
    """Add the pages about the policy."""
    policy_explain.register(blueprint, core)
    policy_history.register(blueprint, core)

    @blueprint.get("/policy")
    def policy() -> str:
        with core.database.reading() as connection:
            now_running = policy_status(core, connection)
            silenced = list_silences(core, connection, running_policy(), viewer().person)
        running, roster = running_policy().policy, running_policy().roster(g.now)

        def aims(targets: Iterable[str]) -> list[Aim]:
            return [target_aim(target, None, roster) for target in targets]

        in_force = tuple(row.silence for row in silenced if row.is_in_force)
        return render_template(
            "dashboard/policy.html",
            standing=now_running,
            policy=running,
            ladders=ladders(roster, in_force),
            silenced=silenced,
            copies=copies(running.feeds, roster),
            queues=[
                (queue, limit_words(queue), condition_words(queue.when, running), aims(queue.notify))
                for queue in running.queues
            ],
            digests=[
                (digest, condition_words(digest.when, running), zone_of(digest, running.timezone), aims(digest.to))
                for digest in running.digests
            ],
            alarms=aims(last_resort_targets(running)),
            restart_tells=aims(running.unanswered.tell),
            teams={key: target_aim(f"team:{key}", None, roster) for key in running.teams},
            schedules={key: target_aim(f"schedule:{key}", None, roster) for key in running.schedules},
            places={key: target_aim(key, None, roster) for key in running.destinations},
            modes={name: core.mode_of(name, running) for name in running.sources},
            is_on={name: bool(core.expand(source.api_key)) for name, source in running.sources.items()},
        )
