"""Sends every file of a folder, or one file, with our engine, as an apply does.

The digests come from the plan in an apply, and here from beside the files. In an apply this process
has also hashed a file when it loaded the catalog, unless its cache knew it: `--digest` says what of
that is done.
"""

import argparse
import hashlib
import ssl
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from catalogsync.hashed import Hashed, stamp_of
from catalogsync.model import AssetKind, AssetRef
from catalogsync.scenario import Connection, Transport, Uploader

DIGESTS = {
    "sending": "nothing was hashed before, so that it is done while sending",
    "loading": "the process hashes first, as it loads, and then sends",
    "known": "the same, but that hash was made before the process began",
}


def planned(path: Path) -> AssetRef:
    """The file as a plan describes it; its digest is noted beside it."""
    sha256 = path.with_name(path.name + ".sha256").read_text(encoding="ascii")
    kind, media = (AssetKind.IMAGE, "image/png")
    if path.suffix == ".wav":
        kind, media = (AssetKind.AUDIO, "audio/wav")
    return AssetRef(sha256, "", path.name, kind, media, path.stat().st_size)


def hashed(path: Path, *, really: bool) -> Hashed:
    """What a load that read the file has noted; it has to be at rest for that."""
    found = Hashed()
    with path.open("rb") as file:
        stamp = stamp_of(path.stat())
        if not found.can_tell(file.fileno(), stamp):
            raise SystemExit(f"{path} was just written, or its file system cannot be relied on")
        if really:
            found.note(stamp, hashlib.file_digest(file, "sha256").hexdigest())
        else:
            found.note(stamp, planned(path).sha256)
    return found


def main() -> None:
    """Send, with as many jobs as asked for."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("url")
    parser.add_argument("path", type=Path)
    parser.add_argument("--jobs", type=int, default=8)
    parser.add_argument("--digest", choices=DIGESTS, default="sending", help=str(DIGESTS))
    parser.add_argument("--ca", help="whom to trust where parts go")
    asked = parser.parse_args()
    single = asked.path.is_file()
    files = [asked.path] if single else sorted(asked.path.glob("*.png"))
    known = None
    if asked.digest != "sending":
        known = hashed(asked.path, really=asked.digest == "loading")
    transport = Transport(Connection(asked.url, "k", "s"), read_only=False)
    trusted = ssl.create_default_context(cafile=asked.ca) if asked.ca else None
    uploader = Uploader(transport, jobs=asked.jobs, hashed=known, trusted=trusted)

    def send(path: Path) -> str:
        with path.open("rb") as file:
            return uploader.send(planned(path), file)

    with ThreadPoolExecutor(asked.jobs) as pool:
        list(pool.map(send, files))
    uploader.close()
    transport.close()


if __name__ == "__main__":
    main()
