"""`python -m hrv` is the command line."""

from hrv.cli import main

if __name__ == "__main__":
    main()
