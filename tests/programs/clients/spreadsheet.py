"""Opens a list as a spreadsheet does and saves it again: what looks like an amount or a formula becomes one.

Its arguments are the file, and what stands between columns and at the ends of lines in what is saved.
"""

import csv
import sys
from pathlib import Path


def opened(cell):
    if cell.startswith(("=", "+", "-", "@")) and not cell[1:].replace(".", "").isdigit():
        return "#NAME?"
    try:
        amount = float(cell.replace(" ", "").replace(",", ""))
    except ValueError:
        return cell
    # A number of 12 digits and more is shown with an exponent.
    return f"{amount:.0f}" if abs(amount) < 1e11 else f"{amount:.5E}"


path, separator, end = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
with path.open(newline="", encoding="utf-8-sig") as file:
    rows = [[opened(cell) for cell in row] for row in csv.reader(file)]
with path.open("w", newline="", encoding="utf-8-sig") as file:
    csv.writer(file, delimiter=separator, lineterminator=end).writerows(rows)
