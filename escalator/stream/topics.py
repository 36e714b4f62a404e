"""The form of the name of a topic of Amazon SNS."""

import re

TOPIC_ARN = r"arn:aws[a-z-]{0,12}:sns:[a-z0-9-]{1,32}:[0-9]{12}:[A-Za-z0-9_.-]{1,256}"


def is_topic_arn(text: str) -> bool:
    """Whether it is the ARN of a topic."""
    return re.fullmatch(TOPIC_ARN, text) is not None
