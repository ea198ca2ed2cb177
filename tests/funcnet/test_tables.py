"""Tables as people have them: words, gaps, ids, dates, odd headers; by pandas and without it."""

import sys
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from funcnet.columns import (
    Column,
    columns_from,
    encode,
    encode_target,
    learn_columns,
    learn_target,
    target_from,
    to_plain,
)
from funcnet.data import load_table
from funcnet.tables import columns_of, read

NAN = float("nan")


@pytest.fixture(params=["pandas", "csv"], autouse=True)
def reader(request, monkeypatch):
    """Each test with either reader."""
    if request.param == "pandas":
        pytest.importorskip("pandas")
    else:
        monkeypatch.setitem(sys.modules, "pandas", None)


def write(folder, text):
    path = folder / "t.csv"
    path.write_text(text, encoding="utf-8")
    return path


READ = {
    "numbers": ("a,b\n1,2.5\n-3e2,4\n", {"a": [1, -300], "b": [2.5, 4]}),
    "gaps": ("a,b\n1,\nNA,2\n?,3\nnull,n/a\n", {"a": [1, NAN, NAN], "b": [NAN, 2, 3]}),
    "words": ("a,b\nred,1\n,2\n blue ,3\n", {"a": ["red", "", "blue"], "b": [1, 2, 3]}),
    "quotes": ('a,"b, c"\n"x, y",1\n"z ""q""",2\n', {"a": ["x, y", 'z "q"'], "b, c": [1, 2]}),
    "truth": ("a,b\nTrue,yes\nFalse,no\n", {"a": ["True", "False"], "b": ["yes", "no"]}),
    "no header": ("1,2\n3,4\n", {"0": [1, 3], "1": [2, 4]}),
    "counted header": ("0,1,2\n5,2,x\n6,3,y\n", {"0": [5, 6], "1": [2, 3], "2": ["x", "y"]}),
    "decimal comma": ("a;b\n1,5;2\n-2,25;3\n", {"a": [1.5, -2.25], "b": [2, 3]}),
    "tabs": ("a\tb\n1\t2\n", {"a": [1], "b": [2]}),
    "blank rows": ("a,b\n\n1,2\n,\n\n3,4\n\n", {"a": [1, 3], "b": [2, 4]}),
    "digits": ("a,b\n0.1,0.30000000000000004\n", {"a": [0.1], "b": [0.30000000000000004]}),
}  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), READ.values(), ids=READ.keys())
def test_columns_are_read(tmp_path, text, wanted):
    columns = read(write(tmp_path, text))
    assert list(columns) == list(wanted)
    for name, entries in wanted.items():
        kind = object if isinstance(entries[0], str) else float
        assert_array_equal(columns[name], np.array(entries, dtype=kind))


def test_a_target_names_a_header_of_numbers(tmp_path):
    path = write(tmp_path, "2019,2020,2021\n1,2,3\n4,5,6\n")
    assert list(read(path, "2021")) == ["2019", "2020", "2021"]
    assert list(read(path)) == ["0", "1", "2"]


BAD = {
    "mixed": ("a,y\n1,0\n2,1\ntwo,1\n", r"got 'two' in row 4, column a; mend it, or .*--drop a"),
    "dates": ("d,y\n2024-01-31,0\n2024-02-01,1\n", r"got dates in column d, such as 2024-01-31; "),
    "times": ("d,y\n2024-01-31 12:30,0\n,1\n", r"got dates in column d"),
    "dotted dates": ("d,y\n31.12.2024,0\n1.1.2025,1\n", r"got dates in column d"),
    "twice": ("a,a,y,y\n1,2,3,4\n", r"columns of different names in .*, got a, y more than once"),
    "long row": ("a,y\n1,2\n1,2,3\n", r"got 3 entries in row 3 and 2 in row 1"),
    "short row": ('a,y\n"1",2\n1\n', r"got 1 entries in row 3 and 2 in row 1"),
    "names": ("n,y\n" + "".join(f"n{i},{i % 2}\n" for i in range(60)),
        r"names or ids in n; .*--drop n"),
    "no such target": ("a,b\n1,2\n", r"needs a target column called"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "sentence"), BAD.values(), ids=BAD.keys())
def test_a_bad_table_gets_a_sentence(tmp_path, text, sentence):
    with pytest.raises(ValueError, match=sentence):
        load_table(write(tmp_path, text))


def test_columns_are_dropped_and_the_task_is_given(tmp_path):
    path = write(tmp_path, "id,a,y\nu1,1,0\nu2,3,1\nu3,NA,1\n")
    table = load_table(path, drop=["id"], task="values")
    assert_allclose(table.x[:, 0], [1, 3, 2])  # the mean where nothing stands
    assert table.classes is None
    assert_allclose(table.targets, [0, 1, 1])
    with pytest.raises(ValueError, match=r"a dropped column called b in .*, got id, a, y"):
        load_table(path, drop=["b"])
    with pytest.raises(ValueError, match=r"needs a target and features beside it"):
        load_table(path, drop=["id", "a"])


def test_words_become_categories_and_unknown_ones_none_of_them():
    columns = {"c": np.array(["b", "", "a", "b"], object), "x": np.array([1.0, NAN, 5.0, 3.0])}
    learnt = learn_columns(columns)
    assert learnt == (
        Column("c", categories=("", "a", "b")),
        Column("x", 3.0, np.std([1, 5, 3])),
    )
    encoded = encode(learnt, columns)
    assert encoded.dtype == np.float32
    assert_array_equal(encoded[:, :3], [[0, 0, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    assert_allclose(encoded[:, 3], np.array([-2, 0, 2, 0]) / np.std([1, 5, 3]), rtol=1e-6)
    new = {"x": np.array([3.0]), "c": np.array(["z"], object), "other": np.zeros(1)}
    with pytest.warns(UserWarning, match=r"column c has words that training never met: z; they"):
        assert_array_equal(encode(learnt, new), np.zeros((1, 4)))
    with pytest.raises(
        ValueError, match=r"needs the columns c, x, got none called c; pass a table"
    ):
        encode(learnt, {"x": np.zeros(1)})
    with pytest.raises(ValueError, match=r"needs numbers in column x, got 'w'; mend that entry"):
        encode(learnt, {"x": np.array(["w"], object), "c": np.array(["a"], object)})
    with pytest.raises(ValueError, match=r"finite features, got inf .* in column x"):
        encode(learnt, {**columns, "x": np.array([1.0, np.inf, 2.0, 3.0])})
    assert columns_from(to_plain(learnt)) == learnt


TARGETS = {
    "words": (["u", "v", "u"], None, ("u", "v")),
    "few integers": ([3.0, 7.0, 3.0], None, ("3", "7")),
    "integers as values": ([3.0, 7.0, 3.0], "values", None),
    "halves as classes": ([0.5, 1.5, 0.5], "classes", ("0.5", "1.5")),
    "halves": ([0.5, 1.5, 0.5], None, None),
}


@pytest.mark.parametrize(("entries", "task", "classes"), TARGETS.values(), ids=TARGETS.keys())
def test_what_a_target_is(entries, task, classes):
    entries = np.array(entries, dtype=object if isinstance(entries[0], str) else float)
    target = learn_target("y", entries, task)
    assert target.classes == classes
    encoded = encode_target(target, entries)
    if classes is None:
        assert_allclose(encoded * target.scale + target.centre, entries, rtol=1e-6)
    else:
        assert_array_equal(encoded, [0, 1, 0])
    assert target_from(to_plain(target)) == replace(target)


def test_targets_that_cannot_be_used_get_a_sentence():
    words = np.array(["u", "v"], object)
    with pytest.raises(ValueError, match=r"--task values needs numbers in y, got words"):
        learn_target("y", words, "values")
    with pytest.raises(ValueError, match=r"classes among u, v in y, got 'w'"):
        encode_target(learn_target("y", words), np.array(["w"], object))
    with pytest.raises(
        ValueError, match=r"a target in every row, got nothing for y in 1 of 2 rows"
    ):
        learn_target("y", np.array([NAN, 2.0]))
    with pytest.raises(ValueError, match=r"needs numbers in y, got words; mend"):
        encode_target(learn_target("y", np.array([0.5, 2.0])), words)


def test_ids_are_warned_of():
    counted = np.random.default_rng(0).permutation(np.arange(100.0))
    with pytest.warns(UserWarning, match=r"column n counts the rows; .*--drop n"):
        learn_columns({"n": counted})
    with pytest.warns(UserWarning, match=r"the target n has successive integers, .* like ids"):
        learn_target("n", counted)
    with pytest.warns(UserWarning, match=r"the target n has 40 classes in 40 rows"):
        learn_target("n", np.array([f"u{i}" for i in range(40)], object))


def test_data_frames_and_mappings_are_tables():
    columns = columns_of({"a": [1, 2], "b": ["x", None], "c": [True, False]})
    assert columns["a"].dtype == float
    assert list(columns["b"]) == ["x", ""]
    assert list(columns["c"]) == ["True", "False"]
    with pytest.raises(ValueError, match=r"got dates in column d, such as 2024"):
        columns_of({"d": np.array(["2024-01-31"], dtype="datetime64[D]")})


def test_many_rows_are_read(tmp_path):
    x = np.random.default_rng(0).normal(size=(20_000, 5)).round(4)
    path = tmp_path / "t.csv"
    np.savetxt(path, x, delimiter=",", header="a,b,c,d,y", comments="", fmt="%.4f")
    columns = read(path)
    assert_array_equal(np.stack(list(columns.values()), axis=1), x)
