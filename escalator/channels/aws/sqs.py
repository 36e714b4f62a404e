"""Amazon SQS by boto3, which only the process that reads queues and `doctor` import: it needs 35 MiB.

Limits: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html. Errors:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, TypeVar
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ReadTimeoutError,
)

from escalator.channels.aws.queue import QueueMessage, QueueState
from escalator.model.message import Failed, FailureReason

BATCH = 10
LONG_POLL_S = 20
VISIBILITY_S = 60
"""How long a message is hidden from others; when nobody has deleted it by then, it is handed out again."""

_CONNECT_S = 5
_ANSWER_S = LONG_POLL_S + 5
_CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
_KEYS = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
_REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")
_ENDPOINTS = ("AWS_ENDPOINT_URL_SQS", "AWS_ENDPOINT_URL")
_HOST = re.compile(r"sqs\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?|(?P<old>[a-z0-9-]+)\.queue\.amazonaws\.com")
_REASONS = {
    "AccessDenied": FailureReason.BAD_CREDENTIALS,
    "AccessDeniedException": FailureReason.BAD_CREDENTIALS,
    "ExpiredToken": FailureReason.BAD_CREDENTIALS,
    "ExpiredTokenException": FailureReason.BAD_CREDENTIALS,
    "InvalidAddress": FailureReason.BAD_TARGET,
    "InvalidClientTokenId": FailureReason.BAD_CREDENTIALS,
    "InvalidSecurity": FailureReason.BAD_CREDENTIALS,
    "KmsAccessDenied": FailureReason.BAD_CREDENTIALS,
    "MissingAuthenticationToken": FailureReason.BAD_CREDENTIALS,
    "QueueDoesNotExist": FailureReason.BAD_TARGET,
    "RequestThrottled": FailureReason.RATE_LIMITED,
    "SignatureDoesNotMatch": FailureReason.BAD_CREDENTIALS,
    "Throttling": FailureReason.RATE_LIMITED,
    "ThrottlingException": FailureReason.RATE_LIMITED,
    "UnrecognizedClientException": FailureReason.BAD_CREDENTIALS,
}
"""By code, without what stands before its last dot: SQS still says AWS.SimpleQueueService.NonExistentQueue too."""
_OLD_NAMES = {"NonExistentQueue": "QueueDoesNotExist"}

_Done = TypeVar("_Done")


class SqsQueue:
    """One queue. Nothing is retried here: a batch that was not received stays in the queue."""

    def __init__(self, url: str, environment: Mapping[str, str]) -> None:
        """Take AWS's usual variables from `environment`; without keys in it, boto3 looks for those of the machine."""
        self._url = url
        self._environment = environment

    @cached_property
    def _sqs(self) -> Any:
        """Return the client, which is made in the call that needs it first: what is wrong is then its failure."""
        keys = dict(zip(_KEYS, (self._environment.get(name) or None for name in _CREDENTIALS), strict=True))
        has_keys = keys["aws_access_key_id"] and keys["aws_secret_access_key"]
        config = Config(
            connect_timeout=_CONNECT_S, read_timeout=_ANSWER_S, retries={"total_max_attempts": 1, "mode": "standard"}
        )
        return boto3.session.Session().client(
            "sqs",
            region_name=region_of(self._url, self._environment),
            endpoint_url=_first(self._environment, _ENDPOINTS) or None,
            config=config,
            **(keys if has_keys else {}),
        )

    def receive(self) -> list[QueueMessage] | Failed:
        """Return up to 10 messages, or none after 20 s without any."""
        options = {
            "MaxNumberOfMessages": BATCH,
            "WaitTimeSeconds": LONG_POLL_S,
            "VisibilityTimeout": VISIBILITY_S,
            "MessageSystemAttributeNames": ["SentTimestamp"],
        }
        answer = _called(lambda: self._sqs.receive_message(QueueUrl=self._url, **options))
        if isinstance(answer, Failed):
            return answer
        return [_message(message) for message in answer.get("Messages", [])]

    def delete(self, handles: list[str]) -> Failed | None:
        """Delete up to 10 messages."""
        entries = [{"Id": str(index), "ReceiptHandle": handle} for index, handle in enumerate(handles)]
        answer = _called(lambda: self._sqs.delete_message_batch(QueueUrl=self._url, Entries=entries))
        if isinstance(answer, Failed):
            return answer
        failed = answer.get("Failed", [])
        return Failed(FailureReason.VENDOR_ERROR, _code(str(failed[0].get("Code", "")))) if failed else None

    def state(self) -> QueueState | Failed:
        """Return how many messages wait, and how the queue is set up."""
        names = ["ApproximateNumberOfMessages", "RedrivePolicy", "MessageRetentionPeriod"]
        answer = _called(lambda: self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=names))
        if isinstance(answer, Failed):
            return answer
        found = answer.get("Attributes", {})
        kept_for = timedelta(seconds=int(found.get("MessageRetentionPeriod", 0)))
        return QueueState(int(found.get("ApproximateNumberOfMessages", 0)), "RedrivePolicy" in found, kept_for)


def region_of(url: str, environment: Mapping[str, str]) -> str | None:
    """Return the region in a queue's address, else the one of the environment; None leaves it to boto3."""
    match = _HOST.fullmatch(urlsplit(url).hostname or "")
    return (match["region"] or match["old"]) if match else _first(environment, _REGIONS) or None


def _first(environment: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((environment[name] for name in names if environment.get(name)), "")


def _message(message: Mapping[str, Any]) -> QueueMessage:
    sent = str(message.get("Attributes", {}).get("SentTimestamp", ""))
    sent_at = datetime.fromtimestamp(int(sent) / 1000, UTC) if sent.isdecimal() else None
    return QueueMessage(message.get("MessageId", ""), message.get("Body", ""), message["ReceiptHandle"], sent_at)


def _called(call: Callable[[], _Done]) -> _Done | Failed:
    """Return the answer of AWS, or why there was none. Its text is dropped: it may hold an address or a key's id."""
    try:
        return call()
    except ClientError as error:
        code = _code(str(error.response.get("Error", {}).get("Code", "")))
        return Failed(_REASONS.get(code, FailureReason.VENDOR_ERROR), code)
    except (NoCredentialsError, PartialCredentialsError):
        return Failed(FailureReason.BAD_CREDENTIALS, "none")
    except NoRegionError:
        return Failed(FailureReason.NOT_CONFIGURED, "AWS_REGION")
    except (ConnectTimeoutError, ReadTimeoutError):
        return Failed(FailureReason.TIMEOUT)
    except (EndpointConnectionError, HTTPClientError):
        return Failed(FailureReason.UNREACHABLE)
    except (BotoCoreError, ValueError) as error:
        return Failed(FailureReason.BAD_ANSWER, type(error).__name__)


def _code(code: str) -> str:
    plain = code.rpartition(".")[2]
    return _OLD_NAMES.get(plain, plain)
