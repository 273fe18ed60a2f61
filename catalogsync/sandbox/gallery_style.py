"""The look of the gallery."""

STYLE = """
:root { color-scheme: light dark;
  --ground: light-dark(#f6f5f2, #131316); --card: light-dark(#ffffff, #1c1c21);
  --ink: light-dark(#1d1d22, #ecebf0); --soft: light-dark(#63626d, #9d9ba9);
  --line: light-dark(#e4e2dc, #2e2d35); --accent: light-dark(#5a3fd6, #a899ff);
  --chip: light-dark(#efecfb, #2a2640); }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 16px/1.55 ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
a { color: inherit; text-decoration: none; }
a:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; border-radius: 6px; }
header, main { max-width: 76rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2.25rem; padding-bottom: 1.25rem; display: flex; flex-wrap: wrap;
  gap: .5rem 1.5rem; align-items: baseline; justify-content: space-between; }
h1 { font-size: 1.6rem; letter-spacing: -.02em; line-height: 1.2; margin: 0;
  overflow-wrap: anywhere; }
nav { display: flex; flex-wrap: wrap; gap: .4rem; }
nav a { padding: .2rem .8rem; border: 1px solid var(--line); border-radius: 99px;
  font-size: .9rem; color: var(--soft); }
nav a[aria-current] { background: var(--ink); border-color: var(--ink); color: var(--ground); }
.soft { color: var(--soft); font-size: .9rem; margin: 0; }
.grid { display: grid; gap: 1.1rem; padding: 0 0 3rem; margin: 0; list-style: none;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 17rem), 1fr)); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 16px;
  overflow: hidden; height: 100%; display: flex; flex-direction: column; }
.card:hover { border-color: var(--accent); }
.cover { aspect-ratio: 4 / 3; width: 100%; object-fit: cover; display: block;
  background: linear-gradient(135deg, var(--chip), var(--line)); }
.body { padding: .9rem 1rem 1.1rem; display: grid; gap: .55rem; align-content: start; flex: 1;
  grid-template-columns: minmax(0, 1fr); }
.body h2 { font-size: 1.05rem; line-height: 1.3; margin: 0; overflow-wrap: anywhere; }
.body p { margin: 0; font-size: .92rem; overflow-wrap: anywhere; }
.chips { display: flex; flex-wrap: wrap; gap: .3rem; }
.chips span { background: var(--chip); color: var(--accent); border-radius: 99px;
  padding: .05rem .6rem; font-size: .8rem; max-width: 100%; overflow: hidden;
  text-overflow: ellipsis; white-space: nowrap; }
.strip { display: grid; gap: .4rem; overflow: hidden; max-height: 7.2rem;
  grid-template-columns: repeat(6, minmax(0, 1fr)); }
.strip img { width: 100%; aspect-ratio: 1; object-fit: cover; border-radius: 8px;
  background: var(--line); }
.empty { border: 1px dashed var(--line); border-radius: 16px; padding: 3rem 1rem;
  text-align: center; color: var(--soft); }
.sheet { display: grid; gap: 2rem; padding-bottom: 4rem; grid-template-columns: minmax(0, 1fr); }
.facts { display: grid; gap: .8rem; align-content: start; }
.facts .cover { border-radius: 16px; border: 1px solid var(--line); }
.text { overflow-wrap: anywhere; max-width: 44rem; }
.text h3, .text h4, .text h5 { line-height: 1.3; margin: 1.6em 0 .4em; }
.text :first-child { margin-top: 0; }
.text img { max-width: 100%; max-height: 28rem; border-radius: 12px; display: block;
  margin: .6rem 0; }
.text a { color: var(--accent); text-decoration: underline; }
.text pre { background: var(--card); border: 1px solid var(--line); border-radius: 12px;
  padding: .8rem 1rem; overflow-x: auto; }
.text table { border-collapse: collapse; }
.text th, .text td { border: 1px solid var(--line); padding: .3rem .7rem; text-align: start; }
.text th { background: var(--card); }
.text code { font-size: .9em; }
section > h2 { font-size: .85rem; text-transform: uppercase; letter-spacing: .08em;
  color: var(--soft); margin: 0 0 .8rem; }
.wall { display: grid; gap: .7rem;
  grid-template-columns: repeat(auto-fill, minmax(min(45%, 11rem), 1fr)); }
.wall img { width: 100%; aspect-ratio: 1; object-fit: cover; border-radius: 12px; display: block;
  background: var(--line); }
.stack { display: grid; gap: 2rem; align-content: start; }
@media (min-width: 54rem) { .sheet { grid-template-columns: 20rem minmax(0, 1fr); } }
"""
