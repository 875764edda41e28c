"""Writes the five files of examples/data from the packages they come from; with --check, says whether they are those.

    python3 tools/example-data.py VEGA            # VEGA: the folder of an unpacked npm package vega-datasets 3.2.1
    python3 tools/example-data.py VEGA --check    # writes nothing; ends with 1 where a file is not the same to the byte

It needs scikit-learn 1.9.1, whose data files are read as text: a number is written with the digits that it has there. Only
whoever doubts the files needs it: they are committed, and test/examples/data.test.ts holds them against examples/data/README.md.
Everything written is read again and compared with what scikit-learn's loaders and a JSON parser say, number by number.
"""

import csv
import gzip
import io
import json
import pathlib
import re
import sys

import sklearn
from sklearn import datasets

SKLEARN = "1.9.1"
VEGA = "3.2.1"
FOLDER = pathlib.Path(__file__).resolve().parent.parent / "examples" / "data"


def main(args):
    check = "--check" in args
    rest = [arg for arg in args if arg != "--check"]
    if len(rest) != 1:
        sys.exit("python3 tools/example-data.py VEGA [--check], VEGA being the folder of an unpacked npm package vega-datasets")
    vega = pathlib.Path(rest[0])
    demand("scikit-learn", sklearn.__version__, SKLEARN)
    demand("vega-datasets", json.loads((vega / "package.json").read_text())["version"], VEGA)

    files = {
        "iris": classes(datasets.load_iris(), "iris.csv", "species"),
        "wine": classes(datasets.load_wine(), "wine_data.csv", "class"),
        "breast-cancer": classes(datasets.load_breast_cancer(), "breast_cancer.csv", "diagnosis"),
        "penguins": penguins((vega / "data" / "penguins.json").read_text()),
        "diabetes": diabetes(datasets.load_diabetes(scaled=False)),
    }
    other = 0
    for name, text in files.items():
        path = FOLDER / f"{name}.csv"
        data = text.encode("ascii")
        if check:
            same = path.exists() and path.read_bytes() == data
            other += not same
            print(f"{path.name}: {'the same' if same else 'NOT the same'}")
        else:
            path.write_bytes(data)
            print(f"{path.name}: {len(data)} bytes")
    sys.exit(1 if other > 0 else 0)


# ---- the data sets ----


def classes(bunch, file, target):
    """A file of scikit-learn: a first line with sizes and class names, then numbers and the place of the class among the names."""
    (_, _, *names), *rows = csv.reader(io.StringIO(source(file).decode("ascii")))
    text = table([*map(snake, bunch.feature_names), target], [[*row[:-1], names[int(row[-1])]] for row in rows])

    read = list(csv.reader(io.StringIO(text)))[1:]
    numbers([row[:-1] for row in read], bunch.data)
    agree([row[-1] for row in read], [str(bunch.target_names[place]) for place in bunch.target])
    return text


def diabetes(bunch):
    """Features with a blank between them in one file, the target in another, there as 1.510000000000000000e+02: it is 151 here."""
    features = [line.split() for line in source("diabetes_data_raw.csv.gz").decode("ascii").splitlines()]
    targets = [float(line) for line in source("diabetes_target.csv.gz").decode("ascii").splitlines()]
    agree([value % 1 for value in targets], [0.0] * len(targets))
    rows = [[*row, str(int(target))] for row, target in zip(features, targets, strict=True)]
    text = table([*map(snake, bunch.feature_names), "progression"], rows)

    read = list(csv.reader(io.StringIO(text)))[1:]
    numbers([row[:-1] for row in read], bunch.data)
    agree([float(row[-1]) for row in read], bunch.target.tolist())
    return text


def penguins(source_text):
    """Objects of JSON; null is an empty cell, and "." in Sex stays what it is."""
    digits = json.loads(source_text, parse_float=str, parse_int=str)
    header = list(digits[0])
    agree([list(row) for row in digits], [header] * len(digits))
    text = table(map(snake, header), [["" if value is None else value for value in row.values()] for row in digits])

    read = list(csv.reader(io.StringIO(text)))[1:]
    for cells, row in zip(read, json.loads(source_text), strict=True):
        for cell, value in zip(cells, row.values(), strict=True):
            agree(None if cell == "" else cell if isinstance(value, str) else float(cell), value)
    return text


# ---- helpers ----


def source(file):
    path = pathlib.Path(sklearn.__file__).parent / "datasets" / "data" / file
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def snake(name):
    """`sepal length (cm)` is sepal_length_cm."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def table(header, rows):
    """CSV with a header line and LF after every line. No cell is quoted: none of these sets has a comma, a quote or a line end in one."""
    lines = [list(header), *rows]
    for cells in lines:
        for cell in cells:
            if re.search(r'[",\r\n]', cell):
                sys.exit(f"{cell!r} would have to be quoted")
    return "".join(f"{','.join(cells)}\n" for cells in lines)


def numbers(cells, values):
    agree([[float(cell) for cell in row] for row in cells], values.tolist())


def agree(got, expected):
    if got != expected:
        sys.exit(f"read again, a file is not its source: {got!r}\nis not {expected!r}")


def demand(package, version, wanted):
    if version != wanted:
        sys.exit(f"{package} is {version} here; the files were taken from {wanted}")


if __name__ == "__main__":
    main(sys.argv[1:])
