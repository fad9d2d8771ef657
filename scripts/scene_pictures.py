"""Take the pictures of the scenes on the Home page from the running app: their figures, small."""

import os
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, FloatRect, Page, ViewportSize

from dashboard.scenes import PICTURES, needs, scene_address, scenes

SIZE = ViewportSize(width=1100, height=1500)
#: Width and height of a picture, and its most bytes.
SHAPE = (480, 270)
MOST_BYTES = 40_000
#: Milliseconds that races and trainings go on, once they have figures, before a picture is taken.
WAITS = {"cycling": 12_000, "training": 25_000}
#: Milliseconds until there are figures, after the trainings that are told to end.
PATIENCE = 300_000
BUTTONS = {"cycling": "Start or pause", "training": "Start a training"}


def take_scenes(browser: Browser, address: str, data: Path, names: list[str]) -> None:
    """Take a picture of each scene, or of those named, that has the file it needs; the others keep theirs."""
    PICTURES.mkdir(exist_ok=True)
    for name, scene in scenes().items():
        if names and name not in names:
            continue
        if needs(scene) and not (data / needs(scene)).exists():
            print(f"{name}: needs {needs(scene)} in {os.fspath(data)}")
            continue
        page = browser.new_page(viewport=SIZE)
        page.goto(f"{address}/{scene_address(name)}")
        page.locator(".scene").first.wait_for()
        page.wait_for_timeout(3000)
        if scene.page in BUTTONS:
            page.get_by_role("button", name=BUTTONS[scene.page]).click()
        page.locator(".bk-Figure:visible").first.wait_for(timeout=PATIENCE)
        page.wait_for_timeout(WAITS.get(scene.page, 2500))
        size = save(page.screenshot(clip=figures(page)), PICTURES / f"{name}.webp")
        print(f"{name}.webp {size:,} bytes", flush=True)
        cancel = page.get_by_role("button", name="Cancel")
        if scene.page == "training" and cancel.is_visible():  # or the next would wait for its end
            cancel.click()
        page.close()


def figures(page: Page) -> FloatRect:
    """Return where the first figures of a page are, in the shape of a picture."""
    boxes = [
        box for figure in page.locator(".bk-Figure:visible").all() if (box := figure.bounding_box()) and box["width"] > 150
    ]
    left, top = min(box["x"] for box in boxes), min(box["y"] for box in boxes)
    width = max(box["x"] + box["width"] for box in boxes) - left
    height = min(width * SHAPE[1] / SHAPE[0], SIZE["height"] - top)
    return FloatRect(x=left, y=top, width=width, height=height)


def save(png: bytes, path: Path) -> int:
    """Write a picture as WebP with the best quality that is small enough; return its bytes."""
    picture = Image.open(BytesIO(png)).convert("RGB").resize(SHAPE, Image.Resampling.LANCZOS)
    for quality in range(85, 20, -10):
        picture.save(path, quality=quality)
        if path.stat().st_size <= MOST_BYTES:
            break
    return path.stat().st_size
