"""Sends every file of a folder, or one file, with our engine, as an apply does.

The digests come from the plan in an apply, and here from the command line or beside the files.
"""

import argparse
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from catalogsync.model import AssetKind, AssetRef
from catalogsync.scenario import Connection, Transport, Uploader


def planned(path: Path) -> AssetRef:
    """The file as a plan describes it; its digest is noted beside it."""
    sha256 = path.with_name(path.name + ".sha256").read_text(encoding="ascii")
    kind, media = (AssetKind.IMAGE, "image/png")
    if path.suffix == ".wav":
        kind, media = (AssetKind.AUDIO, "audio/wav")
    return AssetRef(sha256, "", path.name, kind, media, path.stat().st_size)


def main() -> None:
    """Send, with as many jobs as asked for."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("url")
    parser.add_argument("path", type=Path)
    parser.add_argument("--jobs", type=int, default=8)
    asked = parser.parse_args()
    single = asked.path.is_file()
    files = [asked.path] if single else sorted(asked.path.glob("*.png"))
    transport = Transport(Connection(asked.url, "k", "s"), read_only=False)
    uploader = Uploader(transport, jobs=asked.jobs)

    def send(path: Path) -> str:
        with path.open("rb") as file:
            return uploader.send(planned(path), file)

    with ThreadPoolExecutor(asked.jobs) as pool:
        list(pool.map(send, files))
    uploader.close()
    transport.close()


if __name__ == "__main__":
    main()
