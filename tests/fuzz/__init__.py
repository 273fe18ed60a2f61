"""Generated and broken input: for the sandbox's API, and for everything that reads a file."""
