"""Questions at the terminal, whatever standard input and output are."""

import os


def has_terminal() -> bool:
    """Returns whether there is a terminal that can ask."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


def confirm(question: str) -> bool:
    """Asks, and takes for a yes nothing but `y` or `yes`, typed after the question was there."""
    import termios

    with open("/dev/tty", "r+b", buffering=0) as terminal:
        termios.tcflush(terminal, termios.TCIFLUSH)
        terminal.write(f"{question} [y/N] ".encode())
        return terminal.readline().strip().lower() in (b"y", b"yes")
