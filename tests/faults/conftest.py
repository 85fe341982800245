"""Faults of the machine: processes cut off at every call, disks after a power cut."""

import sys
from pathlib import Path

PROGRAMS = Path(__file__).parent / "programs"
# The programs also run by themselves, for longer.
sys.path.insert(0, str(PROGRAMS))
