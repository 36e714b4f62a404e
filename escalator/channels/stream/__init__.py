"""Stream's REST API, by which we ask what webhooks do not tell. Incoming webhooks are read by `escalator.stream`."""
