/** What the report of a change adds to the look of a run's. */
export const CHANGE_STYLE = `.warning { background: var(--soft); border-color: var(--sigmoid); border-left-width: 4px; }
.shared { position: absolute; }
.cells { image-rendering: pixelated; }
.faded { opacity: .35; }
.unit { font-size: 1.2rem; letter-spacing: 0; }
.headline .number { font-size: 2.4rem; }
.swatch, .headline .swatch { display: inline; width: .85em; height: .85em; vertical-align: -.06em; margin-right: .45em; flex: none; }
th:has(> .swatch) { position: relative; padding-left: 1.35em; } th > .swatch { position: absolute; left: 0; top: calc(50% - .42em); }
.swatch rect { stroke: var(--muted); stroke-width: .6; }
.text { text-align: left; }
.hash { font: .8rem ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; min-width: 12rem; }
tr.quiet th { color: var(--muted); }
.map-and-places { display: grid; grid-template-columns: minmax(0, 1fr) 20rem; gap: 0 2rem; align-items: start; }
.map { min-width: 0; }
.map-tools { display: flex; flex-wrap: wrap; gap: .5rem 1.2rem; align-items: center; margin: .4rem 0 .7rem; font-size: .93rem; }
.map-tools select { background: var(--soft); border: 1px solid var(--line); border-radius: .45rem; padding: .15rem .4rem; max-width: 11rem; }
.map-tools input[type="checkbox"] { width: 1.05rem; height: 1.05rem; vertical-align: -.15rem; accent-color: var(--softmax); }
.opacity { display: flex; gap: .5rem; align-items: center; }
.opacity input { appearance: none; background: none; width: 6.5rem; height: 1.5rem; margin: 0; cursor: pointer; }
.opacity output { min-width: 2.9rem; }
.zoom { position: absolute; right: .6rem; bottom: .6rem; display: flex; gap: .3rem; }
.zoom button { min-width: 2.1rem; background: var(--paper); color: var(--ink); }
.view { position: relative; overflow: hidden; border-radius: .5rem; background: var(--soft); cursor: ew-resize; touch-action: pan-y; user-select: none; -webkit-user-select: none; }
.view.zoomed { cursor: grab; touch-action: none; }
.view.moving { cursor: grabbing; }
.view > svg { position: absolute; inset: 0; width: 100%; height: 100%; display: block; }
.tag { position: absolute; top: .6rem; max-width: 40%; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; background: rgb(16 20 26 / .78); color: #fff; font-weight: 600; border-radius: .35rem; padding: .1rem .6rem; pointer-events: none; }
.tag.before { left: .6rem; } .tag.after { right: .6rem; }
.divider { position: absolute; top: 0; bottom: 0; left: 50%; width: 3px; margin-left: -1.5px; background: #fff; box-shadow: 0 0 0 1px rgb(16 20 26 / .55); pointer-events: none; }
.divide { appearance: none; position: absolute; left: -1.2rem; width: calc(100% + 2.4rem); top: 0; height: 100%; margin: 0; background: none; pointer-events: none; }
.divide:focus-visible { outline: none; }
.divide::-webkit-slider-runnable-track { background: none; height: 100%; }
.divide::-moz-range-track { background: none; height: 100%; }
.divide::-webkit-slider-thumb { appearance: none; pointer-events: auto; cursor: ew-resize; position: relative; top: calc(50% - 1.2rem); width: 2.4rem; height: 2.4rem; margin: 0; border: 2px solid #1c2430; border-radius: 50%; background: #fff linear-gradient(90deg, transparent 38%, #1c2430 38% 44%, transparent 44% 56%, #1c2430 56% 62%, transparent 62%) center / 100% 40% no-repeat; }
.divide::-moz-range-thumb { pointer-events: auto; cursor: ew-resize; box-sizing: border-box; width: 2.4rem; height: 2.4rem; border: 2px solid #1c2430; border-radius: 50%; background: #fff linear-gradient(90deg, transparent 38%, #1c2430 38% 44%, transparent 44% 56%, #1c2430 56% 62%, transparent 62%) center / 100% 40% no-repeat; }
.divide:focus-visible::-webkit-slider-thumb { outline: 4px solid #ffb000; outline-offset: 1px; }
.divide:focus-visible::-moz-range-thumb { outline: 4px solid #ffb000; outline-offset: 1px; }
[data-outline] rect { fill: none; vector-effect: non-scaling-stroke; }
[data-outline] .outer { stroke: #10141a; stroke-width: 6px; } [data-outline] .inner { stroke: #ffd60a; stroke-width: 3px; }
.chosen { margin: .2rem 0 .6rem; } .chosen:empty { margin: 0; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .2rem 1.3rem; padding: 0; margin: .6rem 0 .3rem; max-width: none; }
.legend li { display: flex; align-items: center; gap: 0; } .legend .quiet { margin-left: .45em; }
.sides { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: .8rem; }
.sides figure { margin: 0; min-width: 0; } .sides .still { width: 100%; max-width: none; height: auto; border-radius: .4rem; background: var(--soft); }
.sides figure:last-child:nth-child(odd) { grid-column: 1 / -1; }
.in-print { display: none; }
@media screen { .scripted .sides { display: none; } }
.places h3 { margin-top: .3rem; }
.place-list { list-style: none; counter-reset: none; padding: 0; margin: .4rem 0; max-width: none; }
.place { padding: .45rem 0; border-bottom: 1px solid var(--line); font-size: .92rem; break-inside: avoid; }
.place button { display: flex; justify-content: space-between; gap: .8rem; width: 100%; text-align: left; background: none; border-color: transparent; padding: .15rem .45rem; margin-inline: -.45rem; color: var(--ink); opacity: 1; }
.place button b { white-space: nowrap; font-variant-numeric: tabular-nums; }
.place button:disabled { cursor: default; }
.scripted .place button:hover, .place button[aria-pressed="true"] { background: var(--soft); border-color: var(--line); }
.place button[aria-pressed="true"] { box-shadow: inset 3px 0 0 #e0a800; }
.about { color: var(--muted); font-size: .86rem; line-height: 1.45; }
.about > .part + .part:not(.where)::before { content: " · "; }
.coordinates { user-select: all; -webkit-user-select: all; font-variant-numeric: tabular-nums; }
.where { display: block; }
.scripted .places { max-height: min(78vh, 60rem); overflow-y: auto; padding-inline: .6rem; margin-left: -.6rem; }
svg .band.stays { opacity: .2; } svg .band.moves { opacity: .72; }
svg .band:hover { opacity: .95; }
@media screen and (prefers-color-scheme: dark) { svg .band.stays { opacity: .38; } svg .band.moves { opacity: .9; filter: brightness(1.2); } }
svg .node { stroke: var(--muted); stroke-width: .6; }
.sankey > svg { max-width: 52rem; min-width: 36rem; }
.steps { padding-left: 1.3rem; } .steps li { margin: .5rem 0; padding-left: .2rem; }
@media (max-width: 80rem) {
  .map-and-places { grid-template-columns: minmax(0, 1fr); }
  .places { margin-top: 1.4rem; }
  .scripted .places { max-height: 26rem; border: 1px solid var(--line); border-radius: .6rem; padding: .5rem 1rem; margin-left: 0; }
}
@media (max-width: 40rem) {
  .headline .number { font-size: 2rem; }
  .sides { grid-template-columns: minmax(0, 1fr); }
}
@media print {
  @page { margin: 14mm; }
  .more-places { display: none; } .in-print { display: block; }
  .map-and-places { display: block; }
  .sides { display: grid; grid-template-columns: repeat(2, 1fr); }
  .sides figure { break-inside: avoid; }
  .scripted .places { max-height: none; overflow: visible; border: 0; padding: 0; margin: 0; }
  .place-list { columns: 2; column-gap: 2rem; }
  .place button { display: flex; }
  svg { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .sankey > svg { min-width: 0; }
  .where a { display: none; }
}
`;
