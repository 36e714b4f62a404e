"""`python -m escalator`: the command line."""

from escalator.commands import main

if __name__ == "__main__":
    main(prog_name="escalator")
