"""Cells of text in a file for spreadsheets."""

# Names of periods come from tables of prices, which anybody may write. A cell of text that begins like a formula gets
# an apostrophe in front: a spreadsheet then shows it and does not run it.

#: With these a spreadsheet begins a formula, or skips to the next cell.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def harmless(cell: str) -> str:
    """Return *cell*, a text, so that no spreadsheet takes it for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def quoted(cell: str) -> str:
    """Return *cell* between quotes if it has a separator, a quote or the end of a line in it."""
    if not any(mark in cell for mark in ';,"\r\n'):
        return cell
    return '"' + cell.replace('"', '""') + '"'
