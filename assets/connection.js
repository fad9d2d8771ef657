// What a page does when its connection to the server is lost: it says so, tries again for as long as it takes, and is then
// loaded anew with its old session, as Bokeh cannot take a page with arrays up again in place. Where the server has forgotten the
// session, or was started anew, the address brings back what it holds.
"use strict"
const assimilabConnection = (() => {
  const KEY = "bokeh-session-id"
  const FIRST_MS = 1000, MOST_MS = 5000
  let lost = false

  // The session that the page was loaded with is nobody else's: it must not stay in the address.
  const address = new URL(location.href)
  if (address.searchParams.has(KEY)) {
    address.searchParams.delete(KEY)
    history.replaceState(history.state, "", address)
  }

  const say = () => {
    const bar = document.createElement("div")
    bar.className = "connection-lost"
    bar.setAttribute("role", "alert")
    bar.textContent = "The connection to the server is lost. Trying again; what you have set will be here again."
    // What is turned meanwhile would have no effect.
    for (const part of document.body.children) part.inert = true
    document.body.append(bar)
  }

  const again = (session, wait) => {
    // A hundred pages do not ask at once.
    setTimeout(async () => {
      try {
        await fetch("assets/logo.svg", {cache: "no-store"})
      } catch {
        again(session, Math.min(1.5 * wait, MOST_MS))
        return
      }
      const here = new URL(location.href)
      here.searchParams.set(KEY, session)
      location.replace(here)
    }, wait * (0.5 + Math.random()))
  }

  return {
    // Called once the websocket has been closed.
    lost(session) {
      if (lost) return
      lost = true
      say()
      again(session, FIRST_MS)
    },
  }
})()
// A page that is left closes its websocket too.
addEventListener("pagehide", () => { assimilabConnection.lost = () => {} })
