"""Open a store and close it again: `open_store.py FILE`, for a tracer to kill."""

import asyncio
import sys
from itertools import count
from pathlib import Path

from alertbridge.core.message import Reference
from alertbridge.stores.sqlite import open_file


async def main() -> None:
    """Migrate what there is to migrate."""
    references = (Reference(f"r-{n}") for n in count())
    await open_file(Path(sys.argv[1]), references).close()


if __name__ == "__main__":
    asyncio.run(main())
