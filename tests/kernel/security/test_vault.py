"""The vault: what is sealed opens only here, only there, only unchanged; the key file is made once."""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.kernel.errors import SwitchboardError
from switchboard.kernel.security.vault import (
    KeyMissing,
    KeysUnusable,
    NotSealed,
    SealBroken,
    Vault,
    VaultKey,
    load_vault,
)

OLD = VaultKey("old", b"o" * 32)
NEW = VaultKey("new", b"n" * 32)
CONTEXT = "honeypot|callbacks|secret|row-1"


def encoded(material: bytes) -> str:
    return base64.b64encode(material).decode()


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "vault.keys"


@given(plain=st.binary(max_size=300), context=st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_whatever_is_sealed_opens_in_its_context(plain: bytes, context: str) -> None:
    vault = Vault([NEW, OLD])
    assert vault.open(vault.seal(plain, context), context) == plain


@given(plain=st.text(st.characters(exclude_categories=["Cs"])))
def test_text_comes_back_as_text(plain: str) -> None:
    vault = Vault([NEW])
    assert vault.open_text(vault.seal(plain, CONTEXT), CONTEXT) == plain


@given(text=st.text(max_size=120) | st.from_regex(r"v1:[a-z]{1,4}:[\w-]{16}:[\w-]{0,40}", fullmatch=True))
def test_no_text_makes_opening_fail_without_a_name(text: str) -> None:
    with pytest.raises((NotSealed, KeyMissing, SealBroken)):
        Vault([NEW]).open(text, CONTEXT)


def test_the_sealed_form_names_version_and_key_and_hides_the_secret() -> None:
    sealed = Vault([NEW, OLD]).seal("top secret", CONTEXT)
    assert re.fullmatch(r"v1:new:[\w-]{16}:[\w-]+", sealed)
    assert b"top secret" not in base64.urlsafe_b64decode(sealed.split(":")[3] + "==")


def test_the_same_secret_is_sealed_differently_each_time() -> None:
    vault = Vault([NEW])
    assert len({vault.seal("secret", CONTEXT) for _ in range(50)}) == 50


def test_a_change_of_any_single_character_is_noticed() -> None:
    vault = Vault([NEW, OLD])
    sealed = vault.seal("secret", CONTEXT)
    for position, character in enumerate(sealed):
        for other in "Ab_0:":
            if other != character:
                with pytest.raises((NotSealed, KeyMissing, SealBroken)):
                    vault.open(sealed[:position] + other + sealed[position + 1 :], CONTEXT)


def test_padding_spaces_and_cut_ends_are_not_another_spelling() -> None:
    vault = Vault([NEW])
    sealed = vault.seal("secret!", CONTEXT)
    for spelling in (
        f"{sealed}=",
        f"{sealed}\n",
        f" {sealed}",
        sealed[:-1],
        sealed.replace(":", "::", 1),
        "",
    ):
        with pytest.raises((NotSealed, SealBroken)):
            vault.open(spelling, CONTEXT)


def test_a_secret_moved_to_another_row_does_not_open() -> None:
    vault = Vault([NEW])
    with pytest.raises(SealBroken) as failure:
        vault.open(vault.seal("secret", CONTEXT), "honeypot|callbacks|secret|row-2")
    assert failure.value.status == 500


def test_a_secret_relabelled_with_another_key_id_does_not_open_even_under_the_same_key() -> None:
    sealed = Vault([VaultKey("old", b"k" * 32)]).seal("secret", CONTEXT)
    with pytest.raises(SealBroken):
        Vault([VaultKey("new", b"k" * 32)]).open(sealed.replace("v1:old:", "v1:new:"), CONTEXT)


def test_a_context_is_required() -> None:
    vault = Vault([NEW])
    with pytest.raises(ValueError, match="context"):
        vault.seal("secret", "")
    with pytest.raises(ValueError, match="context"):
        vault.open(vault.seal("secret", CONTEXT), "")


def test_after_a_rotation_old_secrets_open_and_ask_to_be_resealed() -> None:
    sealed = Vault([OLD]).seal("secret", CONTEXT)
    rotated = Vault([NEW, OLD])
    assert rotated.open_text(sealed, CONTEXT) == "secret"
    assert rotated.key_id_of(sealed) == "old"
    assert rotated.needs_resealing(sealed)
    assert not rotated.needs_resealing(rotated.seal("secret", CONTEXT))


def test_a_lost_key_is_named_with_the_way_back() -> None:
    with pytest.raises(KeyMissing) as failure:
        Vault([NEW]).open(Vault([OLD]).seal("secret", CONTEXT), CONTEXT)
    assert failure.value.key_id == "old"
    assert "lacks key old: restore it from your backup" in failure.value.hint


def test_another_key_under_the_same_id_is_noticed() -> None:
    sealed = Vault([OLD]).seal("secret", CONTEXT)
    with pytest.raises(SealBroken, match="key old"):
        Vault([VaultKey("old", b"x" * 32)]).open(sealed, CONTEXT)


def test_bytes_that_are_no_text_are_not_shown_in_the_failure() -> None:
    vault = Vault([NEW])
    with pytest.raises(NotSealed) as failure:
        vault.open_text(vault.seal(b"\xff\xfeplanted", CONTEXT), CONTEXT)
    assert failure.value.__cause__ is None
    assert "planted" not in str(failure.value)


def test_neither_vault_nor_key_shows_key_material() -> None:
    vault = Vault([NEW, OLD])
    shown = repr(vault) + str(vault) + repr(vars(vault)) + repr(NEW)
    for material in (NEW.material, OLD.material):
        assert repr(material)[2:-1] not in shown
        assert encoded(material) not in shown
    assert "new" in repr(vault)
    assert vault.key_ids == ("new", "old")


def test_keys_from_the_environment_win_and_leave_the_file_alone(key_file: Path) -> None:
    vault, is_new = load_vault(
        key_file=key_file, keys_from_environment=f"new:{encoded(NEW.material)},old:{encoded(OLD.material)}"
    )
    assert not is_new
    assert vault.active_key_id == "new"
    assert vault.open_text(Vault([OLD]).seal("secret", CONTEXT), CONTEXT) == "secret"
    assert not key_file.exists()


def test_keys_may_be_written_in_either_base64_alphabet_with_or_without_padding(key_file: Path) -> None:
    material = b"\xfb\xff" * 16
    sealed = Vault([VaultKey("k", material)]).seal("secret", CONTEXT)
    for text in (
        encoded(material),
        encoded(material).rstrip("="),
        base64.urlsafe_b64encode(material).decode(),
        base64.urlsafe_b64encode(material).decode().rstrip("="),
    ):
        vault, _ = load_vault(key_file=key_file, keys_from_environment=f" k : {text} ,")
        assert vault.open_text(sealed, CONTEXT) == "secret"


@pytest.mark.parametrize(
    "keys",
    [
        "planted-without-an-id",
        "k:planted!not-base64",
        "k:cGxhbnRlZA==",
        f"k:{encoded(b'planted' * 7)}",
        f"bad id:{encoded(b'planted-' * 4)}",
        f"{'k' * 33}:{encoded(b'planted-' * 4)}",
        f":{encoded(b'planted-' * 4)}",
        f"k:{encoded(b'planted-' * 4)},k:{encoded(b'Planted-' * 4)}",
        ",",
    ],
)
def test_badly_written_keys_are_refused_without_being_repeated(keys: str, key_file: Path) -> None:
    with pytest.raises(KeysUnusable) as failure:
        load_vault(key_file=key_file, keys_from_environment=keys)
    shown = failure.value.message + failure.value.hint
    assert failure.value.hint
    assert "lanted" not in shown
    assert "cGxhbnRlZ" not in shown


def test_the_first_start_makes_a_key_file_that_only_its_owner_can_read(key_file: Path) -> None:
    vault, is_new = load_vault(key_file=key_file, keys_from_environment=None)
    assert is_new
    assert key_file.stat().st_mode & 0o777 == 0o600
    assert key_file.parent.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in key_file.parent.iterdir()] == ["vault.keys"]
    assert re.fullmatch(r"[0-9a-f]{8}", vault.active_key_id)


def test_the_second_start_reads_the_same_key(key_file: Path) -> None:
    first, _ = load_vault(key_file=key_file, keys_from_environment="  ")
    second, is_new = load_vault(key_file=key_file, keys_from_environment=None)
    assert not is_new
    assert second.open_text(first.seal("secret", CONTEXT), CONTEXT) == "secret"


def test_a_line_put_on_top_of_the_key_file_rotates_the_keys(key_file: Path) -> None:
    before, _ = load_vault(key_file=key_file, keys_from_environment=None)
    key_file.write_text(f"# rotated\nnew:{encoded(NEW.material)}\n\n{key_file.read_text()}")
    after, _ = load_vault(key_file=key_file, keys_from_environment=None)
    assert after.key_ids == ("new", before.active_key_id)
    assert after.open_text(before.seal("secret", CONTEXT), CONTEXT) == "secret"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o644, 0o777])
def test_a_key_file_that_others_may_use_is_refused_with_the_command_that_helps(
    mode: int, key_file: Path
) -> None:
    load_vault(key_file=key_file, keys_from_environment=None)
    key_file.chmod(mode)
    with pytest.raises(KeysUnusable) as failure:
        load_vault(key_file=key_file, keys_from_environment=None)
    assert f"chmod 600 {key_file}" in failure.value.hint


@pytest.mark.parametrize("content", [b"", b"# only a comment\n", b"\xff\xfe\x00planted", b"planted"])
def test_a_damaged_key_file_is_refused_and_never_replaced(content: bytes, key_file: Path) -> None:
    key_file.parent.mkdir()
    key_file.write_bytes(content)
    key_file.chmod(0o600)
    with pytest.raises(KeysUnusable) as failure:
        load_vault(key_file=key_file, keys_from_environment=None)
    assert "planted" not in failure.value.message + failure.value.hint
    assert key_file.read_bytes() == content


def test_a_key_file_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    in_the_way = tmp_path / "data"
    in_the_way.write_text("a file where the folder should be")
    with pytest.raises(SwitchboardError) as failure:
        load_vault(key_file=in_the_way / "vault.keys", keys_from_environment=None)
    assert "SWITCHBOARD_VAULT_KEYS" in failure.value.hint


def test_what_a_crash_left_unfinished_does_not_hinder_the_next_start(key_file: Path) -> None:
    key_file.parent.mkdir()
    key_file.with_name("vault.keys.new").write_text("half a ke")
    _, is_new = load_vault(key_file=key_file, keys_from_environment=None)
    assert is_new
    assert [path.name for path in key_file.parent.iterdir()] == ["vault.keys"]


STARTING_PROCESS = """
import sys, time
from pathlib import Path
from switchboard.kernel.security.vault import load_vault
go, key_file = Path(sys.argv[1]), Path(sys.argv[2])
print("ready", flush=True)
while not go.exists():
    time.sleep(0.0005)
vault, is_new = load_vault(key_file=key_file, keys_from_environment=None)
print(int(is_new), vault.seal("secret", "test"))
"""


@pytest.mark.parametrize("attempt", range(3))
def test_five_processes_that_start_together_agree_on_one_key(
    attempt: int, tmp_path: Path, key_file: Path
) -> None:
    go = tmp_path / "go"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", STARTING_PROCESS, str(go), str(key_file)],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        for _ in range(5)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    go.touch()
    answers = [process.communicate(timeout=60)[0].split() for process in processes]
    assert sorted(is_new for is_new, _ in answers) == ["0", "0", "0", "0", "1"]
    vault, _ = load_vault(key_file=key_file, keys_from_environment=None)
    assert {vault.open_text(sealed, "test") for _, sealed in answers} == {"secret"}
