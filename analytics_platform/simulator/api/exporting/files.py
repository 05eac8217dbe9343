"""The files of an export: CSV, and a plain PDF of one page."""

import csv
from collections.abc import Sequence
from io import StringIO

_BOM = "\ufeff"
_LINES_ON_PAGE = 70
_CHARACTERS_ON_LINE = 180


def csv_file(lines: Sequence[Sequence[str]], delimiter: str, bom: bool, quote_all: bool) -> bytes:
    """The lines as UTF-8 CSV with CRLF ends; a cell is quoted where it must be, or always."""
    told = StringIO(newline="")
    csv.writer(told, delimiter=delimiter, quoting=csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL).writerows(lines)
    return ((_BOM if bom else "") + told.getvalue()).encode()


def pdf_file(title: str, lines: Sequence[Sequence[str]]) -> bytes:
    """A PDF 1.4 of one A4 page across: the title and as many lines as it holds, the rest counted below them."""
    shown = ["  ".join(cells)[:_CHARACTERS_ON_LINE] for cells in lines[:_LINES_ON_PAGE]]
    if len(lines) > len(shown):
        shown.append(f"and {len(lines) - len(shown)} lines more")
    drawn = "\n".join(f"({_escaped(text)}) Tj T*" for text in (title, "", *shown))
    content = f"BT /F1 6 Tf 7 TL 20 575 Td\n{drawn}\nET".encode("cp1252", errors="replace")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 842 595] /Contents 5 0 R"
        b" /Resources << /Font << /F1 4 0 R >> >> >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier /Encoding /WinAnsiEncoding >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
    ]
    told, places = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(told))
        told += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    count, start = len(objects) + 1, len(told)
    told += b"xref\n0 %d\n0000000000 65535 f \n%s" % (count, table)
    told += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (count, start)
    return bytes(told)


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
