"""What the page calls times."""


def duration(seconds: float) -> str:
    """Return a time such as ``1 h 05 min``, ``3 min 20 s`` or ``12 s``."""
    whole = max(0, round(seconds))
    if whole >= 3600:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 60} min {whole % 60:02d} s" if whole >= 60 else f"{whole} s"
