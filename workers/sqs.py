"""`python -m workers.sqs`: the process that reads the policy's queues on Amazon SQS."""

import os
import signal
from types import FrameType

from celery import Celery

from escalator.bootstrap import build, configure_logging
from escalator.broker_state import BrokerState
from escalator.channels.aws.sqs import SqsQueue
from escalator.clock import SystemClock
from escalator.services.core.production_secrets import require_secrets
from escalator.services.maintenance.queue_intake import QueueIntake
from escalator.settings import from_environment
from escalator.settings.startup import exit_if_misconfigured
from escalator.task_publisher import BrokerConnection, TaskPublisher

POOL_SIZE = 3


def main() -> None:
    """Read the queues until SIGTERM or SIGINT."""
    configure_logging()
    clock, broker = SystemClock(), BrokerState()
    celery = Celery("escalator")
    celery.config_from_object("celeryconfig")
    queue = TaskPublisher(BrokerConnection(celery), clock, broker)
    settings = exit_if_misconfigured(from_environment)
    core = build(settings, clock=clock, queue=queue, broker=broker, pool_size=POOL_SIZE)
    exit_if_misconfigured(lambda: require_secrets(core))
    intake = QueueIntake(core, clock, lambda address: SqsQueue(address, settings.environment), _end_process)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        intake.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    intake.run()


def _end_process() -> None:
    """End at once when a thread is stuck: whatever started this process starts another."""
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
