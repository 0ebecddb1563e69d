"""The statement over HTTP says where it ends, and no balance in it is wrong (R39)."""

from typing import Any

from tests.archive.past import live, put_away
from tests.builders.calendar import Calendar
from tests.builders.http import Caller, acc, caller, serving_api


async def pages(one: Caller, path: str) -> tuple[list[dict[str, Any]], list[Any]]:
    """All entries by pages of five, and what each page says of the archive."""
    entries: list[dict[str, Any]] = []
    told, after = [], ""
    while True:
        answer = await one.get(f"{path}?limit=5{after}")
        assert answer.status_code == 200, answer.text
        body = answer.json()
        entries += body["data"]
        told.append(body["archived"])
        if body["next"] is None:
            return entries, told
        after = f"&after={body['next']}"


async def test_r39_pages_end_where_the_archive_begins(calendar: Calendar) -> None:
    """Every page says so, those that are asked for beyond the end too; without an archive it is null."""
    past = await live(calendar, 9, by_month=True)
    world = past.world
    async with (
        serving_api(world, with_worker=False) as url,
        caller(world, url, "Client 1") as one,
    ):
        path = f"/v1/accounts/{acc(world, 'Client 1')}/statement"
        before, none = await pages(one, path)
        assert set(none) == {None}
        await put_away(world.db, calendar.clock)
        after, told = await pages(one, path)
        [end] = {tuple(sorted(page.items())) for page in told}
        gone = before[len(after) :]
        assert after and gone and after == before[: len(after)]
        assert dict(end) == {
            "before": dict(end)["before"],
            "seq": gone[0]["seq"],
            "free_after": gone[0]["free_after"],
        }
        assert gone[0]["at"] < dict(end)["before"] <= after[-1]["at"]
        beyond = (await one.get(f"{path}?after={gone[0]['seq']}")).json()
        assert beyond == {"data": [], "next": None, "archived": dict(end)}
        unmoved = (await one.get(f"{path}?resource=chatbots")).json()
        assert unmoved["archived"] is None or unmoved["data"] == []
