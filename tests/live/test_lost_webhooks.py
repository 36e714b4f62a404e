"""An item whose webhook never came is found in Stream's queue by the processes of an installation, and sent once."""

import json
from datetime import UTC, datetime, timedelta

from escalator.store.tables import events
from tests.doubles.stream import StreamDouble, nanoseconds
from tests.live.installation import POLICY, STREAM_KEY, STREAM_SECRET, Installation, event, wait_until

ITEM = "00000001-0000-4000-8000-000000000000"


def test_two_workers_find_what_no_webhook_has_shown_and_send_it_once(on_postgres: Installation) -> None:
    with StreamDouble(secrets=[STREAM_SECRET]) as stream:
        stream.key = STREAM_KEY
        a_minute_ago = nanoseconds(datetime.now(UTC) - timedelta(minutes=1))
        item = json.loads(event(language="many"))["review_queue_item"]
        stream.add_item(ITEM, **item | {"id": ITEM, "created_at": a_minute_ago, "updated_at": a_minute_ago})
        on_postgres.use(POLICY, STREAM_API_URL=stream.origin)
        on_postgres.start()
        on_postgres.start_worker("second")
        [page] = on_postgres.expect_messages(1)
        on_postgres.wait_until_idle()
        assert page.first_text.startswith("HIGH · Threat")
        assert len(on_postgres.rows(events, type="escalator.recovered")) == 1
        webhook = {"type": "review_queue_item.new", "review_queue_item": item | {"id": ITEM}}
        assert on_postgres.post(json.dumps(webhook).encode()) == 200
        wait_until(
            lambda: on_postgres.rows(events, type="review_queue_item.new", state="done"), "the webhook is processed"
        )
        on_postgres.wait_until_idle()
        assert len(on_postgres.messages()) == 1
