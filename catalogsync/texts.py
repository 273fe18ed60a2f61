"""Texts as they are sent, and as they are compared: a checkout's line ends do not matter."""


def normalised(text: str) -> str:
    """The text with LF line ends, as it is sent: the checkout's line ends do not matter."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def as_compared(text: str) -> str:
    """The text as it is compared with the server's: line ends at its end do not count."""
    return normalised(text).rstrip("\n")
