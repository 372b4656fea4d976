/** Colours by meaning, for pages and for figures that stand alone. Text on them keeps a contrast of at least 4.5:1. */
export const PALETTE = `:root {
  color-scheme: light dark;
  --ink: #1c2430; --paper: #ffffff; --soft: #f4f6f8; --line: #d9dee5; --muted: #586273;
  --softmax: #2468ad; --sigmoid: #b8500f; --truth: #23734a; --heat: #2468ad;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --ink: #e6e9ee; --paper: #14171c; --soft: #1d2128; --line: #373e4a; --muted: #a4adbb;
    --softmax: #6fb0f2; --sigmoid: #f39a58; --truth: #6fcb95; --heat: #6fb0f2;
  }
}`;

/** Rules for the SVG of `plots/`, which carry classes and no inline styles. */
export const FIGURE_STYLE = `svg text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; fill: var(--ink); }
svg .quiet { fill: var(--muted); }
svg .end { text-anchor: end; }
svg .middle { text-anchor: middle; }
svg .halo { paint-order: stroke; stroke: var(--paper); stroke-width: 4px; stroke-linejoin: round; }
svg .axis { stroke: var(--line); fill: none; }
svg .dashed { stroke: var(--muted); stroke-dasharray: 4 4; fill: none; }
svg .line { fill: none; stroke-width: 2; }
svg .softmax { fill: var(--softmax); } svg .sigmoid { fill: var(--sigmoid); } svg .truth { fill: var(--truth); }
svg .other { fill: var(--muted); } svg .track { fill: var(--line); }
svg .line.softmax { fill: none; stroke: var(--softmax); } svg .line.sigmoid { fill: none; stroke: var(--sigmoid); }
svg .line.truth { fill: none; stroke: var(--truth); } svg .line.other { fill: none; stroke: var(--muted); }
svg .second { stroke-dasharray: 6 4; } svg .third { stroke-dasharray: 2 3; }`;

/** The look of every report: system fonts, one column, light and dark, fit for print. */
export const STYLE = `${PALETTE}
${FIGURE_STYLE}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 66rem; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 2rem; line-height: 1.2; margin: 0 0 .4rem; letter-spacing: -.01em; }
h2 { font-size: 1.35rem; margin: 3rem 0 .6rem; line-height: 1.3; }
h3 { font-size: 1rem; margin: 0 0 .4rem; }
p, ul, ol { max-width: 46rem; margin: .5rem 0 1rem; }
a { color: var(--softmax); }
nav { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; margin: 1rem 0; font-size: .95rem; }
code, pre { font: .92em ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
pre { background: var(--soft); padding: .8rem 1rem; border-radius: .5rem; overflow-x: auto; white-space: pre-wrap; }
.lead { font-size: 1.1rem; color: var(--muted); max-width: 46rem; }
.quiet { color: var(--muted); }
.softmax-text { color: var(--softmax); font-weight: 600; } .sigmoid-text { color: var(--sigmoid); font-weight: 600; }
.truth-text { color: var(--truth); font-weight: 600; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: .4rem 0 1.2rem; overflow-wrap: normal; }
caption { text-align: left; color: var(--muted); font-size: .9rem; padding-bottom: .35rem; }
th, td { padding: .3rem .7rem; border-bottom: 1px solid var(--line); text-align: right; vertical-align: middle; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
th { font-weight: 600; } tbody th { font-weight: 400; text-align: left; padding-left: 0; }
th[scope="colgroup"] { text-align: center; } th[scope="colgroup"] + th[scope="colgroup"], .first { padding-left: 1.4rem; }
tfoot td, tfoot th { border-bottom: 0; font-weight: 600; text-align: right; }
tfoot th:first-child { text-align: left; }
td.best { font-weight: 700; }
td.best::after { content: " ●"; font-size: .6em; vertical-align: middle; color: var(--truth); }
tr.true > th { font-weight: 600; color: var(--truth); }
svg.bar { width: 100%; min-width: 5rem; height: .7rem; display: block; border-radius: 2px; }
figure { margin: 1rem 0 1.5rem; }
figure > svg { width: 100%; max-width: 42rem; height: auto; display: block; }
figcaption { color: var(--muted); font-size: .9rem; max-width: 46rem; margin-top: .3rem; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(22rem, 100%), 1fr)); gap: 1rem 2rem; }
.card { border: 1px solid var(--line); border-radius: .7rem; padding: 1rem 1.1rem; margin: 0 0 1.2rem; break-inside: avoid; }
.image-card { display: grid; grid-template-columns: 11rem minmax(0, 1fr); gap: .4rem 1.4rem; }
.image-card > .picture { font-size: .85rem; color: var(--muted); }
.image-card img, .no-image { width: 11rem; height: 11rem; object-fit: cover; border-radius: .4rem; background: var(--soft); display: block; }
.no-image { display: grid; place-items: center; color: var(--muted); }
.image-card table { width: 100%; margin-bottom: .4rem; font-size: .92rem; }
.image-card td.wide { width: 24%; }
.mistakes { display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); gap: 1rem; padding: 0; list-style: none; max-width: none; }
.mistakes img, .mistakes .no-image { width: 100%; height: auto; aspect-ratio: 1; object-fit: cover; border-radius: .4rem; background: var(--soft); }
.mistakes li { font-size: .88rem; line-height: 1.4; break-inside: avoid; }
.heat td { text-align: center; min-width: 2.6rem; padding: .3rem .4rem; border: 1px solid var(--paper); }
.heat thead th.column { writing-mode: vertical-rl; transform: rotate(180deg); text-align: left; font-weight: 400; max-height: 10rem; padding: .4rem 0; }
.heat tbody th { text-align: right; padding-right: .6rem; border: 0; }
.heat td { background: color-mix(in srgb, var(--heat) var(--share), var(--paper)); }
${Array.from({ length: 11 }, (_, i) => `.heat .share-${i} { --share: ${i * 6.5}%; }`).join(" ")}
.as-share { display: none; }
.heat .right { outline: 2px solid var(--truth); outline-offset: -2px; }
button, select, input { font: inherit; color: inherit; }
button { background: var(--soft); border: 1px solid var(--line); border-radius: .45rem; padding: .2rem .7rem; cursor: pointer; }
button:hover { border-color: var(--muted); }
:focus-visible { outline: 2px solid var(--softmax); outline-offset: 2px; }
.playground { background: var(--soft); border-radius: .9rem; padding: 1.2rem 1.4rem 1rem; margin: 1.5rem 0; }
.playground h2 { margin-top: 0; }
.playground .card { background: var(--paper); min-width: 0; overflow-x: auto; }
.playground .presets { display: flex; flex-wrap: wrap; gap: .4rem; margin: 0 0 1rem; }
.playground .presets button { background: var(--paper); }
.playground .controls { display: grid; grid-template-columns: minmax(5rem, max-content) minmax(7rem, 1fr) 4rem max-content; gap: .35rem .9rem; align-items: center; }
.playground .controls output { text-align: right; font-variant-numeric: tabular-nums; }
.playground input[type="range"] { width: 100%; accent-color: var(--ink); }
.playground input[type="checkbox"] { accent-color: var(--truth); width: 1.05rem; height: 1.05rem; vertical-align: -.15rem; }
.playground .controls hr { grid-column: 1 / -1; width: 100%; border: 0; border-top: 1px solid var(--line); margin: .2rem 0; }
.playground figure svg { margin: 0 auto; }
.playground table { width: 100%; margin: 0; font-size: .93rem; }
.playground td, .playground th { padding: .25rem .45rem; } .playground th:first-child { padding-left: 0; }
.playground .verdict { margin: .4rem 0; min-height: 3em; }
.playground .small { font-size: .9rem; }
@media (max-width: 40rem) {
  .image-card { grid-template-columns: 1fr; }
  .playground { padding: .8rem; margin-inline: -.8rem; }
  .playground .controls { grid-template-columns: minmax(4.5rem, max-content) minmax(5rem, 1fr) 3rem max-content; gap: .3rem .5rem; }
}
@media print {
  :root { color-scheme: light; }
  body { max-width: none; padding: 0; font-size: 11pt; }
  nav, button, .presets { display: none; }
  h2 { break-after: avoid; }
  svg, td { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
