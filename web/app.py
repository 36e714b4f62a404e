"""The web process: `create_app()` for gunicorn; one blueprint for each kind of caller."""

import threading
from importlib import import_module

import structlog
from celery import Celery
from flask import Blueprint, Flask

from escalator.bootstrap import build, configure_logging
from escalator.broker_state import BrokerState
from escalator.clock import SystemClock
from escalator.errors import Unavailable
from escalator.services.core.background import BackgroundJob
from escalator.services.core.clock_sync import measure_clock_offset
from escalator.services.core.context import Core
from escalator.services.core.process_liveness import WEB, record_heartbeat
from escalator.services.core.production_secrets import require_secrets
from escalator.services.delivery.sender import send_operator_alerts
from escalator.services.maintenance.jobs import flush_metrics
from escalator.services.monitoring.database_outage import OutageWatch
from escalator.services.monitoring.watchdog import WORKERS_EXPECTED, Watchdog
from escalator.settings import from_environment
from escalator.settings.startup import exit_if_misconfigured
from escalator.store.engines import WAIT_S
from escalator.task_publisher import BrokerConnection, TaskPublisher
from web import email_answers, errors, health, sandbox, sign_in, slack, stream_webhook, vendor_webhooks
from web.api import routes
from web.dashboard import navigation
from web.security_headers import insist_on_tls
from web.session import sign_cookies
from web.vendor_paths import WrongPathCounter, ignore_extra_slashes

log = structlog.get_logger(__name__)

REFRESH_S = 2.0


def create_app(core: Core | None = None) -> Flask:
    """Return the application; without a core, one built from the environment, as for gunicorn."""
    core = core or _core_from_environment()
    app = Flask(__name__)
    sign_cookies(app, core)
    insist_on_tls(app, core.settings)
    # A Slack payload repeats the whole message; the Stream webhook has its own limit.
    app.config["MAX_CONTENT_LENGTH"] = 1024 * 1024
    app.register_blueprint(stream_webhook.blueprint(core))
    app.register_blueprint(slack.blueprint(core))
    app.register_blueprint(vendor_webhooks.blueprint(core))
    app.register_blueprint(email_answers.blueprint(core))
    app.register_blueprint(health.blueprint(core))
    app.register_blueprint(sandbox.sandbox_blueprint(core))
    app.register_blueprint(_entrance(core))
    app.register_blueprint(navigation.blueprint(core))
    routes.register(app, core)
    errors.register(app, WrongPathCounter(core))
    ignore_extra_slashes(app)
    return app


def _entrance(core: Core) -> Blueprint:
    blueprint = sign_in.blueprint(core)
    if core.settings.has_slack_sign_in:
        import_module("web.slack_sign_in").add_slack(blueprint, core)
    return blueprint


def _core_from_environment() -> Core:
    configure_logging()
    clock = SystemClock()
    celery = Celery("escalator")
    celery.config_from_object("celeryconfig")

    broker = BrokerState()
    queue = TaskPublisher(BrokerConnection(celery), clock, broker)
    core = build(exit_if_misconfigured(from_environment), clock=clock, queue=queue, broker=broker, patience_s=WAIT_S)
    exit_if_misconfigured(lambda: require_secrets(core))
    threading.Thread(target=_keep_up, args=(core, clock), name="keeping-up", daemon=True).start()
    return core


def _keep_up(core: Core, clock: SystemClock) -> None:
    """Follow the database's clock and the policy file, write counters, and record this process's heartbeat.

    While no worker runs, nobody else can report that: operator alerts are then sent from here.
    """
    pause = threading.Event()
    watchdog = Watchdog(WORKERS_EXPECTED)
    outage = OutageWatch(core)
    alarms = BackgroundJob(core, "alarms", send_operator_alerts)
    while True:
        try:
            measure_clock_offset(core, clock)
            core.policies.offer(core.database)
            flush_metrics(core)
            record_heartbeat(core, WEB)
            watchdog.check(core)
            if watchdog.is_missed:
                alarms.wake()
            outage.over()
        except Unavailable as error:
            outage.note_down()
            log.warning("database_unavailable", reason=str(error))
        except Exception:  # the thread must outlive a bad policy file and a full disk alike
            log.exception("keeping_up_failed")
        pause.wait(REFRESH_S)
