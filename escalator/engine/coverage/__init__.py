"""The proof that somebody always answers: whom incidents of every kind would reach first, whenever they were opened.

`values` is what is proved, `judge` proves it. `asked` lists what can come, `timeline` when anything about people or
hours changes, `ahead` runs the live engine once for all openings that fare alike, `hearing` says which of those who
are told hear it, `findings` what a lead must know of all this.
"""
