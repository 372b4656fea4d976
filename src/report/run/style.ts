/** What the report of a run adds to the look of every report. */
export const RUN_STYLE = `body { max-width: 82rem; padding-top: 0; }
.script { display: none; }
.scripted .script { display: revert; }
.scroll { position: relative; }
.hidden, .skip:not(:focus) { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip:focus { position: absolute; left: 1rem; top: .5rem; background: var(--paper); padding: .4rem .8rem; z-index: 3; }
.layout { display: grid; grid-template-columns: 11.5rem minmax(0, 1fr); gap: 0 3.5rem; }
.content { min-width: 0; padding-top: 2.6rem; }
.contents { display: block; position: sticky; top: 0; align-self: start; max-height: 100vh; overflow-y: auto; margin: 0; padding: 2.9rem 0 2rem; font-size: .92rem; }
.contents ol { list-style: none; margin: 0; padding: 0; }
.contents a { display: block; padding: .28rem .7rem; border-left: 2px solid var(--line); color: var(--muted); text-decoration: none; }
.contents a:hover { color: var(--ink); border-color: var(--muted); }
.contents a[aria-current] { color: var(--ink); border-color: var(--softmax); font-weight: 600; }
.eyebrow { text-transform: uppercase; letter-spacing: .09em; font-size: .78rem; font-weight: 600; color: var(--muted); margin: 0 0 .3rem; }
.small { font-size: .9rem; }
section { scroll-margin-top: 1rem; padding-top: .1rem; }
section + section { border-top: 1px solid var(--line); margin-top: 2.6rem; }
h2 { margin-top: 1.6rem; }
section > h3 { margin-top: 1.6rem; font-size: 1.08rem; }
.verdict { font-size: 1.12rem; }
.headlines { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(17rem, 100%), 1fr)); gap: 1rem; margin: 1.2rem 0 .6rem; }
.headline { display: grid; grid-row: span 4; grid-template-rows: subgrid; row-gap: 0; margin: 0; padding: 1rem 1.1rem .6rem; background: var(--soft); border-color: transparent; }
.headline h3 { align-self: end; font-weight: 600; color: var(--muted); font-size: .92rem; margin: 0; }
.headline .number { font-size: 2.9rem; line-height: 1.15; font-variant-numeric: tabular-nums; letter-spacing: -.02em; margin: .1rem 0 0; }
.headline .interval { margin: 0 0 .5rem; color: var(--muted); font-variant-numeric: tabular-nums; }
.headline svg { width: 100%; max-width: 21rem; height: auto; display: block; }
svg .whisker { stroke-width: 2; fill: none; opacity: .7; }
.headline .quiet { font-weight: 400; }
svg .whisker.softmax { stroke: var(--softmax); } svg .whisker.sigmoid { stroke: var(--sigmoid); } svg .whisker.other { stroke: var(--muted); }
details { margin: .8rem 0; }
summary { cursor: pointer; font-weight: 600; padding: .2rem 0; width: fit-content; }
.tools { margin: .7rem 0; max-width: none; }
button[aria-pressed="true"] { border-color: var(--ink); }
.shares .as-share { display: inline; } .shares .as-count { display: none; }
td[data-cell] { cursor: default; }
.scripted td[data-cell] { cursor: pointer; }
.scripted td[data-cell]:hover { box-shadow: inset 0 0 0 2px var(--muted); }
td[data-cell]:focus-visible { outline: 3px solid var(--ink); outline-offset: -3px; }
.outcomes td { min-width: 5rem; }
.outcomes .fn, .outcomes .fp { font-weight: 600; } .outcomes .tn { color: var(--muted); }
.thresholds td, .thresholds th { padding: .3rem .55rem; }
.thresholds .slider { min-width: 11rem; width: 26%; text-align: left; }
.thresholds td.slider { padding-inline: .8rem; }
.marks { position: relative; height: 1.5rem; }
.marks svg { position: absolute; inset: 0 8px; width: calc(100% - 16px); height: 100%; }
.marks input, .abstain input { appearance: none; background: none; height: 1.5rem; margin: 0; cursor: pointer; }
.marks input { position: absolute; inset: 0; width: 100%; }
input::-webkit-slider-runnable-track { background: var(--line); height: 4px; border-radius: 2px; }
input::-moz-range-track { background: var(--line); height: 4px; border-radius: 2px; }
input::-webkit-slider-thumb { appearance: none; width: 16px; height: 16px; margin-top: -6px; border: 2px solid var(--paper); border-radius: 50%; background: var(--ink); }
input::-moz-range-thumb { width: 12px; height: 12px; border: 2px solid var(--paper); border-radius: 50%; background: var(--ink); }
.beside { display: flex; flex-wrap: wrap; gap: 0 3rem; align-items: flex-start; }
.beside > div { min-width: 0; max-width: 100%; } .beside h3 { margin-top: .6rem; } .beside ol { padding-left: 1.3rem; }
.roomy td { min-width: 3.3rem; padding: .55rem .4rem; }
.marks .interval, .key .interval { fill: var(--sigmoid); opacity: .25; }
.marks .tuned, .key .tuned { stroke: var(--sigmoid); stroke-width: 2px; vector-effect: non-scaling-stroke; }
.marks .half, .key .half { stroke: var(--muted); stroke-width: 1.5px; stroke-dasharray: 3 2; vector-effect: non-scaling-stroke; }
.key { width: 30px; height: 14px; vertical-align: -2px; }
output { font-variant-numeric: tabular-nums; }
td.up { color: var(--truth); font-weight: 600; } td.down { color: var(--sigmoid); font-weight: 600; }
.scripted .abstain { display: flex; flex-wrap: wrap; gap: .3rem .9rem; align-items: center; background: var(--soft); border-radius: .6rem; padding: .7rem 1rem; margin: .8rem 0; max-width: 46rem; }
.abstain input { flex: 1 1 10rem; min-width: 8rem; }
.curves { display: grid; grid-template-columns: minmax(0, 1fr) 17rem; gap: 1rem 1.4rem; align-items: start; }
.squares { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(19rem, 100%), 1fr)); gap: .5rem 1.5rem; }
.squares figure { margin: .4rem 0; } .squares svg { max-width: 26rem; }
.curve-list { list-style: none; margin: .6rem 0 0; padding: 0; max-height: 24rem; overflow-y: auto; }
.curve-list button { display: flex; width: 100%; justify-content: space-between; gap: .8rem; text-align: left; background: none; border-color: transparent; padding: .12rem .5rem; font-size: .92rem; }
.curve-list button:hover, .curve-list button[aria-pressed="true"] { background: var(--soft); border-color: var(--line); }
.curve-list .quiet { white-space: nowrap; font-variant-numeric: tabular-nums; }
.label-curve .line { stroke-width: 1.5; opacity: .5; stroke-linejoin: round; } .label-curve circle { opacity: .65; }
.picking .label-curve { opacity: .22; } .picking .label-curve.chosen { opacity: 1; }
.label-curve.chosen .line { stroke-width: 3; opacity: 1; } .label-curve.chosen circle { r: 6px; opacity: 1; }
.tiles { list-style: none; margin: .8rem 0 1.2rem; padding: 0; max-width: none; display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: 1.1rem 1rem; }
.small-tiles { grid-template-columns: repeat(auto-fill, minmax(7.5rem, 1fr)); }
.tiles li { font-size: .88rem; line-height: 1.4; break-inside: avoid; min-width: 0; }
.tile { position: relative; border-radius: .45rem; overflow: hidden; background: var(--soft); margin-bottom: .35rem; }
.tile img, .tile .no-image { display: block; width: 100%; height: auto; aspect-ratio: 1; object-fit: cover; border-radius: 0; font-size: .85rem; }
.tile .no-image { display: grid; }
.tile .cam { position: absolute; inset: 0; }
.no-cams .cam { display: none; }
.both { display: grid; grid-template-columns: 1fr 1fr; gap: 2px; } .both .tile { border-radius: 0; margin: 0; }
.wide-tiles { grid-template-columns: repeat(auto-fill, minmax(min(17rem, 100%), 1fr)); } .both { border-radius: .45rem; overflow: hidden; margin-bottom: .35rem; }
.file { color: var(--muted); font-size: .8rem; overflow-wrap: anywhere; }
.group { border-left: 3px solid var(--line); padding-left: 1rem; margin: 1rem 0 1.4rem; } .group p { margin: 0 0 .3rem; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(16rem, 100%), 1fr)); gap: .7rem 1.5rem; margin: .8rem 0 1.2rem; }
.facts dt { color: var(--muted); font-size: .85rem; } .facts dd { margin: 0; overflow-wrap: anywhere; }
dialog { border: 0; border-radius: .9rem; padding: 0; width: min(64rem, calc(100vw - 2rem)); max-height: calc(100vh - 3rem); background: var(--paper); color: var(--ink); box-shadow: 0 1rem 4rem rgb(0 0 0 / .35); }
dialog::backdrop { background: rgb(10 14 20 / .55); }
dialog .head { position: sticky; top: 0; display: flex; gap: 1rem; justify-content: space-between; align-items: start; background: var(--paper); padding: 1rem 1.3rem .7rem; border-bottom: 1px solid var(--line); z-index: 1; }
dialog h2 { margin: 0; font-size: 1.15rem; }
dialog .inside { padding: .3rem 1.3rem 1.3rem; }
footer { margin-top: 3rem; font-size: .9rem; }
@media (max-width: 64rem) {
  .layout { display: block; }
  .contents { position: static; padding: 1.2rem 0 0; max-height: none; }
  .contents ol { display: flex; flex-wrap: wrap; gap: .2rem .2rem; }
  .contents a { border: 0; padding: .15rem .55rem .15rem 0; text-decoration: underline; text-underline-offset: .2em; text-decoration-color: var(--line); }
  .content { padding-top: 1.2rem; }
  .curves { grid-template-columns: minmax(0, 1fr); }
  .curve-list { max-height: 14rem; }
}
@media (max-width: 40rem) {
  body { padding-inline: 1rem; }
  .tiles, .small-tiles { grid-template-columns: repeat(auto-fill, minmax(6.6rem, 1fr)); gap: .9rem .7rem; }
  .thresholds, .thresholds tbody, .scripted .thresholds tfoot { display: block; }
  .thresholds thead, .thresholds td:empty { display: none; }
  .thresholds tr { display: grid; grid-template-columns: repeat(4, 1fr); align-items: end; padding: .7rem 0; border-bottom: 1px solid var(--line); }
  .thresholds td, .thresholds th { border: 0; padding: .1rem .2rem; }
  .thresholds th { grid-column: span 2; font-weight: 600; } .thresholds tfoot th { grid-column: span 4; }
  .thresholds td.slider { grid-column: span 3; width: auto; padding: .1rem .2rem; }
  .thresholds :is([data-name], [data-score], [data-mean])::before { content: attr(data-name) attr(data-score) attr(data-mean); display: block; font-size: .8rem; font-weight: 400; color: var(--muted); }
  th, td { padding-inline: .45rem; }
}
@media print {
  .script, .scripted .script, .scripted tfoot.script, .contents, .skip, .curve-list, dialog { display: none; }
  .layout { display: block; }
  .content { padding: 0; }
  details > summary { list-style: none; }
  details::details-content { content-visibility: visible; display: block; }
  section + section { margin-top: 1.2rem; }
  h2, h3 { break-after: avoid; }
  tr, figure, .tiles li, .headline, .group { break-inside: avoid; }
  .tiles { grid-template-columns: repeat(6, 1fr); }
  .scroll { overflow: visible; }
  .curves { display: block; }
  .headline { border-color: var(--line); background: none; }
  .headlines { grid-template-columns: repeat(3, 1fr); }
}
`;
