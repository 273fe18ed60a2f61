"""What there is to tell of a run, and what was counted of it."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import field
from threading import Lock

from catalogsync.model import AssetRef
from catalogsync.values import dataclass


@dataclass(frozen=True, slots=True)
class Load:
    """What is to be sent: a number of files, their bytes, and how each is called."""

    files: int = 0
    size: int = 0
    name: Callable[[AssetRef], str] = lambda asset: asset.name


class Progress:
    """Says nothing; what the others say, they say of these moments. Safe from several threads."""

    def step(self, done: int, due: int) -> None:
        """One more of the steps that are due is done."""

    def begun(self, asset: AssetRef) -> None:
        """A file is about to be sent."""

    def sent(self, asset: AssetRef, size: int) -> None:
        """So many more of its bytes are there; fewer than none when a part is to be repeated."""

    def ended(self, asset: AssetRef, *, done: bool) -> None:
        """A file was sent, or given up."""


class Relay:
    """Passes on what happens to files, to whatever progress is shown at the time.

    How an upload ends the outcome of its action tells better: the answer to one that failed may
    just have been lost.
    """

    def __init__(self) -> None:
        self.progress = Progress()

    def begun(self, asset: AssetRef) -> None:
        """A file is about to be sent, perhaps again."""
        self.progress.begun(asset)

    def sent(self, asset: AssetRef, count: int) -> None:
        """So many more of its bytes are sent."""
        self.progress.sent(asset, count)

    def ended(self, asset: AssetRef, *, kept: bool) -> None:
        """It is there, or so it seems not to be."""


class Sizes:
    """The bytes of every file that are there by now, and of all.

    Two models may be made of the same weights, which are sent for each: a file is then there twice.
    """

    def __init__(self) -> None:
        self.total = 0
        self._in_flight: Counter[str] = Counter()

    def add(self, asset: AssetRef, size: int) -> int:
        """Count more bytes of a file, and return how many are in flight."""
        self.total += size
        self._in_flight[asset.sha256] += size
        return self._in_flight[asset.sha256]

    def settle(self, asset: AssetRef, *, done: bool) -> None:
        """A file that was sent is there whole, one that was given up not at all."""
        counted = self._in_flight[asset.sha256]
        others = max(0, counted - asset.size)
        self.total += (asset.size if done else 0) - (counted - others)
        self._in_flight[asset.sha256] = others


class CountingProgress(Progress):
    """Counts the bytes and files of a run."""

    def __init__(self, doing: str, load: Load) -> None:
        self.doing = doing
        self.load = load
        self.lock = Lock()
        self.steps = (0, 0)
        self.files = 0
        self.sizes = Sizes()

    def step(self, done: int, due: int) -> None:
        with self.lock:
            self.steps = (done, due)
            self.tell()

    def sent(self, asset: AssetRef, size: int) -> None:
        with self.lock:
            self.sizes.add(asset, size)
            self.tell()

    def ended(self, asset: AssetRef, *, done: bool) -> None:
        with self.lock:
            self.sizes.settle(asset, done=done)
            self.files += done
            if done:
                self.tell_sent(asset)

    def tell(self) -> None:
        """Say how far the run is, now and then."""
        raise NotImplementedError

    def tell_sent(self, asset: AssetRef) -> None:
        """Say that a file is there."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Sight:
    """What is seen of one piece of work: a phase that is news, its words, and its done part.

    `event` names it for programs, `values` are what they are told.
    """

    who: str
    event: str
    phase: str
    words: str
    fraction: float | None = None
    values: Mapping[str, object] = field(default_factory=dict)


class Work:
    """Says nothing; what the others say, they say of what they are shown, from any thread."""

    def show(self, sight: Sight) -> None:
        """Something was seen."""
