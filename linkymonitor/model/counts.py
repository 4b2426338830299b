"""How many frames and groups have come, in words."""

from linkymonitor.language import Text, counted


def frames(number: int) -> Text:
    """Return *number* of frames."""
    return counted(number, Text("trame", "frame"), Text("trames", "frames"))


def complete(number: int) -> Text:
    """Return *number* of complete frames."""
    return counted(
        number, Text("trame complète", "complete frame"), Text("trames complètes", "complete frames")
    )


def incomplete(number: int) -> Text:
    """Return *number* of incomplete ones."""
    return counted(number, Text("incomplète", "incomplete"), Text("incomplètes", "incomplete"))


def valid(number: int) -> Text:
    """Return *number* of valid groups."""
    return counted(number, Text("groupe valide", "valid group"), Text("groupes valides", "valid groups"))


def rejected(number: int) -> Text:
    """Return *number* of rejected groups."""
    return counted(
        number, Text("groupe refusé", "group rejected"), Text("groupes refusés", "groups rejected")
    )
