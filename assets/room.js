// The button of a room in the header, and a box with the code, the link and a picture of it. The secret by which a presenter moves
// his room stays in this tab, over all pages, until the room is closed.

const HELD = "assimilab-room-held", FOLLOWED = "assimilab-room-followed"
const SAY_EVERY = 400 // milliseconds; what is sent while the page loads is lost
const LOOKS = CARD + `
  .room { position: fixed; top: 56px; right: 12px; z-index: 4200; box-sizing: border-box; width: max-content; max-width: min(430px, 94vw);
    max-height: calc(100vh - 70px); overflow: auto; padding: 16px 22px 18px;
    font: 16px/1.45 Roboto, system-ui, sans-serif; box-shadow: 0 4px 30px rgb(0 0 0 / 50%); }
  .room.large { inset: 0 0 52px 0; margin: auto; height: max-content; max-width: 92vw; max-height: calc(100vh - 68px); font-size: 22px; text-align: center; }
  h2 { margin: 0 0 6px; font-size: 1.2em; }
  p { margin: 6px 0; }
  .code { display: block; margin: 2px 0; font: 700 46px/1.2 ui-monospace, monospace; letter-spacing: 0.16em; }
  .large .code { font-size: 96px !important; } /* also where all else has the size of presenter mode */
  img { display: block; width: 240px; height: 240px; margin: 10px 0; border-radius: 6px; background: #fff; }
  .large h2 { display: none; }
  .large img { width: min(38vh, 420px); height: min(38vh, 420px); margin: 6px auto; }
  .link { overflow-wrap: anywhere; user-select: all; font-size: 0.94em; }
  .problem { border-left: 4px solid #ff9d5c; padding-left: 10px; }
  .buttons { display: flex; flex-wrap: wrap; gap: 8px; margin-top: 12px; }
  .large .buttons { justify-content: center; }
  button { font-size: 15px; border-width: 2px; padding: 4px 12px; }
`

const element = (name, kind = "", text = "") => {
  const made = document.createElement(name)
  made.className = kind
  made.textContent = text
  return made
}
const kept = () => {
  try {
    return JSON.parse(sessionStorage.getItem(HELD))
  } catch {
    return null
  }
}
const dark = () => new URLSearchParams(location.search).get("theme") === "dark" ? "&theme=dark" : ""

export function render({model}) {
  const bar = element("div", "bar")
  const opener = element("button", "opener", "Room"), back = element("button", "opener")
  opener.type = back.type = "button"
  opener.title = "A room in which others see this page move with yours"
  opener.setAttribute("aria-haspopup", "dialog")
  bar.append(back, opener)
  back.hidden = true

  const layer = document.createElement("div"), shadow = layer.attachShadow({mode: "open"})
  const looks = document.createElement("style"), box = element("div", "card room")
  looks.textContent = LOOKS
  box.setAttribute("role", "dialog")
  box.setAttribute("aria-label", "Room")
  shadow.append(looks, box)

  const send = (what) => model.send_msg({...what, origin: location.origin})
  const button = (text, kind, act) => {
    const made = element("button", kind, text)
    made.type = "button"
    made.addEventListener("click", act)
    return made
  }
  const shown = () => layer.isConnected
  const hide = () => {
    layer.remove()
    opener.setAttribute("aria-expanded", "false")
  }
  const toggle = () => {
    if (shown()) {
      hide()
      opener.focus()
      return
    }
    box.classList.toggle("large", document.documentElement.classList.contains("presenting"))
    document.body.append(layer)
    opener.setAttribute("aria-expanded", "true")
    box.querySelector("button")?.focus()
  }
  const copy = async (link, of) => {
    try {
      await navigator.clipboard.writeText(link)
      of.textContent = "Copied"
    } catch {
      of.textContent = "Select the link to copy it"
    }
  }

  const follows = (count) => count === 1 ? "1 page follows." : `${count} pages follow.`
  const draw = () => {
    const room = model.state, focused = shadow.activeElement?.textContent
    const parts = []
    if (room.code) {
      const picture = element("img")
      picture.src = room.qr
      picture.alt = `QR code of ${room.link}`
      const copier = button("Copy link", "", () => copy(room.link, copier))
      const buttons = element("div", "buttons")
      buttons.append(copier, button("Close the room", "", () => send({close: true})), button("Hide", "", toggle))
      parts.push(element("h2", "", "Room"), element("b", "code", room.code), picture, element("div", "link", room.link))
      if (/^(localhost|127\.|\[::1\])/.test(location.hostname)) {
        parts.push(element("p", "problem", "Other machines do not know this one as “localhost”: open this page under the name that they use."))
      }
      const count = element("p", "", follows(room.followers))
      count.setAttribute("role", "status")
      parts.push(count, buttons)
    } else {
      const buttons = element("div", "buttons")
      buttons.append(button("Open a room", "first", () => send({open: true})), button("Hide", "", toggle))
      parts.push(
        element("h2", "", "Follow me"),
        element("p", "", "Others open a link or type a code, and their page moves with yours. They change nothing, until they press “Try it myself” and have their own copy."),
        buttons,
      )
    }
    if (room.problem) {
      const problem = element("p", "problem", room.problem)
      problem.setAttribute("role", "alert")
      parts.splice(1, 0, problem)
    }
    box.replaceChildren(...parts)
    const same = [...box.querySelectorAll("button")].find((found) => found.textContent === focused)
    if (focused) (same ?? box.querySelector("button"))?.focus()
    opener.textContent = room.code ? `Room ${room.code} · ${room.followers}` : "Room"
    document.documentElement.classList.toggle("in-room", Boolean(room.code) || !back.hidden)
    const held = kept()
    if (room.gone && held) sessionStorage.removeItem(HELD)
    if (room.code && room.code !== held?.code) sessionStorage.setItem(HELD, JSON.stringify({code: room.code, secret: room.secret}))
    window.dispatchEvent(new CustomEvent("assimilab-room-named", {detail: opener.textContent}))
  }

  // A page that the presenter comes to takes the room up.
  const held = kept()
  let saying = 0
  const hold = () => {
    if (model.state.code || model.state.gone) clearInterval(saying)
    else send(held)
  }
  if (held) saying = setInterval(hold, SAY_EVERY)

  const followed = sessionStorage.getItem(FOLLOWED)
  if (followed && !held) {
    back.hidden = false
    opener.hidden = true // who follows a lecture seldom holds another
    back.textContent = `Back to ${followed}`
    back.title = "Follow the presenter again; this page is left"
    document.documentElement.classList.add("in-room")
    back.addEventListener("click", () => location.assign(`/join?room=${encodeURIComponent(followed)}${dark()}`))
  }

  const press = (event) => {
    if (event.key !== "Escape" || !shown()) return
    event.stopImmediatePropagation()
    toggle()
  }
  opener.addEventListener("click", toggle)
  window.addEventListener("keydown", press, true)
  window.addEventListener("assimilab-room", toggle)
  model.on("state", draw)
  model.on("remove", () => {
    clearInterval(saying)
    layer.remove()
    window.removeEventListener("keydown", press, true)
    window.removeEventListener("assimilab-room", toggle)
  })
  draw()
  return bar
}
