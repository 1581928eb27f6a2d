"""`python -m avrb_wds`: the commands, where the console script is not on the path."""

from .tools.cli import main

if __name__ == "__main__":
    main()
