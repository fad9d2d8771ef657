// Looking at the maps of a page from within: loaded into it by the browser tests and the benchmarks.
window.maps = {
  latency: null,

  // The canvas that each map is drawn on, down the page row by row; Bokeh lays a second one for overlays over each.
  all() {
    const found = []
    const walk = (root) => root.querySelectorAll("*").forEach((e) => {
      if (e.tagName === "CANVAS" && e.width > 200 && e.height > 150) found.push(e)
      if (e.shadowRoot) walk(e.shadowRoot)
    })
    walk(document)
    const place = (c) => c.getBoundingClientRect()
    const same = (a, b) => a && place(a).top === place(b).top && place(a).left === place(b).left
    return found.filter((c, k) => !same(found[k - 1], c))
  },

  // A sum over the middle of a map that changes when any pixel does, and how many colours there are.
  fingerprint(canvas) {
    const [w, h] = [canvas.width, canvas.height]
    const pixels = canvas.getContext("2d").getImageData(w * 0.3, h * 0.3, 100, 100).data
    const colors = new Set()
    let sum = 0
    for (let i = 0; i < pixels.length; i += 4) {
      const color = (pixels[i] << 16) + (pixels[i + 1] << 8) + pixels[i + 2]
      colors.add(color)
      sum = (Math.imul(sum, 31) + color) | 0
    }
    return {sum, colors: colors.size}
  },

  sums() {
    return this.all().map((map) => this.fingerprint(map).sum)
  },

  // Whether so many maps show a field and not just an empty frame.
  drawn(count) {
    const all = this.all()
    return all.length >= count && all.slice(0, count).every((map) => this.fingerprint(map).colors > 3)
  },

  // Time from the next key to the first frame in which a map's pixels differ; read it from `latency`, in ms.
  watch(index) {
    const map = this.all()[index]
    const before = this.fingerprint(map).sum
    this.latency = null
    const onKey = () => {
      const start = performance.now()
      const look = () => {
        if (this.fingerprint(map).sum !== before) this.latency = performance.now() - start
        else if (performance.now() - start < 5000) requestAnimationFrame(look)
      }
      requestAnimationFrame(look)
    }
    document.addEventListener("keydown", onKey, {capture: true, once: true})
  },

  // From now on notes in `times` each frame of the browser, ms, in which the pixels of a map differ from those before.
  count(index) {
    const map = this.all()[index]
    const pixels = () => new Uint32Array(map.getContext("2d").getImageData(0, 0, map.width, map.height).data.buffer)
    const whole = () => pixels().reduce((sum, pixel) => (Math.imul(sum, 31) + pixel) | 0, 0)
    let last = whole()
    const times = this.times = []
    const look = (now) => {
      if (this.times !== times) return
      const sum = whole()
      if (sum !== last) times.push(now)
      last = sum
      requestAnimationFrame(look)
    }
    requestAnimationFrame(look)
  },
}
