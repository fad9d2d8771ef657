// How a dark card over a page looks, and the buttons on it; put before the script of what has one.

const CARD = `
  .card { box-sizing: border-box; border-radius: 10px; background: #0b2f4d; color: #fff; }
  button { font: inherit; color: inherit; background: none; border: 1px solid rgb(255 255 255 / 60%); border-radius: 6px; cursor: pointer; }
  button.first { background: #fff; color: #0b2f4d; border-color: #fff; font-weight: 600; }
  button:hover { background: rgb(255 255 255 / 16%); }
  button.first:hover { background: #dbe9f5; }
  :focus-visible { outline: 3px solid #ffb000; outline-offset: 2px; }
`

