"""The parts of the bench: each says which commands are timed, beside which others."""
