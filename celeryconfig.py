"""Celery's settings, each with its reason. Celery reads them by name; the web process publishes with them."""

from escalator.settings import from_environment
from escalator.settings.startup import exit_if_misconfigured

broker_url = exit_if_misconfigured(from_environment).redis_url

# Nobody reads results; the database holds them.
task_ignore_result = True
# A task that dies with its worker is delivered again. The use cases are idempotent, and the database limits attempts,
# so a rerun costs a query and never sends a second page.
task_acks_late = True
task_reject_on_worker_lost = True
# Each message means "there is work": a worker that prefetches many only delays it.
worker_prefetch_multiplier = 1
# A worker survives a Redis outage of any length and then reconnects. The sweep works meanwhile.
broker_connection_retry_on_startup = True
broker_connection_retry = True
broker_connection_max_retries = None
# The worker continues, whatever the broker answers.
worker_consumer = "workers.broker_consumer:Consumer"
# After a lost connection Celery takes fewer tasks until the running ones have ended, and may never take more again.
worker_enable_prefetch_count_reduction = False
# A message that cannot be published is useless a second later: the sweep has found the work by then.
task_publish_retry = False
broker_transport_options = {
    # More than the horizon of timers (30 s) plus the longest task, or Redis would deliver every timer twice.
    "visibility_timeout": 75,
    # Look for the messages of dead workers every 5 s; by default it takes 100 s.
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    # A frozen broker may delay a publisher by one second, not a minute; kombu's own retry loop is off.
    "socket_timeout": 1,
    "socket_connect_timeout": 1,
    "socket_keepalive": True,
    "max_retries": 0,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.1,
}
# One direct queue: after a flush a topic exchange drops messages silently; this does not.
task_default_queue = "escalator"
# Nobody reads Celery's own events, and the gossip of many workers is useless traffic.
worker_send_task_events = False
# A message holds only names, never pickles.
accept_content = ["json"]
task_serializer = "json"
enable_utc = True
timezone = "UTC"
# A pool process reports that it is up once its first heartbeat is written (`workers.app`). A hanging database delays
# that by up to the limit for one answer (20 s), on a busy machine by more. By default it is killed after 4 s.
worker_proc_alive_timeout = 60
# No task runs long: it writes to the database and leaves slow work to sender threads.
task_soft_time_limit = 25
task_time_limit = 40
# The worker's log goes where the rest of the log goes.
worker_hijack_root_logger = False
worker_redirect_stdouts = False
# Warm shutdown on a deploy: running tasks finish, timers go back to the queue.
worker_soft_shutdown_timeout = 8
