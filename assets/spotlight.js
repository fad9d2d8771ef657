// The spotlight of presenter mode: first the controls that the scene speaks of, one after the other, then what is under the
// pointer or has the focus; put before the script of the mode.

const ROOM = 8 // pixels round what is lit

function element_path(part) {
  const path = []
  for (let at = part; at; at = at.parentNode ?? at.host) path.push(at)
  return path
}

// What is lit is a hole in the element `light`; `layer` holds it, `find` returns the element of a control by its name, or null.
function spotlight(light, layer, find) {
  let point = null, names = [], place = -1

  // The smallest part of the page round a place that a person would call one thing: a control, a figure, a text.
  const thing = (path) => {
    for (const part of path) {
      if (!(part instanceof Element) || layer.contains(part) || !part.shadowRoot) continue
      const box = part.getBoundingClientRect()
      if (box.width >= 40 && box.height >= 24 && box.width * box.height < 0.6 * innerWidth * innerHeight) return box
    }
    return null
  }
  const lit = () => place < names.length ? find(names[place])?.getBoundingClientRect() : point?.isConnected && thing(element_path(point))
  const shine = () => {
    if (light.hidden) return
    const box = lit()
    if (!box) return
    Object.assign(light.style, {
      left: `${box.left - ROOM}px`, top: `${box.top - ROOM}px`, width: `${box.width + 2 * ROOM}px`, height: `${box.height + 2 * ROOM}px`,
    })
  }
  const off = () => {
    light.hidden = true
    place = -1
  }
  return {
    shine, off,
    get on() { return !light.hidden },
    // Go on to the next of the names, then to the pointer, then to none; return the name that is lit, or an empty text.
    next(of_scene) {
      if (light.hidden) {
        names = of_scene.filter((name) => find(name))
        light.hidden = false
        Object.assign(light.style, {left: "50%", top: "50%", width: "0", height: "0"})
      }
      place += 1
      if (place > names.length) off()
      else find(names[place])?.scrollIntoView({block: "center"})
      shine()
      return place < names.length && place >= 0 ? names[place] : ""
    },
    follow(part) {
      point = part
      shine()
    },
  }
}
