"""A run that waits is woken by the officers' decisions on the page, and by nothing else on it.

Airflow runs tasks in the main thread only, so the run is here and the officers act in another thread.
"""

from __future__ import annotations

import importlib.util
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

Signed = Callable[[str], dict[str, str]]
DAGS_CONFTEST = Path(__file__).parents[1] / "dags" / "conftest.py"
DAG = "release__claims_to_a"


def helpers() -> Any:
    """The helpers of the DAG tests: how a bag is loaded and a DAG run in this process."""
    spec = importlib.util.spec_from_file_location("dag_helpers", DAGS_CONFTEST)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class House:
    """One run of the release DAG with people at the pages; delivering is recorded instead of done."""

    def __init__(self, browser: Any, signed: Signed, world: Any, facts: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        from provision import releasing
        from provision.packaging.evidence import writing

        self.browser, self.signed, self.world, self.facts = browser, signed, world, facts
        self.release, self.delivered = "", []
        self.trouble: BaseException | None = None
        real = releasing.draft

        def draft(ctx: Any, plan: str, run_key: str, *, actor: str) -> str:
            self.release = facts.gate_one(ctx, run_key, draft=real)
            return str(self.release)

        def deliver(ctx: Any, release: str, *, actor: str) -> dict[str, object]:
            self.delivered.append(ctx.ledger.state("release", release))
            return {}

        for name in ("make", "gate", "publish"):
            monkeypatch.setattr(releasing, name, lambda ctx, release, *, actor: {})
        monkeypatch.setattr(writing, "write", lambda ctx, release, *, actor: {})  # of facts nobody has made
        monkeypatch.setattr(releasing, "draft", draft)
        monkeypatch.setattr(releasing, "deliver", deliver)

    def run(self, people: Callable[[House], None]) -> dict[str, str]:
        """Run until the end while `people` act, and give the states of the tasks."""
        dags = helpers()
        thread = threading.Thread(target=self._act, args=(people,), daemon=True)
        thread.start()
        finished = dags.run(dags.load(self.world.config_folder).dags[DAG])
        thread.join(30)
        if self.trouble:
            raise self.trouble
        return {ti.task_id: str(ti.state) for ti in finished.get_task_instances()}

    def _act(self, people: Callable[[House], None]) -> None:
        try:
            while not self.release:
                time.sleep(0.1)
            people(self)
        except BaseException as error:
            self.trouble = error
            self.let_go()

    def prompt(self) -> str:
        """Path of the run's prompt in Airflow's API."""
        from provision.ledger.reading import LedgerReader

        with LedgerReader.read(self.world.zones.ledger()) as ledger:
            run = next(iter(ledger.entries(type="release.drafted"))).payload["run_key"]
        return f"/api/v2/dags/{DAG}/dagRuns/{run}/taskInstances/approve/-1/hitlDetails"

    def until_asked(self) -> None:
        """Wait until the run has put its prompt up."""
        header = self.signed("admin")
        for _ in range(300):
            if self.browser.get(self.prompt(), headers=header).status_code == 200:
                return
            time.sleep(0.1)

    def press(self, login: str, option: str) -> int:
        """What Airflow answers to somebody who presses a button of the prompt itself, once it is there."""
        body = {"chosen_options": [option], "params_input": {}}
        self.until_asked()
        time.sleep(1)
        return int(self.browser.patch(self.prompt(), headers=self.signed(login), json=body).status_code)

    def let_go(self) -> None:
        """End the run whatever happened, so that a failing test does not wait for ever."""
        self.press("officer_a", "Reject")

    def decide(self, login: str, decision: str = "approve", reason: str = "") -> Any:
        body = {"digest": self.facts.digest, "decision": decision, "reason": reason}
        return self.post(login, "", body)

    def post(self, login: str, path: str, body: object) -> Any:
        address = f"/provision/api/approvals/{self.release}{path}"
        return self.browser.post(address, headers=self.signed(login), json=body).json()


@pytest.fixture
def house(browser: Any, signed: Signed, world: Any, facts: Any, monkeypatch: pytest.MonkeyPatch) -> House:
    return House(browser, signed, world, facts, monkeypatch)


def test_the_second_approval_wakes_the_run(house: House) -> None:
    answers = []

    def people(house: House) -> None:
        answers.append(house.decide("officer_a"))
        house.until_asked()
        answers.append(house.decide("officer_b"))

    states = house.run(people)
    first, second = answers
    assert first["prompt"] is None
    assert (second["complete"], second["prompt"]["answered"]) == (True, True), second
    assert states["deliver"] == "success"
    assert house.delivered == ["approved"]


@pytest.mark.slow
def test_a_rejection_ends_the_run_without_delivery(house: House) -> None:
    answers = []

    def people(house: House) -> None:
        house.until_asked()
        answers.append(house.decide("officer_b", "reject", "通知文が違う"))

    states = house.run(people)
    assert answers[0]["prompt"]["answered"] is True, answers
    assert (states["approve"], states["publish"], states["deliver"]) == ("success", "skipped", "skipped")
    assert house.delivered == []


@pytest.mark.slow
def test_a_decision_before_the_run_asks_is_found_in_the_log(house: House) -> None:
    answers = []

    def people(house: House) -> None:
        house.decide("officer_a")
        answers.append(house.decide("officer_b"))

    states = house.run(people)
    assert answers[0]["prompt"]["answered"] is True, answers
    assert states["deliver"] == "success"
    assert house.delivered == ["approved"]


@pytest.mark.slow
def test_what_could_not_be_woken_is_said_and_woken_later(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    from provision.auditing import guard

    def down(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("down")

    answers = []

    def people(house: House) -> None:
        house.decide("officer_a")
        house.until_asked()
        with monkeypatch.context() as broken:
            broken.setattr(
                guard, "own_api", lambda: httpx.Client(transport=httpx.MockTransport(down), base_url="http://x")
            )
            answers.append(house.decide("officer_b"))
        header = {**house.signed("officer_a")}
        answers.append(house.browser.get(f"/provision/approvals/{house.release}", headers=header).text)
        answers.append(house.post("officer_a", "/prompt", {}))
        answers.append(house.post("officer_a", "/prompt", {}))

    states = house.run(people)
    told, page, again, twice = answers
    assert (told["complete"], told["prompt"]["answered"]) == (True, False)
    assert "log" in told["prompt"]["remedy"]
    assert "実行を再開する" in page
    assert again["prompt"]["answered"] is True, again
    assert twice["prompt"] == {"answered": True, "message": "the prompt had been answered the same way", "remedy": ""}
    assert states["deliver"] == "success"


@pytest.mark.slow
def test_answering_the_prompt_in_airflow_is_not_an_approval(house: House) -> None:
    """An officer may press the button in Airflow; the log stays as it is, and delivering believes the log."""
    answers: list[Any] = []

    def people(house: House) -> None:
        answers.append(house.press("officer_a", "Approve"))
        answers.append(house.decide("officer_a"))
        answers.append(house.decide("officer_b", "reject", "押し間違い"))

    house.run(people)
    pressed, first, second = answers
    assert pressed == 200
    assert "approved" not in house.delivered
    assert first["complete"] is False
    assert second["prompt"]["answered"] is False  # answered otherwise in Airflow, and said so
    assert "otherwise" in second["prompt"]["message"]


@pytest.mark.slow
def test_the_prompt_is_only_for_the_officers(house: House) -> None:
    answers = []

    def people(house: House) -> None:
        answers.extend(house.press(login, "Approve") for login in ("admin", "operator", "auditor"))
        answers.append(house.press("officer_b", "Reject"))

    states = house.run(people)
    assert answers == [403, 403, 403, 200]
    assert states["deliver"] == "skipped"


@pytest.fixture
def real_house(browser: Any, signed: Signed, world: Any, facts: Any, monkeypatch: pytest.MonkeyPatch) -> House:
    """The same, but announcing and delivering are the real ones."""
    from provision import releasing

    publish, deliver = releasing.publish, releasing.deliver
    made = House(browser, signed, world, facts, monkeypatch)
    monkeypatch.setattr(releasing, "publish", publish)
    monkeypatch.setattr(releasing, "deliver", deliver)
    return made


@pytest.mark.slow
def test_marking_clearing_and_forging_in_airflow_releases_nothing(real_house: House) -> None:
    """Airflow's administrator may do all of it (embedded sign-in): the log holds no approval, so nothing goes out."""
    answers: list[int] = []

    def people(house: House) -> None:
        house.until_asked()
        run = house.prompt().removesuffix("/taskInstances/approve/-1/hitlDetails")
        header = house.signed("admin")
        forged = {"key": "return_value", "value": {"chosen_options": ["Approve"]}, "map_index": -1}
        answers.append(
            house.browser.post(f"{run}/taskInstances/approve/xcomEntries", headers=header, json=forged).status_code
        )
        mark = {"new_state": "success"}
        answers.append(house.browser.patch(f"{run}/taskInstances/approve", headers=header, json=mark).status_code)
        house.decide("officer_a")

    states = real_house.run(people)
    assert answers == [201, 200]
    assert (states["approve"], states["publish"], states["deliver"]) == ("success", "failed", "upstream_failed")
    types = {entry.type for entry in real_house.world.ledger.entries()}
    assert types == {"release.drafted", "release.made", "release.gated", "release.approval"}
    run = real_house.prompt().removesuffix("/taskInstances/approve/-1/hitlDetails")
    header = real_house.signed("admin")
    ended = real_house.browser.patch(run, headers=header, json={"state": "success"})
    assert (ended.status_code, ended.json()["state"]) == (200, "success")
    clear = {
        "dag_run_id": run.rpartition("/")[2],
        "task_ids": ["publish", "deliver"],
        "dry_run": False,
        "only_failed": False,
    }
    cleared = real_house.browser.post(f"/api/v2/dags/{DAG}/clearTaskInstances", headers=header, json=clear)
    assert cleared.status_code == 200
    assert {entry.type for entry in real_house.world.ledger.entries()} == types
    assert not list(real_house.world.zones.home.glob("staging/*"))
