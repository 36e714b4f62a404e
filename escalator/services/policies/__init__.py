"""Policy versions; explain, backtest and coverage of the running policy."""
