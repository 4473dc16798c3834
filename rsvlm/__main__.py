"""`python -m rsvlm`: the command line, where the `rsvlm` script is not on the path."""

from rsvlm.cli import main

if __name__ == "__main__":
    main()
