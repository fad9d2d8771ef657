// Counting the pictures of a race from within the page: loaded into it by the benchmarks.
window.pictures = {
  times: [],
  // The cycle that was shown when the pointer was last pressed.
  pressed: 0,

  // Finds the errors against time, of which every picture brings another cycle; those of an earlier race may still be there.
  find() {
    const models = [...window.Bokeh?.documents[0]?._all_models.values() ?? []]
    this.source = models.findLast((model) => model.data?.analysis_0 != null)
    return this.cycle()
  },

  // The newest cycle that is shown.
  cycle() {
    return this.source?.data.cycle.at(-1) ?? 0
  },

  // From now on notes the time of each frame in which there is another picture than in the frame before.
  watch() {
    let last = this.find()
    this.times = []
    const look = () => {
      const cycle = this.cycle()
      if (cycle !== last) this.times.push(performance.now())
      last = cycle
      requestAnimationFrame(look)
    }
    requestAnimationFrame(look)
  },
}
document.addEventListener("pointerdown", () => { pictures.pressed = pictures.find() }, {capture: true})
