"""Writing frames as a picture, a GIF or an MP4."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from PIL import Image

from backends.errors import InputError

#: Colours of a GIF that are as light as this are those of the paper.
WHITE = 248
NO_FFMPEG = (
    "films need the program ffmpeg, which this server does not find: install it (Debian: apt install ffmpeg), or take GIF"
)


def can_film() -> bool:
    """Return whether the program that writes films is there."""
    return shutil.which("ffmpeg") is not None


def write_png(frame: np.ndarray, path: Path) -> None:
    """Write one frame, (height, width, 3) bytes."""
    Image.fromarray(frame).save(path)


def write_gif(frames: Iterator[np.ndarray], samples: Sequence[np.ndarray], rate: float, path: Path) -> None:
    """Write frames, `rate` of them a second; all share 256 colours, which `samples` of them have."""
    palette = Image.fromarray(np.concatenate(samples)).quantize(256)
    colours = np.array(palette.getpalette()).reshape(-1, 3)
    colours[(colours >= WHITE).all(1)] = 255  # the paper stays white, and is no mean of light colours
    palette.putpalette(colours.ravel().tolist())
    images = (Image.fromarray(frame).quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames)
    first = next(images)
    first.save(path, save_all=True, append_images=images, duration=round(1000 / rate), loop=0, optimize=False)


def write_mp4(frames: Iterator[np.ndarray], size: tuple[int, int], rate: float, path: Path) -> None:
    """Write frames of so many pixels across and down, `rate` of them a second, as H.264, which all browsers play.

    Raises
    ------
    InputError
        If the program is not there, or fails.
    """
    program = shutil.which("ffmpeg")
    if program is None:
        raise InputError(NO_FFMPEG)
    given = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{size[0]}x{size[1]}", "-r", f"{rate:g}", "-i", "-"]
    wanted = ["-an", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", "18", "-movflags", "+faststart", "-f", "mp4"]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(  # noqa: S603 - nothing that a person wrote is among the arguments
            [program, "-v", "error", "-y", *given, *wanted, str(path)], stdin=subprocess.PIPE, stderr=said
        )
        assert process.stdin is not None
        try:
            with suppress(BrokenPipeError):  # it says itself why it has ended
                for frame in frames:
                    process.stdin.write(frame.tobytes())
            with suppress(BrokenPipeError):
                process.stdin.close()
            status = process.wait(60)
        finally:
            process.kill()
            process.wait()
        if status:
            said.seek(0)
            lines = said.read().decode(errors="replace").strip().splitlines() or [f"exit status {status}"]
            raise InputError(f"ffmpeg could not write the film: {lines[-1]:.200}")
