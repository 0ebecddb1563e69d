"""Pages that the bank hosts: a visitor chooses a test card, and is led back when it is saved."""

import html
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from brimful_testbank.bank import Bank, Refused
from brimful_testbank.cards import TOKENS

Object = dict[str, Any]

_PAGE = """<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">
<title>Save a card</title><h1>Save a card</h1><form method="post"><label>Test card
<select name="token">{options}</select></label> <button>Save</button></form></html>"""


class Pages:
    """The pages of one bank, each for one customer of one merchant."""

    def __init__(self, bank: Bank, completed: Callable[[Object], None]) -> None:
        self._bank, self._completed = bank, completed
        self._pages: dict[str, Object] = bank.journal.load("page")

    def make(self, merchant: str, wish: Object, address: str) -> Object:
        """A new page at ``address``, for a customer that is named or made."""
        back = str(wish.get("return_url", ""))
        if urlsplit(back).scheme not in ("http", "https"):
            raise Refused(400, "url_invalid", "return_url is not an address")
        customer = wish.get("customer") or self._bank.make_customer(merchant)
        page = {
            "id": f"page_{secrets.token_hex(10)}", "merchant": merchant, "customer": customer,
            "return_url": back, "method": None,
        }  # fmt: skip
        self._write(page)
        return {"id": page["id"], "customer": customer, "url": f"{address}/pages/{page['id']}"}

    def method_of(self, merchant: str, page_id: str, customer: str | None) -> Object:
        """The card that was saved on a page."""
        page = self._pages.get(page_id)
        if page is None or page["merchant"] != merchant:
            raise Refused(404, "no_such_page", "no such page")
        if page["method"] is None:
            raise Refused(402, "page_not_completed", "nobody has saved a card there yet")
        if customer != page["customer"]:
            raise Refused(400, "wrong_customer", "the page was for another customer")
        return dict(self._bank.methods[page["method"]])

    async def visit(self, request: Request) -> Response:
        """What a visitor sees; and, of a form that is sent, the way back."""
        page = self._pages.get(request.path_params["page"])
        if page is None:
            return JSONResponse({"code": "no_such_page"}, 404)
        if request.method == "GET":
            options = "".join(f"<option>{html.escape(token)}</option>" for token in TOKENS)
            return HTMLResponse(_PAGE.format(options=options))
        if page["method"] is None:
            form = parse_qs((await request.body()).decode("utf-8", "replace"))
            token = form.get("token", [""])[0]
            try:
                method = self._bank.save_method(page["merchant"], page["customer"], token)
            except Refused as refused:
                return JSONResponse({"code": refused.code}, refused.status)
            page = {**page, "method": method["id"]}
            self._write(page)
            self._completed(page)
        back = page["return_url"]
        mark = "&" if urlsplit(back).query else "?"
        return RedirectResponse(f"{back}{mark}page={page['id']}", 303)

    def _write(self, page: Object) -> None:
        self._bank.journal.write("page", page, None, None)
        self._pages[page["id"]] = page
