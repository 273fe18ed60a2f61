"""The weights of a model as a file: packed by the server once, fetched whole, known by digest."""

from catalogsync.download.fetch import Bounds, Seen
from catalogsync.download.job import Packing
from catalogsync.download.place import Place, Want
from catalogsync.download.weights import Downloaded, Watch, download

__all__ = ["Bounds", "Downloaded", "Packing", "Place", "Seen", "Want", "Watch", "download"]
