"""What scikit-learn's MLP reaches on the five sets of examples/data: writes scores.csv and test-rows.csv, prints the README's table.

    OMP_NUM_THREADS=1 python3 bench/baselines/tables/mlp.py

It needs scikit-learn; the versions that the figures are of stand in README.md. It measures no times.
"""

import csv
import pathlib
import statistics
import sys
import warnings

import numpy as np
import scipy
import sklearn
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, KFold, StratifiedKFold, train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

HERE = pathlib.Path(__file__).resolve().parent
DATA = HERE.parent.parent.parent / "examples" / "data"
TARGETS = {"iris": "species", "wine": "class", "breast-cancer": "diagnosis", "penguins": "species", "diabetes": "progression"}
WORDS = {"penguins": ["island", "sex"]}
MISSING = {"", "."}
SEEDS = range(10)
FOLDS = 5

# The folds choose; of equals the first. alpha is the factor of half the sum of squared weights, over the rows of a batch.
NETS = [
    {
        "solver": ["adam"],
        "learning_rate_init": [0.01],
        "max_iter": [200],
        "hidden_layer_sizes": [(16,), (64,)],
        "alpha": [1e-3, 0.1, 1.0, 10.0],
    },
    {"solver": ["lbfgs"], "max_iter": [500], "hidden_layer_sizes": [(16,)], "alpha": [0.1, 1.0, 3.0, 10.0, 30.0, 100.0]},
]
PENALTIES = [0.01, 0.1, 1.0, 10.0, 100.0]


def main():
    # some nets of the grid do not converge in max_iter; they are scored as they are
    warnings.filterwarnings("ignore", category=ConvergenceWarning)
    scores = []
    held_out = []
    for name in TARGETS:
        x, y, columns = read(name)
        for seed in SEEDS:
            rows = np.arange(len(y))
            train, test = train_test_split(rows, test_size=0.2, random_state=seed, stratify=None if is_number(y) else y)
            held_out.append([name, seed, " ".join(map(str, sorted(test)))])
            for model, search in searches(y, columns, seed).items():
                search.fit(x[train], y[train])
                best = " ".join(f"{key.split('__')[-1]}={value}" for key, value in sorted(search.best_params_.items()))
                scores.append([name, seed, model, repr(float(search.score(x[test], y[test]))), best])
            print(name, seed, *(row[3] for row in scores[-2:]), file=sys.stderr, flush=True)
    write("scores.csv", ["set", "seed", "model", "score", "chosen"], scores)
    write("test-rows.csv", ["set", "seed", "rows"], held_out)
    report(scores)


def read(name):
    """Cells as objects, NaN where one is missing; the target; and which columns are numbers and which are words."""
    with open(DATA / f"{name}.csv", newline="") as file:
        header, *rows = csv.reader(file)
    at = header.index(TARGETS[name])
    words = WORDS.get(name, [])

    def value(title, cell):
        return np.nan if cell in MISSING else cell if title in words else float(cell)

    features = [title for title in header if title != TARGETS[name]]
    x = np.array([[value(title, row[header.index(title)]) for title in features] for row in rows], dtype=object)
    y = np.array([row[at] for row in rows])
    if name == "diabetes":
        y = y.astype(float)
    return x, y, {kind: [i for i, title in enumerate(features) if (title in words) == (kind == "words")] for kind in ("numbers", "words")}


def is_number(y):
    return y.dtype.kind == "f"


def searches(y, columns, seed):
    """The net and a linear model, each chosen by folds of the training rows alone: none of them sees the test rows."""
    prepare = make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="mean"), StandardScaler()), columns["numbers"]),
        (make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")), columns["words"]),
    )
    if is_number(y):
        folds = KFold(FOLDS, shuffle=True, random_state=seed)
        net = TransformedTargetRegressor(make_pipeline(prepare, MLPRegressor(random_state=seed)), transformer=StandardScaler())
        grid = [{f"regressor__mlpregressor__{key}": values for key, values in nets.items()} for nets in NETS]
        linear, penalties = make_pipeline(prepare, Ridge()), {"ridge__alpha": PENALTIES}
    else:
        folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
        net = make_pipeline(prepare, MLPClassifier(random_state=seed))
        grid = [{f"mlpclassifier__{key}": values for key, values in nets.items()} for nets in NETS]
        linear, penalties = make_pipeline(prepare, LogisticRegression(max_iter=1000)), {"logisticregression__C": PENALTIES}
    return {"mlp": GridSearchCV(net, grid, cv=folds), "linear": GridSearchCV(linear, penalties, cv=folds)}


def write(file, header, rows):
    with open(HERE / file, "w", newline="") as out:
        csv.writer(out, lineterminator="\n").writerows([header, *rows])


def report(scores):
    print(f"scikit-learn {sklearn.__version__}, NumPy {np.__version__}, SciPy {scipy.__version__}, Python {sys.version.split()[0]}\n")
    print("| | score | net | its least | linear |\n|---|---|---|---|---|")
    for name in TARGETS:
        of = {model: [float(row[3]) for row in scores if row[0] == name and row[2] == model] for model in ("mlp", "linear")}
        net, linear = (f"{statistics.mean(of[model]):.4f} ± {statistics.stdev(of[model]):.4f}" for model in ("mlp", "linear"))
        score = "R²" if name == "diabetes" else "accuracy"
        print(f"| {name} | {score} | {net} | {min(of['mlp']):.4f} | {linear} |")


if __name__ == "__main__":
    main()
