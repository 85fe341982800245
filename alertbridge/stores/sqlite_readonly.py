"""Reading the file while no daemon runs: for `history`, `show` and `outbox`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Connection, Error

from alertbridge.ports import StoreRefused
from alertbridge.stores.sqlite_schema import migrations, open_reader


@contextmanager
def reading(path: Path) -> Iterator[Connection]:
    """Open the file so that nothing can be written.

    Raises:
        StoreRefused: there is none, it cannot be read (also later, inside the block),
            or its schema is another one.
    """
    if not path.exists():
        raise StoreRefused(f"{path}: there is no such store")
    try:
        db = open_reader(str(path))
        (version,) = db.execute("PRAGMA user_version").fetchone()
    except Error as exc:
        raise StoreRefused(f"{path}: {exc}") from exc
    try:
        if version != len(migrations()):
            raise StoreRefused(
                f"{path}: schema {version}, this alertbridge reads {len(migrations())};"
                " start the daemon once to migrate it"
            )
        yield db
    except Error as exc:
        raise StoreRefused(f"{path}: {exc}") from exc
    finally:
        db.close()
