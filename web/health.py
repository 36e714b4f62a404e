"""Health checks: alive, able to store an event, late work; for load balancers, monitors, people."""

from flask import Blueprint, Response, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST

from escalator.errors import Unavailable
from escalator.services.core.context import Core
from escalator.services.monitoring.health import StoreTrial, metrics_text, readiness


def blueprint(core: Core) -> Blueprint:
    """Return one application's blueprint."""
    door = Blueprint("health", __name__)
    trial = StoreTrial(core)

    @door.get("/healthz")
    def healthz() -> Response:
        return jsonify({"status": "alive"})

    @door.get("/readyz")
    def readyz() -> Response:
        try:
            state = readiness(core, trial)
        except Unavailable as error:
            answer = jsonify({"ready": False, "degraded": [f"database: {error}"]})
            answer.status_code = 503
            return answer
        answer = jsonify(state.to_json())
        is_strict = request.args.get("strict") == "1"
        answer.status_code = 503 if not state.can_store or (is_strict and state.degraded) else 200
        return answer

    @door.get("/metrics")
    def metrics() -> Response:
        return Response(metrics_text(core), content_type=CONTENT_TYPE_LATEST)

    return door
