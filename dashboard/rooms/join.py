"""``/join?room=CODE``: leads to the page that the presenter of a room shows; without a code it asks for one."""

from html import escape
from urllib.parse import urlencode

from bokeh.server.views.auth_request_handler import AuthRequestHandler
from tornado.web import authenticated

from backends.errors import InputError
from dashboard.rooms.registry import LENGTH, ROOMS

#: For Home, too; codes are typed with blanks or in small letters, which counts as the same.
FORM = (
    '<form class="join" action="/join" method="get"><label>Code of a room <input name="room" required autocomplete="off" '
    f'autocapitalize="characters" spellcheck="false" size="{LENGTH + 3}" maxlength="20"></label>'
    '{more}<button type="submit">Follow</button></form>'
)


class Join(AuthRequestHandler):
    """Answers whoever wants to follow."""

    @authenticated
    def get(self) -> None:
        """Lead to the room, or say that there is none."""
        self.set_header("Cache-Control", "no-store")
        code, dark = self.get_query_argument("room", ""), self.get_query_argument("theme", "") == "dark"
        theme = {"theme": "dark"} if dark else {}
        problem = ""
        if code:
            try:
                room = ROOMS.find(code, str(self.request.remote_ip))
            except InputError as fault:
                self.set_status(404)
                problem = f'<p class="problem" role="alert">{escape(str(fault))}</p>'
            else:
                self.redirect(f"{room.shown.path}?{urlencode({'room': room.code, **theme})}")
                return
        self.write(_PAGE.format(problem=problem, form=join_form(dark), home="/?theme=dark" if dark else "/"))


def join_form(dark: bool) -> str:
    """Return the field in which one types a code."""
    return FORM.format(more='<input type="hidden" name="theme" value="dark">' if dark else "")


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Join a room · Assimilab</title>
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 17px/1.5 system-ui, sans-serif; max-width: 560px; margin: 15vh auto; padding: 0 16px; }}
h1 {{ font-size: 22px; }}
form {{ display: flex; flex-wrap: wrap; align-items: center; gap: 8px; }}
input, button {{ font: inherit; padding: 6px 10px; }}
input {{ text-transform: uppercase; letter-spacing: 0.1em; }}
.problem {{ border-left: 4px solid #d55e00; background: rgba(213, 94, 0, 0.12); padding: 8px 12px; border-radius: 4px; }}
</style></head><body><main><h1>Follow a presenter</h1>{problem}
<p>The code is on the presenter's screen. Your page then moves with the presenter's, until you try something yourself.</p>
{form}
<p><a href="{home}">To the Home page</a></p></main>
<script>sessionStorage.removeItem("assimilab-room-followed")</script></body></html>
"""
