"""How Celery is set, each with its reason. Celery reads it by name, and the web process publishes by it."""

from escalator.settings import from_environment
from escalator.settings.startup import exit_if_misconfigured

broker_url = exit_if_misconfigured(from_environment).redis_url

# The database holds what was done; nobody reads results.
task_ignore_result = True
# A task that dies with its worker is asked for again; the use cases are idempotent, and attempts are capped in the
# database, so that a rerun costs a look and never a second page.
task_acks_late = True
task_reject_on_worker_lost = True
# Each message means "there is work", so a worker that hoards them only keeps others from hearing it.
worker_prefetch_multiplier = 1
# A worker outlives its broker: it comes back when Redis does, however long that takes. The sweep works meanwhile.
broker_connection_retry_on_startup = True
broker_connection_retry = True
broker_connection_max_retries = None
# Whatever the broker answers, the worker goes on.
worker_consumer = "workers.broker_consumer:Consumer"
# After a lost connection Celery takes fewer tasks until those under way have ended, and may never take more again.
worker_enable_prefetch_count_reduction = False
# A message that cannot be published is worth nothing a second later: the sweep has found the work by then.
task_publish_retry = False
broker_transport_options = {
    # More than the horizon of alarms (30 s) plus the longest task, or Redis would give every alarm out twice.
    "visibility_timeout": 75,
    # Look for the messages of dead workers every 5 s; by default it takes 100 s.
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    # A frozen broker may cost a publisher one second, not a minute; kombu's own retry loop is off.
    "socket_timeout": 1,
    "socket_connect_timeout": 1,
    "socket_keepalive": True,
    "max_retries": 0,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.1,
}
# One direct queue: after a flush a topic exchange discards silently, a direct one does not.
task_default_queue = "escalator"
# Nobody watches Celery's own events, and the gossip of many workers is traffic for nothing.
worker_send_task_events = False
# Names and nothing else travel in a message; pickles never.
accept_content = ["json"]
task_serializer = "json"
enable_utc = True
timezone = "UTC"
# A pool process says that it is there once its first beat is written (`workers.app`), which a database that hangs holds
# up for as long as one answer may take (20 s), on a busy machine longer. By default it is killed after 4 s.
worker_proc_alive_timeout = 60
# No task runs long: it writes to the database and hands what is slow to sender threads.
task_soft_time_limit = 25
task_time_limit = 40
# The worker's lines go where the rest of the log goes.
worker_hijack_root_logger = False
worker_redirect_stdouts = False
# Warm shutdown on a deploy: what is under way ends, alarms go back to the queue.
worker_soft_shutdown_timeout = 8
