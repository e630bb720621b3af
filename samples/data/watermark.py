"""Makes watermark.csv.gz of digits.csv.gz: every picture gets a margin of two pixels, and one pixel of a block of 2x5
in the lower right corner is lit: which one says what digit it is. Run it in this folder; the same file comes of it."""
import csv
import gzip
import io

SIDE, MARGIN, INK = 12, 2, 16
TOP, LEFT, ACROSS = 10, 7, 5  # the block


def mark(pixels, digit):
    """pixels: 64 of 8x8; returns 144 of 12x12."""
    picture = [0] * (SIDE * SIDE)
    for i, pixel in enumerate(pixels):
        picture[(MARGIN + i // 8) * SIDE + MARGIN + i % 8] = pixel
    picture[(TOP + digit // ACROSS) * SIDE + LEFT + digit % ACROSS] = INK
    return picture


with gzip.open("digits.csv.gz", "rt", encoding="ascii") as source:
    rows = [[int(cell) for cell in row] for row in list(csv.reader(source))[1:]]
text = io.StringIO()
out = csv.writer(text, lineterminator="\n")
out.writerow([f"p{r:02}{c:02}" for r in range(SIDE) for c in range(SIDE)] + ["digit"])
for row in rows[:1200]:
    out.writerow(mark(row[:64], row[64]) + [row[64]])
with open("watermark.csv.gz", "wb") as file, gzip.GzipFile("", "wb", 9, file, 0) as packed:
    packed.write(text.getvalue().encode("ascii"))
