"""`alertbridge` that has read all its code, and begins at a word: a start without wait.

`gated_serve.py FD MUTANT serve …` says `warm`, and goes on when a byte comes from FD.
MUTANT is one of `mutant_serve.py`'s, or `none`.
"""

import os
import sys

from mutant_serve import MUTANTS

from alertbridge.cli import main

if __name__ == "__main__":
    gate, mutant = int(sys.argv.pop(1)), sys.argv.pop(1)
    if mutant != "none":
        MUTANTS[mutant]()
    os.write(1, b"warm\n")
    os.read(gate, 1)
    main()
