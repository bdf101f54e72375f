import pickle
from pathlib import Path

import msgspec
import pytest

from patterns.errors import SettingsError
from patterns.secrets import Secret
from patterns.settings import load


class Login(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    password: Secret | None = None
    users: list[str] = []


def test_a_secret_is_read_from_its_variable_or_file_when_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = Secret("env:LOGIN_OF_A_TEST")
    monkeypatch.setenv("LOGIN_OF_A_TEST", "pa ss:word")
    assert secret.reveal() == "pa ss:word"
    (tmp_path / "secret").write_text("two\nlines\n")
    assert Secret(f"file:{tmp_path}/secret").reveal() == "two\nlines"


def test_it_prints_and_pickles_as_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGIN_OF_A_TEST", "hidden")
    login = load(Login, None, {}, ["password=env:LOGIN_OF_A_TEST"])
    assert "hidden" not in repr(login)
    assert b"hidden" not in pickle.dumps(login)
    assert pickle.loads(pickle.dumps(login)) == login
    assert login.password is not None
    assert login.password.reveal() == "hidden"


@pytest.mark.parametrize("given", ["hunter2", "env:", "file:", "vault:x", ":x", "env"])
def test_a_secret_that_stands_in_the_configuration_is_refused_and_not_repeated(given: str) -> None:
    with pytest.raises(
        SettingsError, match=r"\$\.password: a secret is not written .* env:NAME .* file:PATH"
    ) as refused:
        load(Login, None, {}, [f"password={given}"])
    assert given == ":x" or f"'{given}'" not in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_a_secret_of_another_type_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"\$\.password.* expected `str"):
        load(Login, None, {}, ["password=5"])


@pytest.mark.parametrize("content", [None, "", "\n", "folder"])
def test_a_secret_that_is_not_there_is_an_error_that_names_its_place(content: str | None, tmp_path: Path) -> None:
    path = tmp_path / "secret"
    if content == "folder":
        path.mkdir()
    elif content is not None:
        path.write_text(content)
    with pytest.raises(SettingsError, match=f"secret 'file:{path}'"):
        Secret(f"file:{path}").reveal()
    with pytest.raises(SettingsError, match="secret 'env:NOT_SET_BY_ANYBODY' is empty or not there"):
        Secret("env:NOT_SET_BY_ANYBODY").reveal()


def test_a_file_that_is_no_text_is_no_secret(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="it is no text"):
        Secret(f"file:{tmp_path}/secret").reveal()
