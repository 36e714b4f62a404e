"""When hours are open and who is on call: pure functions over `escalator.model.schedule`, exact in every zone."""
