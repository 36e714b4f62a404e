"""Coverage: whether somebody would be notified in time, for every kind of incident and every minute of a period.

`compute` computes it, `values` are the results. `scenarios` lists the kinds of incidents, `timeline` when people on
call or hours change, `simulate` runs the live engine once for all openings with the same result, `reached` says
which recipients a message reaches, `findings` lists holes and single points of failure.
"""
