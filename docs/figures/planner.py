"""Takes the pictures of the planner for the documentation, in Chromium.

Run from the top folder: ``PYTHONPATH=.:tests/builders python docs/figures/planner.py``. The dates
of the example are moved, so that cycle 2 was three weeks ago.
"""

import datetime as dt
import io
import os
import re
import shutil
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright
from running_planner import Planner

EXAMPLE, LAST = "two_cycles", dt.date(2026, 3, 9)
FOLDER = Path(__file__).parent
PICTURES = {
    "plan": ("plan", 1200, 1010, "light"),
    "plan_dark": ("plan", 390, 1100, "dark"),
    "patient": ("patient", 1200, 760, "light"),
    "curves": ("curves", 1200, 760, "light"),
    "label": ("label", 1200, 860, "light"),
}


def moved(folder: Path) -> Path:
    """Write the example with its dates moved, and return its patient file."""
    later = dt.date.today() - dt.timedelta(weeks=3) - LAST

    def move(match: re.Match[str]) -> str:
        return (dt.date.fromisoformat(match[0]) + later).isoformat()

    for path in Path("examples").glob(f"{EXAMPLE}*"):
        text = re.sub(r"\d{4}-\d\d-\d\d", move, path.read_text(encoding="utf-8"))
        (folder / path.name).write_text(text, encoding="utf-8")
    return folder / f"{EXAMPLE}.yaml"


def main() -> None:
    """Take every picture."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        planner = Planner(f"{moved(Path(folder))}")
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium"),
            args=["--no-sandbox"],
        )
        for name, (screen, width, height, scheme) in PICTURES.items():
            page = browser.new_page(
                viewport={"width": width, "height": height}, color_scheme=scheme
            )
            page.goto(planner.start)
            page.goto(f"{page.url.rpartition('/')[0]}/{screen}")
            picture = Image.open(io.BytesIO(page.screenshot()))
            picture.save(FOLDER / f"planner_{name}.webp", quality=78, method=6)
            page.close()
        browser.close()
        planner.end()


if __name__ == "__main__":
    main()
