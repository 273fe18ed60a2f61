"""What the senders in Python are asked for on the command line."""

import argparse


def asked() -> argparse.Namespace:
    """The origin, the path, the number of connections, whether to hash, and whom to trust."""
    parser = argparse.ArgumentParser()
    parser.add_argument("origin")
    parser.add_argument("path")
    parser.add_argument("connections", type=int)
    parser.add_argument("--sha256", action="store_true")
    parser.add_argument("--ca")
    return parser.parse_args()
