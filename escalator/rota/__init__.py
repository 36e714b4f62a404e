"""When hours are open and who is on call: pure functions over `escalator.model.rota`, whatever a zone does."""
