"""Screenshots of a published page for the README and docs: `python -m tests.reports.screenshots PAGE FOLDER`.

Desktop and phone, light and dark, the comparison and the heat map by class.
"""

import io
import sys
from pathlib import Path

from PIL import Image

from tests.reports.browser import chromium

# File name: width and height of the window, theme, and the section that is shown from its top.
SHOTS = {
    "digits-page.png": (1440, 1100, "light", "body"),
    "digits-page-dark.png": (1440, 900, "dark", "body"),
    "digits-page-phone.png": (390, 844, "light", "body"),
    "digits-page-phone-dark.png": (390, 844, "dark", "#board"),
    "digits-page-compare.png": (1440, 760, "light", "#compare"),
    "digits-page-classes.png": (1440, 640, "dark", "#classes"),
}


def main(page: Path, folder: Path) -> None:
    """Take all of `SHOTS`."""
    with chromium() as browser:
        for name, (width, height, scheme, section) in SHOTS.items():
            tab = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
            tab.goto(page.resolve().as_uri())
            tab.evaluate("(where) => document.querySelector(where).scrollIntoView()", section)
            shot = Image.open(io.BytesIO(tab.screenshot())).convert("RGB")
            # A palette is a third of the size; chosen this way no colour is off by more than a few of 255.
            small = shot.quantize(256, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
            small.save(folder / name, optimize=True)
            print(folder / name)
            tab.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
