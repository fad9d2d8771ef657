"""Pictures, data and scripts that are kept: what a page shows, drawn once more without a browser.

Each page's picture is made of the same result as the page's own, so that a script of a few lines makes it again.
"""
