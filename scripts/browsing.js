// Timing what a person waits for on a map: loaded into a page by the benchmarks, after maps.js.
window.browsing = {
  // When the last input came, when the first pixels changed after it, and when the last new picture was on the screen, ms.
  input: null, moved: null, shown: null,

  // What the pictures of the page are drawn from.
  sources() {
    const models = [...window.Bokeh?.documents ?? []].flatMap((document) => [...document._all_models.values()])
    return models.filter((model) => model.data?.image != null)
  },

  // From now on follows one map, until it is asked to follow again.
  follow(index) {
    const map = maps.all()[index]
    const token = this.token = {}
    const sources = this.sources(), pictures = () => sources.map((source) => source.data.image[0])
    let held = pictures(), sum = maps.fingerprint(map).sum, arrived = null, frames = 0
    this.input = this.moved = this.shown = null
    const look = () => {
      if (this.token !== token) return
      const now = performance.now(), holds = pictures(), seen = maps.fingerprint(map).sum
      if (this.input != null) {
        if (holds.some((picture, k) => picture !== held[k])) [arrived, frames] = [now, 0]
        if (seen !== sum) {
          this.moved ??= now - this.input
        }
        // Where each point of the grid had its pixel before, the new picture looks as the one before.
        if (arrived != null && (seen !== sum || ++frames > 2)) [this.shown, arrived] = [now - this.input, null]
      }
      held = holds
      sum = seen
      requestAnimationFrame(look)
    }
    requestAnimationFrame(look)
  },

  // Whether another map than the one that is followed, or another picture on it, shows a field.
  opened: null,
  follow_opening() {
    const before = maps.all()[0], sum = before == null ? 0 : maps.fingerprint(before).sum
    this.input = this.opened = null
    const look = () => {
      const map = maps.all()[0]
      const found = map == null ? {colors: 0} : maps.fingerprint(map)
      if (this.input != null && found.colors > 3 && (map !== before || found.sum !== sum)) {
        this.opened = performance.now() - this.input
        return
      }
      requestAnimationFrame(look)
    }
    requestAnimationFrame(look)
  },
}
// Chromium also tells of a pointer at rest that something moves below it. A map follows the pointer as it is dragged: a button
// that is released moves it no further.
const isInput = (event) => event.type !== "pointermove" || event.buttons !== 0
for (const name of ["keydown", "wheel", "pointermove"]) {
  document.addEventListener(name, (event) => {
    if (!isInput(event)) return
    browsing.input = performance.now()
    browsing.moved = browsing.shown = null
  }, {capture: true, passive: true})
}
