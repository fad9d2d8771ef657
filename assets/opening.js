// The sign that a page is being opened goes as soon as there is something to see. Material would leave it, and a veil that takes
// all clicks, until nothing on the page changes any more, or half a minute has gone.
(() => {
  "use strict"
  const look = () => {
    const loader = document.getElementById("loader")
    if (loader !== null && window.Bokeh?.index?.roots?.length > 0) loader.classList.add("opened")
    else requestAnimationFrame(look)
  }
  look()
})()
