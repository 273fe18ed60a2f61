"""`python -m catalogsync` is `catalog-sync`."""

from catalogsync.cli import main

main()
