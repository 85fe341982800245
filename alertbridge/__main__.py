"""`python -m alertbridge`."""

from alertbridge.cli import main

if __name__ == "__main__":
    main()
