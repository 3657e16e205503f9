"""The sentence about a file whose content does not fit together."""

from __future__ import annotations


def damaged(source: str, why: object) -> ValueError:
    """Return the error to raise about a file.

    Parameters
    ----------
    source : str
        Name of the file.
    why : str or Exception
        What does not fit. Advice after a semicolon is left out: it is for who builds a recording, not for who reads it.

    Returns
    -------
    ValueError
    """
    reason = f"its header lacks {why}" if isinstance(why, KeyError) else str(why).split("; ")[0].rstrip(".")
    return ValueError(f"{source} is damaged: {reason}; copy it again, or write it again.")
