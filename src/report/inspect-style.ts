/** What the page of `data inspect` adds to the look of every report. */
export const INSPECT_STYLE = `:root { --band-red: #c8473f; --band-green: #2f8f57; --band-blue: #3270c4; --warn: #8f5a00; --warn-ground: #fff6e0; --shade: #e4ecf5; }
@media (prefers-color-scheme: dark) {
  :root { --band-red: #ea7f78; --band-green: #66c48d; --band-blue: #78aef0; --warn: #f0c36a; --warn-ground: #2c2617; --shade: #252f3c; }
}
svg .band-red { fill: var(--band-red); } svg .band-green { fill: var(--band-green); } svg .band-blue { fill: var(--band-blue); }
svg .band-other { fill: var(--muted); } svg .expected { fill: var(--shade); }
svg .mean { stroke: var(--ink); stroke-width: 1.5; stroke-dasharray: 3 3; }
.chain { display: flex; flex-wrap: wrap; gap: .5rem 0; list-style: none; padding: 0; margin: .8rem 0 1.2rem; max-width: none; }
.chain li { display: flex; align-items: center; }
.chain li > span { background: var(--soft); border: 1px solid var(--line); border-radius: .5rem; padding: .3rem .75rem; }
.chain li:not(:last-child)::after { content: "→"; color: var(--muted); padding: 0 .55rem; }
.chain li:first-child > span, .chain li:last-child > span { background: var(--ink); color: var(--paper); border-color: var(--ink); }
.findings { list-style: none; padding: 0; max-width: 52rem; }
.findings li { background: var(--warn-ground); border-left: .25rem solid var(--warn); border-radius: .3rem; padding: .6rem .9rem; margin: 0 0 .6rem; break-inside: avoid; }
.findings details { margin-top: .3rem; font-size: .9rem; } .findings summary { cursor: pointer; color: var(--muted); }
.findings ul { margin: .3rem 0 0; padding-left: 1.2rem; } .findings details li { background: none; border: 0; padding: 0; margin: 0; }
.fine { border-left: .25rem solid var(--truth); background: var(--soft); border-radius: .3rem; padding: .6rem .9rem; }
.sheet { display: grid; grid-template-columns: repeat(auto-fill, minmax(8.4rem, 1fr)); gap: 1.4rem .8rem; list-style: none; padding: 0; max-width: none; }
.sheet li { font-size: .82rem; line-height: 1.35; break-inside: avoid; min-width: 0; }
.sheet .shot { display: grid; place-items: center; aspect-ratio: 1; background: var(--soft); border-radius: .4rem; overflow: hidden; }
.sheet .shot img { max-width: 100%; max-height: 100%; display: block; }
.sheet .shot.after img { width: 100%; height: 100%; object-fit: contain; }
.sheet .down { display: block; text-align: center; color: var(--muted); line-height: 1.2; }
.sheet .kind { color: var(--muted); }
.bands { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(15rem, 100%), 1fr)); gap: .6rem 1.6rem; margin: .6rem 0 1.2rem; }
.bands figure { margin: 0; max-width: 24rem; } .bands figcaption { margin: 0; }
.bands b { color: var(--ink); }
.counts td.wide { min-width: 9rem; width: 40%; }
@media (max-width: 40rem) { .sheet { grid-template-columns: repeat(2, minmax(0, 1fr)); } }
@media print { .chain li > span, .findings li, svg path, svg rect { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
`;
